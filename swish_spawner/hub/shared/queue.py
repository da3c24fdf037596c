"""Launches over the hub's limit wait for their turns, and know their places.

JupyterHub answers the first launch over its `concurrent_spawn_limit` with 429, whoever it is from. Here it waits.
"""

from __future__ import annotations

import asyncio
from itertools import count
from typing import Final

from prometheus_client import Gauge

from swish_spawner.core.launch.queueing import FairOrder, Launch, place_sentence

WAITING: Final = Gauge("swish_launch_queue_length", "Launches that wait for their turn now")


class StartQueue:
    """Lets so many launches start at once.

    Attributes:
        limit: how many; 0 is no limit.
    """

    def __init__(self, limit: int = 0) -> None:
        self.limit = limit
        self._order = FairOrder()
        self._waiting: dict[Launch, Place] = {}
        self._numbers = count()
        self._starting = 0
        self._places: dict[Launch, int] | None = None

    def __len__(self) -> int:
        return len(self._order)

    def ask(self, team: str, person: str) -> Place:
        """Return a place for a launch; whoever takes it says when it is over, whatever has happened."""
        launch = Launch(team, person, next(self._numbers))
        place = self._waiting[launch] = Place(self, launch)
        self._order.add(launch)
        self._give_turns()
        return place

    def ahead_of(self, launch: Launch) -> int | None:
        """Return how many have their turns before this one as things are now, or None if it does not wait."""
        if self._places is None:
            # counted for all of them when somebody looks, and then not before the next change
            self._places = {other: place for place, other in enumerate(self._order.order())}
        return self._places.get(launch)

    def end(self, launch: Launch) -> None:
        """Take a launch out: one that waited has no turn, and one that had its turn makes room for the next."""
        if self._waiting.pop(launch, None) is None:
            self._starting -= 1
        else:
            self._order.remove(launch)
        self._give_turns()

    def _give_turns(self) -> None:
        while len(self._order) and (self._starting < self.limit or self.limit <= 0):
            self._starting += 1
            self._waiting.pop(self._order.take()).came.set()
        self._places = None
        WAITING.set(len(self))


class Place:
    """A launch's place in the queue, and then its turn.

    Attributes:
        came: set once its turn has come.
    """

    def __init__(self, queue: StartQueue, launch: Launch) -> None:
        self.came = asyncio.Event()
        self._queue = queue
        self._launch = launch
        self._over = False

    @property
    def sentence(self) -> str:
        """What to say to the person who waits; empty for one who does not wait any more."""
        ahead = self._queue.ahead_of(self._launch)
        return "" if ahead is None else place_sentence(ahead)

    def end(self) -> None:
        """Give the place or the turn back; more than once is the same as once."""
        if not self._over:
            self._over = True
            self._queue.end(self._launch)
