"""What is made beside a start, or beside an environment that was taken up, and that nothing waits for."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final
from weakref import WeakKeyDictionary

from swish_spawner.errors import ClusterAway, ClusterRefused

#: The pauses (seconds) between tries while Kubernetes refuses, e.g. for a quota of load balancers, or is away; the last
#: one again and again.
_PAUSES: Final = (2.0, 10.0, 60.0, 300.0)
#: How many tries of all environments are under way at once: a hub that begins has thousands to look after.
_AT_ONCE: Final = 10
_TURNS: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore]] = WeakKeyDictionary()

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Work:
    """Something to be made.

    Attributes:
        make: makes it; what it made before is there already, and no failure.
        lacks: what is not so before it is made, as the beginning of a sentence.
        notice: tells the person and the operators what is in the way.
    """

    make: Callable[[], Awaitable[object]]
    lacks: str
    notice: Callable[[str], None]


class Beside:
    """One environment's work, of which each begun takes the place of the one before."""

    def __init__(self) -> None:
        self._working: asyncio.Future[None] | None = None

    def begin(self, work: Work) -> None:
        """Begin, and try again for as long as the environment is there."""
        self.leave()
        self._working = asyncio.ensure_future(_done(work))

    def leave(self) -> None:
        """Try no more; what is made goes with its pod."""
        if self._working is not None:
            self._working.cancel()
            self._working = None


async def _done(work: Work) -> None:
    turns = _TURNS.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(_AT_ONCE))
    for pause in itertools.chain(_PAUSES, itertools.repeat(_PAUSES[-1])):
        try:
            async with turns:
                await work.make()
        except (ClusterRefused, ClusterAway) as error:
            work.notice(f"{work.lacks} ({error}); it is tried again.")
        except Exception:  # noqa: BLE001 - nobody waits for this, so nobody else would say it
            _log.exception("What is made beside an environment was not made")
            work.notice(f"{work.lacks}; tell an administrator.")
            return
        else:
            return
        await asyncio.sleep(pause)
