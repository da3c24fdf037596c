"""The port that people come by: it stays open when the worker that accepts from it dies."""

from __future__ import annotations

import errno
import os
import socket
import struct
from contextlib import suppress
from typing import Final

_BACKLOG: Final = 512
_FD: Final = struct.Struct("i")


class Port:
    """A listening socket that outlives the process that made it.

    It is on its way, for good, within a pair of sockets that every worker has from the first process. So no moment is
    left in which another program of the pod could take the port, and who comes between two workers is accepted by the
    next one. A session's programs cannot reach the pair: nobody may open another's sockets by `/proc`, and sshd gets
    none of it.
    """

    def __init__(self) -> None:
        self._put, self._take = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._take.setblocking(False)

    def open(self, number: int) -> socket.socket:
        """Return the socket that an earlier worker has made, or make it, for all addresses.

        Raises:
            OSError: The port is taken.
        """
        if kept := self._kept(socket.MSG_PEEK):
            if kept.getsockname()[1] == number:
                return kept
            kept.close()
        # the settings say another one by now
        if old := self._kept():
            old.close()
        made = _bound(number)
        # the kernel bounds how many are on their way, for all that a user has on the node: without, it is as it was
        with suppress(OSError):
            socket.send_fds(self._put, [b"."], [made.fileno()])
        return made

    def _kept(self, flags: int = 0) -> socket.socket | None:
        """Take out what is kept; with MSG_PEEK it stays, and this is a descriptor more of it.

        Raises:
            OSError: there is no descriptor left for it.
        """
        try:
            # socket.recv_fds heeds no flags
            _, found, _, _ = self._take.recvmsg(1, socket.CMSG_LEN(_FD.size), flags)
        except BlockingIOError:
            return None
        if not found:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return socket.socket(fileno=_FD.unpack(found[0][2])[0])


def _bound(number: int) -> socket.socket:
    try:
        made = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        name = "::"
    except OSError:
        made, name = socket.socket(socket.AF_INET, socket.SOCK_STREAM), "0.0.0.0"  # noqa: S104 - the pod's own address
    with suppress(OSError):
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((name, number))
        made.listen(_BACKLOG)
    except OSError:
        made.close()
        raise
    return made
