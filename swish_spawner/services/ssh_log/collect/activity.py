"""Uses by ssh, as the hub is told of them: whoever ends idle environments then sees who works by ssh."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, Protocol

from swish_spawner.core.ssh_log.activity import LastActivity, last_use, observe
from swish_spawner.core.ssh_log.events.event import Event
from swish_spawner.core.ssh_log.events.source import Source
from swish_spawner.errors import NotThere, Unavailable
from swish_spawner.services.ssh_log.metrics import LogMetrics

LOG: Final = logging.getLogger("swish.ssh-log")
#: Between two rounds (seconds); signs of presence come as often.
ROUND_SECONDS: Final = 60.0
#: So many reports are on their way at once.
_AT_ONCE: Final = 10

Server = tuple[str, str]


class ActivityReceiver(Protocol):
    """The hub, as far as it is told of uses."""

    async def used(self, user: str, server: str, when: datetime) -> None:
        """Tell the hub that a server was in use."""


class Activity:
    """Gathers uses, and reports them now and then.

    Args:
        hub: whom to tell.
        presence_cap: returns how long after the last interaction an open session still counts.
        metrics: what is counted.
    """

    def __init__(self, hub: ActivityReceiver, presence_cap: Callable[[], timedelta], metrics: LogMetrics) -> None:
        self._hub, self._cap, self._metrics = hub, presence_cap, metrics
        self._known: dict[Server, LastActivity] = {}
        self._told: dict[Server, datetime] = {}

    def heard(self, source: Source, event: Event) -> None:
        """Take in an event; what happens at the gateway is told by the environment, too.

        Args:
            source: where it came from.
            event: what happened, as far as it can be believed.
        """
        if source.user:
            server = source.user, source.server
            self._known[server] = observe(self._known.get(server, LastActivity()), event)

    def ended(self, source: Source) -> None:
        """Forget an environment that is gone; there is nothing to keep running."""
        server = source.user, source.server
        self._known.pop(server, None)
        self._told.pop(server, None)

    async def run(self, round_seconds: float = ROUND_SECONDS) -> None:
        """Report in rounds, until cancelled."""
        while True:
            await asyncio.sleep(round_seconds)
            try:
                await self.report()
            except Exception:
                LOG.exception("Uses by ssh could not be reported")

    async def report(self) -> None:
        """Tell the hub of every environment that was in use since it was last told."""
        due = []
        for server, known in self._known.items():
            when = last_use(known, self._cap())
            if when is not None and when > self._told.get(server, datetime.min.replace(tzinfo=when.tzinfo)):
                due.append((server, when))
        slots = asyncio.Semaphore(_AT_ONCE)

        async def tell(server: Server, when: datetime) -> None:
            async with slots:
                await self._tell(server, when)

        async with asyncio.TaskGroup() as tasks:
            for server, when in due:
                tasks.create_task(tell(server, when))

    async def _tell(self, server: Server, when: datetime) -> None:
        try:
            await self._hub.used(*server, when)
            outcome = "told"
        except NotThere:
            outcome = "gone"
        except Unavailable as error:
            LOG.warning("The hub is not told now that %s/%s is in use by ssh: %s", *server, error)
            self._metrics.activity.labels(outcome="failed").inc()
            return
        self._told[server] = when
        self._metrics.activity.labels(outcome=outcome).inc()
