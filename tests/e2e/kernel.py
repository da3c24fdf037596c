"""A kernel over its websocket, speaking Jupyter's binary protocol v1.

https://jupyter-server.readthedocs.io/en/latest/developers/websocket-protocols.html
"""

import itertools
import json
import struct
import time
import uuid
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.e2e.hub import Person, Server

PROTOCOL = Subprotocol("v1.kernel.websocket.jupyter.org")
PARTS = ("header", "parent_header", "metadata", "content")


def pack(channel: str, message: dict[str, Any]) -> bytes:
    """Return a message as v1 puts it on the wire: the offsets of its parts, then the parts."""
    parts = [channel.encode(), *(json.dumps(message[name]).encode() for name in PARTS)]
    head = 8 * (len(parts) + 2)
    offsets = [head]
    for part in parts:
        offsets.append(offsets[-1] + len(part))
    return struct.pack(f"<{len(offsets) + 1}Q", len(offsets), *offsets) + b"".join(parts)


def unpack(data: bytes) -> tuple[str, dict[str, Any]]:
    """Return the channel and the message of v1's wire form; binary buffers are left out."""
    (count,) = struct.unpack_from("<Q", data)
    offsets = struct.unpack_from(f"<{count}Q", data, 8)
    parts = [data[start:end] for start, end in itertools.pairwise(offsets)]
    return parts[0].decode(), {name: json.loads(part) for name, part in zip(PARTS, parts[1:5], strict=True)}


class Kernel:
    """A running kernel and the connection to it."""

    def __init__(self, person: Person, server: Server, name: str = "python3") -> None:
        self._person = person
        self._server = server
        self._session = uuid.uuid4().hex
        self.id: str = person.ask(server, "POST", "kernels", json={"name": name})["id"]
        self._sockets = ExitStack()

    def __enter__(self) -> Self:
        self._socket = self._connect()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._sockets.close()

    def _connect(self) -> ClientConnection:
        address = self._server.url.replace("http", "ws", 1) + f"api/kernels/{self.id}/channels"
        request = self._person.http.build_request("GET", self._server.url)  # for its Cookie header
        token = self._person.xsrf(f"user/{self._person.name}/{self._server.name}/")
        socket = self._sockets.enter_context(
            connect(
                f"{address}?session_id={self._session}&_xsrf={token}",
                additional_headers={"Cookie": request.headers["cookie"]},
                subprotocols=[PROTOCOL],
                open_timeout=60,
                proxy=None,
            )
        )
        assert socket.subprotocol == PROTOCOL, f"the server speaks {socket.subprotocol}"
        return socket

    @property
    def is_connected(self) -> bool:
        """Whether the websocket is still the one that was opened, and open."""
        return self._socket.close_code is None

    def reconnect(self) -> None:
        """Open the websocket to the same kernel again."""
        self._socket = self._connect()

    def run(self, code: str, *, within_seconds: float = 60) -> str:
        """Return what a cell prints.

        Raises:
            AssertionError: the cell raised, or did not finish in time.
        """
        header = {
            "msg_id": uuid.uuid4().hex,
            "msg_type": "execute_request",
            "session": self._session,
            "username": self._person.name,
            "version": "5.3",
        }
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False, "stop_on_error": True}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content}
        self._socket.send(pack("shell", message))
        return self._printed(str(header["msg_id"]), time.monotonic() + within_seconds)

    def _printed(self, request: str, end: float) -> str:
        printed = ""
        while True:
            data = self._socket.recv(timeout=max(end - time.monotonic(), 0.01))
            assert isinstance(data, bytes), f"text came over a binary protocol: {data!r}"
            channel, message = unpack(data)
            if channel != "iopub" or message["parent_header"].get("msg_id") != request:
                continue
            kind, content = message["header"]["msg_type"], message["content"]
            assert kind != "error", "\n".join(content["traceback"])
            if kind == "stream":
                printed += content["text"]
            if kind == "status" and content["execution_state"] == "idle":
                return printed
