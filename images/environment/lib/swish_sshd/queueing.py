"""Who waits for a turn to log in: a line for each address, served in turns, so that a long line is only its own."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final

from swish_sshd.connection import Peer

_WAITING: Final = 512
_PER_SOURCE: Final = 96
#: A client gives up about then, too (seconds).
_LONGEST: Final = 60.0


class Line:
    """Those who wait, by source."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, deque[tuple[float, Peer]]] = OrderedDict()

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def join(self, peer: Peer, now: float) -> bool:
        """Let somebody wait; False when too many do."""
        own = self._waiting.setdefault(peer.source, deque())
        # the connections from many addresses behind the gateway are one source
        most = _WAITING if peer.source == "gateway" else _PER_SOURCE
        if len(self) >= _WAITING or len(own) >= most:
            if not own:
                del self._waiting[peer.source]
            return False
        own.append((now, peer))
        return True

    def take(self, may: Callable[[str], bool]) -> Peer | None:
        """Take the next one of the first source that may have a turn, which then goes to the end of the line."""
        for source, own in self._waiting.items():
            if may(source):
                _, peer = own.popleft()
                if own:
                    self._waiting.move_to_end(source)
                else:
                    del self._waiting[source]
                return peer
        return None

    def late(self, now: float) -> list[Peer]:
        """Take out those who have waited too long."""
        found = []
        for source, own in list(self._waiting.items()):
            while own and now - own[0][0] > _LONGEST:
                found.append(own.popleft()[1])
            if not own:
                del self._waiting[source]
        return found
