"""A launch's turn: it is waited for in the queue, with its place said to the person, and given back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, Final

from swish_spawner.hub.shared.queue import Place, StartQueue

#: How often (seconds) a page that waits looks whether its place has changed.
_LOOK_AGAIN: Final = 1.0


class Turn:
    """One launch's.

    Attributes:
        has_come: set once it has.
    """

    def __init__(self) -> None:
        self.has_come = asyncio.Event()
        self._place: Place | None = None

    def ask(self, queue: StartQueue, team: str, person: str, whole: asyncio.Task[Any]) -> asyncio.Event:
        """Take a place in the queue; returns what is set once nobody is before it.

        Args:
            queue: of the hub.
            team: who pays.
            person: for whom it is.
            whole: the task that is the whole start, until the environment answers. When that is done (ready, failed, or
                cancelled by a stop, in the queue or later), the turn is over.
        """
        self._place = place = queue.ask(team, person)
        whole.add_done_callback(lambda _: place.end())
        return place.came

    def give_back(self) -> None:
        """Let the next launch begin: this one waits for what takes no work of anybody's, and may wait for long."""
        if self._place is not None:
            self._place.end()

    async def places(self) -> AsyncIterator[str]:
        """Yield its place, as a sentence, whenever that changes, until it has come."""
        said = ""
        while not self.has_come.is_set():
            sentence = self._place.sentence if self._place else ""
            if sentence not in ("", said):
                said = sentence
                yield sentence
            with suppress(TimeoutError):
                await asyncio.wait_for(self.has_come.wait(), _LOOK_AGAIN)
