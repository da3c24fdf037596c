"""The one who writes the ssh log: what many followers bring goes in together, and waits for its turn until it is in."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from swish_spawner.adapters.backoff import Backoff
from swish_spawner.core.ssh_log.chain import Link
from swish_spawner.services.ssh_log.keep.file import StoreError
from swish_spawner.services.ssh_log.keep.store import Store
from swish_spawner.services.ssh_log.metrics import LogMetrics

T = TypeVar("T")
LOG: Final = logging.getLogger("swish.ssh-log")
#: Records that are written at once: a transaction's costs are shared, and nobody waits for long.
_AT_ONCE: Final = 2000
_FIRST_DELAY, _LAST_DELAY = 1.0, 60.0
#: How often the newest hash is said, where a log shipper keeps it (seconds).
_SAY_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class _Wish:
    bodies: Sequence[str]
    positions: Mapping[str, str | None]
    done: asyncio.Future[None]


class Writer:
    """Writes what it is brought.

    Args:
        directory: of the log.
        metrics: what is counted.
        delay: the first pause after a failure (seconds).
    """

    def __init__(self, directory: Path, metrics: LogMetrics, delay: float = _FIRST_DELAY) -> None:
        self._directory, self._metrics, self._first = directory, metrics, delay
        self._store: Store | None = None
        self._wishes: asyncio.Queue[_Wish] = asyncio.Queue()
        self._one = asyncio.Lock()
        self._said = self._now = Link()

    async def positions(self) -> dict[str, str]:
        """Return how far each container's log has been read, as soon as the store can be read."""
        return await self._until_it_works(lambda store: store.positions)

    async def add(self, bodies: Sequence[str], positions: Mapping[str, str | None]) -> None:
        """Return once records are on the disk, with how far logs have been read with them; None forgets one."""
        done = asyncio.get_running_loop().create_future()
        await self._wishes.put(_Wish(bodies, positions, done))
        await done

    async def run(self) -> None:
        """Write, until cancelled; what was brought until then and is not written is read again after the next start."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._write())
                tasks.create_task(self._say_often())
        finally:
            self._say()
            if self._store is not None:
                self._store.close()

    async def _write(self) -> None:
        while True:
            wishes = [await self._wishes.get()]
            while not self._wishes.empty() and sum(len(wish.bodies) for wish in wishes) < _AT_ONCE:
                wishes.append(self._wishes.get_nowait())
            bodies = [body for wish in wishes for body in wish.bodies]
            positions = {key: position for wish in wishes for key, position in wish.positions.items()}
            self._now = await self._until_it_works(lambda store: store.append(bodies, positions))  # noqa: B023 - awaited here
            self._metrics.entries.inc(len(bodies))
            self._metrics.newest.set(self._now.number)
            for wish in wishes:
                if not wish.done.done():
                    wish.done.set_result(None)

    async def _until_it_works(self, use: Callable[[Store], T]) -> T:
        """Do something with the store in a thread; a full disk is waited out, and the logs keep what is to be read."""
        pause = Backoff(self._first, _LAST_DELAY)
        while True:
            try:
                async with self._one:
                    result = await self._in_thread(use)
            except StoreError as error:
                LOG.error("The ssh log cannot be written; next try in %.0f s: %s", pause.seconds, error)  # noqa: TRY400 - its text is all
                self._metrics.late.set(1)
                await pause.rest()
            else:
                self._metrics.late.set(0)
                return result

    async def _in_thread(self, use: Callable[[Store], T]) -> T:
        work = asyncio.ensure_future(asyncio.to_thread(self._with_store, use))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            # the thread goes on, and the file must not be closed under it
            with suppress(StoreError):
                await work
            raise

    def _with_store(self, use: Callable[[Store], T]) -> T:
        if self._store is None:
            self._store = Store(self._directory)
        return use(self._store)

    async def _say_often(self) -> None:
        while True:
            await asyncio.sleep(_SAY_SECONDS)
            self._say()

    def _say(self) -> None:
        """Say the newest hash in the service's own log, which whoever can change the store cannot reach."""
        if self._now != self._said:
            LOG.info("The newest entry of the ssh log is %d:%s", self._now.number, self._now.hash)
            self._said = self._now
