"""When a person last did something, seen from outside of a connection that is encrypted.

A terminal's time of access is moved by what is typed and read there. Without a terminal what counts is what came in, by
the kernel's own count, less what the log explains as keep-alives and new keys: an idle connection is idle.
"""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

#: Offsets in Linux' struct tcp_info, which has only ever grown at its end.
_RECEIVED: Final = 128
_ACKNOWLEDGED: Final = 120
_SIZE: Final = 192
#: The most that a keep-alive or the answer to one is on the wire, and the most that an exchange of keys is (bytes).
_KEEP_ALIVE: Final = 160
_REKEY: Final = 8192


def traffic(connection: socket.socket) -> tuple[int, int] | None:
    """Return the bytes that came in and that went out; None where the kernel does not say."""
    try:
        info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _SIZE)
    except OSError:
        return None
    if len(info) < _RECEIVED + 8:
        return None
    sent, received = struct.unpack_from("=QQ", info, _ACKNOWLEDGED)
    return received, sent


def typed(terminal: str) -> float | None:
    """Return when something was last read from a terminal (seconds since 1970); None when it is gone."""
    try:
        return Path("/dev", terminal).stat().st_atime
    except OSError:
        return None


@dataclass
class Input:
    """One connection's last input.

    Args:
        last: When that was (seconds since 1970), at first the log-in.
    """

    last: float
    terminals: dict[str, float] = field(default_factory=dict)
    _received: int | None = None
    _explained: int = 0

    def keep_alive(self) -> None:
        """A keep-alive came in, or the answer to one."""
        self._explained += _KEEP_ALIVE

    def rekey(self) -> None:
        """Keys are exchanged."""
        self._explained += _REKEY

    def did(self, now: float) -> None:
        """Something happened that only a person's program asks for."""
        self.last = max(self.last, now)

    def look(self, received: int | None, now: float, *, data: bool) -> None:
        """Find out whether there was input since the last look.

        Args:
            received: Bytes that have come in; None when unknown.
            now: Seconds since 1970.
            data: Whether something but terminals is open, so that what comes in may be for it.
        """
        for terminal, before in list(self.terminals.items()):
            at = typed(terminal)
            if at is not None and at > before:
                self.terminals[terminal] = at
                self.did(min(at, now))
        if received is not None:
            more = received - (received if self._received is None else self._received)
            if data and more > self._explained:
                self.did(now)
            self._received, self._explained = received, 0
