"""Receives what the sftp-servers of all sessions say, and tells which files were touched, by whom."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from swish_sshd.connection import Connection
from swish_sshd.loop import Loop
from swish_sshd.processes import ancestors
from swish_sshd.sftp_log import SftpLog

#: After this time without another word, what was asked for has gone well (seconds).
_QUIET: Final = 0.5
_LONGEST_LINE: Final = 8192


class Files:
    """The socket that `sftp_server.py` connects to.

    Args:
        path: The socket's path, in a folder that is only ours.
        loop: Calls us.
        connections: The connections that there are, by the process of their sshd.
    """

    def __init__(self, path: Path, loop: Loop, connections: Callable[[], dict[int, Connection]]) -> None:
        self._loop, self._connections = loop, connections
        path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.bind(str(path))
        self._socket.listen(64)
        self._socket.setblocking(False)
        loop.reader(self._socket, self._accept)

    def _accept(self) -> None:
        try:
            accepted, _ = self._socket.accept()
        except BlockingIOError:
            return
        # the kernel's word for who this is: what a session's programs say about others is not heeded
        credentials = accepted.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        pid = struct.unpack("3i", credentials)[0]
        known = self._connections()
        owner = next((known[above] for above in ancestors(pid) if above in known), None)
        if owner is None or owner.login is None:
            accepted.close()
            return
        _Stream(accepted, owner, self._loop)


class _Stream:
    """One sftp-server's log."""

    def __init__(self, accepted: socket.socket, owner: Connection, loop: Loop) -> None:
        accepted.setblocking(False)
        self._socket, self._owner, self._loop = accepted, owner, loop
        self._log, self._rest, self._heard, self._timer = SftpLog(), b"", 0, False
        loop.reader(accepted, self._read)

    def _read(self) -> None:
        try:
            data = os.read(self._socket.fileno(), 65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._loop.forget(self._socket)
            self._tell(self._log.flush())
            self._socket.close()
            return
        *lines, rest = (self._rest + data).split(b"\n")
        self._rest = rest[-_LONGEST_LINE:]
        for line in lines:
            self._tell(self._log.feed(line.decode(errors="replace")))
        self._heard += 1
        if not self._timer:
            self._timer = True
            self._settle(self._heard)

    def _settle(self, heard: int) -> None:
        """Tell what is held back, once nothing more was heard for a while."""

        def later() -> None:
            if heard == self._heard:
                self._timer = False
                self._tell(self._log.flush())
            else:
                self._settle(self._heard)

        self._loop.after(_QUIET, later)

    def _tell(self, events: Iterator[dict[str, Any]]) -> None:
        for fields in events:
            self._owner.tell("file", **fields)
