"""Receives what the sftp-servers of all sessions say, and tells which files were touched, by whom."""

from __future__ import annotations

import os
import socket
import struct
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Final

from swish_sshd.connection import Connection
from swish_sshd.limits import less
from swish_sshd.loop import Loop
from swish_sshd.processes import ancestors
from swish_sshd.sftp_log import SftpLog

#: After this time without another word, what was asked for has gone well (seconds).
_QUIET: Final = 0.5
_LONGEST_LINE: Final = 8192
#: So many sftp-servers of one connection are listened to; it has 64 sessions at most.
_MOST: Final = 128


class Files:
    """The socket that `sftp_server.py` connects to.

    Args:
        name: The socket's, among those that are no files: what has a path, a session could replace.
        loop: Calls us.
        connections: The connections that there are, by the process of their sshd.
    """

    def __init__(self, name: str, loop: Loop, connections: Callable[[], dict[int, Connection]]) -> None:
        self._loop, self._connections = loop, connections
        self._streams: Counter[int] = Counter()
        # keeps lines apart, as sftp-server writes them: a file's name has ends of lines as it likes
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.bind(f"\0{name}")
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
        if owner and owner.login is None:
            # what sshd said of the log-in may still wait to be read
            owner.read()
        if owner is None or owner.login is None or self._streams[owner.pid] >= _MOST:
            accepted.close()
            return
        self._streams[owner.pid] += 1
        with suppress(OSError):
            # it waits for this before it begins
            accepted.send(b"\1")
        _Stream(accepted, owner, self._loop, lambda: less(self._streams, owner.pid))


class _Stream:
    """One sftp-server's log."""

    def __init__(self, accepted: socket.socket, owner: Connection, loop: Loop, gone: Callable[[], None]) -> None:
        accepted.setblocking(False)
        self._socket, self._owner, self._loop, self._gone = accepted, owner, loop, gone
        self._log, self._heard, self._timer = SftpLog(), 0, False
        loop.reader(accepted, self._read)

    def _read(self) -> None:
        try:
            line = os.read(self._socket.fileno(), _LONGEST_LINE)
        except BlockingIOError:
            return
        except OSError:
            line = b""
        if not line:
            self._loop.forget(self._socket)
            self._socket.close()
            self._gone()
            self._tell(self._log.flush())
            return
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
