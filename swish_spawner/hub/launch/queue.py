"""Launches over the hub's limit wait for their turns, and see their places.

JupyterHub answers the first launch over its `concurrent_spawn_limit` with 429, whoever it is from. Here it waits: in
`run_pre_spawn_hook`, so that its time there is none of `start_timeout`, which JupyterHub counts from `start` on.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from itertools import count
from typing import Any, Final

from jupyterhub.utils import maybe_future
from prometheus_client import Gauge

from swish_spawner.core.launch.queueing import FairOrder, Launch, place_sentence
from swish_spawner.hub.launch.engine import EventSpawner

#: How often (seconds) a page that waits looks whether its place has changed.
_LOOK_AGAIN: Final = 1.0


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


#: The hub is one process, so this is the queue of all its launches.
QUEUE: Final = StartQueue()
WAITING: Final = Gauge("swish_launch_queue_length", "Launches that wait for their turn now")
WAITING.set_function(lambda: len(QUEUE))


class QueuedSpawner(EventSpawner):
    """Waits for its turn before it starts."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._forget_place()

    def _forget_place(self) -> None:
        self._place: Place | None = None
        self._may_start = asyncio.Event()

    def who_asks(self) -> tuple[str, str]:
        """Return the names of the team and the person whose turn it takes."""
        raise NotImplementedError

    def run_pre_spawn_hook(self) -> Any:
        """Wait for this launch's turn, and then run the administrator's hook.

        JupyterHub calls this within the task that is the whole start, from here until the environment answers. When
        that task is done (ready, failed, or cancelled by a stop, in the queue or later), so is the turn.
        """
        start = asyncio.current_task()
        if start is None:
            raise RuntimeError("a start is a task")
        self._mark("asked")
        self._place = place = QUEUE.ask(*self.who_asks())
        start.add_done_callback(lambda _: place.end())
        return self._run_in_turn(place)

    async def _run_in_turn(self, place: Place) -> None:
        await place.came.wait()
        self._mark("turn")
        self._may_start.set()
        await maybe_future(super().run_pre_spawn_hook())

    def give_turn_back(self) -> None:
        """Let the next launch begin: this one waits for what takes no work of anybody's, and may wait for long."""
        if self._place is not None:
            self._place.end()

    def start(self) -> Any:
        """Begin a start whose turn has come."""
        self._may_start.set()
        return super().start()

    async def progress(self) -> AsyncIterator[dict[str, Any]]:
        """Yield the place in the queue whenever it changes, and then what the start says."""
        async for sentence in self._places():
            yield {"progress": 0, "message": sentence}
        async for message in super().progress():
            yield message

    async def _places(self) -> AsyncIterator[str]:
        said, turn = "", self._may_start
        while not turn.is_set():
            sentence = self._place.sentence if self._place else ""
            if sentence not in ("", said):
                said = sentence
                yield sentence
            with suppress(TimeoutError):
                await asyncio.wait_for(turn.wait(), _LOOK_AGAIN)

    def clear_state(self) -> None:
        """Forget the last start's place; a page that still waits for it ends with that start."""
        super().clear_state()
        self._forget_place()
