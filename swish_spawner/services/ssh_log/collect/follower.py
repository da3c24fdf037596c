"""Reads one container's log from where it was read to, for as long as the pod is there."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

from swish_spawner.adapters.backoff import Backoff
from swish_spawner.adapters.kubernetes.logs import PodLogs
from swish_spawner.core.ssh_log.chain import body_of
from swish_spawner.core.ssh_log.entries import GAP, UNREADABLE, unread, unreadable
from swish_spawner.core.ssh_log.events.event import Event, believed
from swish_spawner.core.ssh_log.events.lines import LineError, is_ours, parse_line
from swish_spawner.core.ssh_log.stream import (
    Allowance,
    Allowances,
    ContainerStatus,
    Log,
    Position,
    Reading,
    account,
    dump,
    seconds_back,
    split,
    status_of,
)
from swish_spawner.errors import ClusterAway, ClusterRefused
from swish_spawner.services.ssh_log.collect.activity import Activity
from swish_spawner.services.ssh_log.keep.writer import Writer
from swish_spawner.services.ssh_log.metrics import LogMetrics

LOG: Final = logging.getLogger("swish.ssh-log")
Resource = Mapping[str, Any]

#: After a connection that broke the kubelet gets this long (seconds) to tell of a restart that broke it.
_FIRST_DELAY, _LAST_DELAY = 2.0, 30.0
#: How far clocks of nodes may be off (seconds); what is read twice for that is written once.
_SLACK: Final = 60.0
#: A place is kept at the latest after this long (seconds) without an entry.
_KEPT_SECONDS: Final = 300.0
#: What the API server says of a container that has not begun, or of a previous one that the node has forgotten.
_NO_LOG: Final = HTTPStatus.BAD_REQUEST


@dataclass(frozen=True, slots=True)
class Means:
    """What all followers share.

    Attributes:
        logs: to read from.
        writer: to write to.
        activity: to tell of uses.
        metrics: what is counted.
        delay: the first pause after a connection that broke (seconds).
    """

    logs: PodLogs
    writer: Writer
    activity: Activity
    metrics: LogMetrics
    delay: float = _FIRST_DELAY


class Follower:
    """Follows one container.

    Args:
        log: the container's.
        pod: returns the pod as it is now; None once it is gone.
        position: how far it was read before.
        means: what all followers share.
    """

    def __init__(self, log: Log, pod: Callable[[], Resource | None], position: Position, means: Means) -> None:
        self._log, self._pod, self._means = log, pod, means
        self._position = position
        self._allowances = Allowances(log.source)
        #: lines that could not be read, by a fault of ours, and how many entries there may be about them
        self._unreadable, self._complaints = 0, Allowance(10, 1 / 60)
        self._news = asyncio.Event()
        self._has_begun = False
        #: whether all that was said so far has been read; of a container that has not begun it has
        self._is_whole = not position.at
        self._kept = time.monotonic()

    def tell(self) -> None:
        """Say that there is news of the pod."""
        self._news.set()

    async def run(self) -> None:
        """Read until the pod is gone, and then say so if its end was missed."""
        pause = Backoff(self._means.delay, _LAST_DELAY)
        with self._means.metrics.followed.track_inprogress():
            while (pod := self._pod()) is not None:
                status, began = status_of(pod, self._log.container), time.monotonic()
                is_over = await self._try(status) and status.ended
                is_news = await self._rest(None if is_over or not status.began else pause.take())
                lasted = time.monotonic() - began
                if is_news or lasted > 2 * _LAST_DELAY:
                    pause.reset()
        self._means.activity.ended(self._log.source)
        missed = [] if self._is_whole else [self._unread()]
        await self._means.writer.add(missed, {self._log.key: None})

    async def _rest(self, seconds: float | None) -> bool:
        """Wait for news of the pod, but not for longer; return whether there is any."""
        try:
            await asyncio.wait_for(self._news.wait(), seconds)
        except TimeoutError:
            return False
        self._news.clear()
        return True

    async def _try(self, status: ContainerStatus) -> bool:
        """Read what there is until the container ends, or the connection does; return whether it was the first."""
        if not status.began:
            return False
        self._is_whole, self._has_begun = self._is_whole and self._has_begun, True
        try:
            if status.restarts > self._position.restarts:
                await self._read_previous(status)
            await self._read()
        except (ClusterRefused, ClusterAway) as error:
            # gone, or about to begin again: Kubernetes will say so
            is_usual = isinstance(error, ClusterRefused) and error.status in (_NO_LOG, HTTPStatus.NOT_FOUND)
            if not is_usual:
                reason = str(error.status) if isinstance(error, ClusterRefused) else "away"
                self._means.metrics.broken.labels(reason=reason).inc()
                LOG.warning("Reading on soon: %s", error)
            return False
        return True

    async def _read_previous(self, status: ContainerStatus) -> None:
        """Read the end of what a container said that was started again since; only the last one's is still there."""
        is_whole = self._is_whole and status.restarts == self._position.restarts + 1
        self._is_whole = False
        try:
            await self._read(previous=True)
            is_whole = is_whole or status.restarts == self._position.restarts + 1
        except ClusterRefused as error:
            if error.status != _NO_LOG:
                raise
        self._position = replace(self._position, restarts=status.restarts)
        if not is_whole:
            await self._write([self._unread()])

    async def _read(self, *, previous: bool = False) -> None:
        reading, source = Reading(self._position), self._log.source
        back = seconds_back(self._position, datetime.now(UTC), _SLACK)
        place = source.namespace, source.pod, self._log.container
        async for lines in self._means.logs.lines(*place, seconds_back=back, previous=previous):
            self._is_whole = False
            bodies = [body for line in lines for body in self._bodies(line, reading)]
            if bodies or time.monotonic() - self._kept > _KEPT_SECONDS:
                await self._write(bodies)
        self._is_whole = not previous

    def _bodies(self, line: str, reading: Reading) -> list[str]:
        """Return what is kept of a line; nothing of most."""
        parts = split(line)
        if parts is None or not reading.is_new(parts[1]):
            return []
        seen, stamp, text = parts
        self._position = self._position.after(stamp)
        if not is_ours(text):
            return []
        try:
            return self._records(seen, text)
        except LineError as error:
            self._means.metrics.refused.labels(reason=error.reason).inc()
            return []
        except Exception:
            # whatever a line holds, those after it are read
            LOG.exception("A line of %s could not be read", self._log.key)
            self._means.metrics.refused.labels(reason="bug").inc()
            self._count_unreadable()
            return self._complaint(seen)

    def _records(self, seen: str, text: str) -> list[str]:
        source = self._log.source
        event = believed(parse_line(text, source), self._log.since, datetime.fromisoformat(seen))
        if event.fields.get("method") == UNREADABLE:
            self._count_unreadable()
        bodies = []
        if self._allowances.takes(event, time.monotonic()):
            position, records = account(event, source, seen, self._position)
            bodies = [body_of(one) for one in records]
            self._position = position
            self._means.metrics.missing.inc(sum(one["event"] == GAP for one in records))
        self._tell(event)
        return bodies

    def _tell(self, event: Event) -> None:
        """Tell of a use; what comes of that has nothing to do with the log."""
        try:
            self._means.activity.heard(self._log.source, event)
        except Exception:
            LOG.exception("A use of %s by ssh is not counted", self._log.key)

    def _count_unreadable(self) -> None:
        # into a notebook's own output anybody's program writes what it likes
        if self._log.source.kind != "notebook":
            self._means.metrics.unreadable.inc()

    def _complaint(self, seen: str) -> list[str]:
        self._unreadable += 1
        if not self._complaints.takes(time.monotonic()):
            return []
        lines, self._unreadable = self._unreadable, 0
        return [body_of(unreadable(self._log.source, seen, lines))]

    def _unread(self) -> str:
        return body_of(unread(self._log.source, datetime.now(UTC)))

    async def _write(self, bodies: list[str]) -> None:
        await self._means.writer.add(bodies, {self._log.key: dump(self._log.source, self._position)})
        self._kept = time.monotonic()
