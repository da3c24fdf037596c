"""What keeps a log in a test, over a cluster in memory."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from kubernetes_asyncio.client import ApiClient, Configuration, CoreV1Api
from prometheus_client import CollectorRegistry

from swish_spawner.adapters.kubernetes.logs import PodLogs
from swish_spawner.core.ssh_log.scope import LogScope
from swish_spawner.services.ssh_log.collect.activity import Activity
from swish_spawner.services.ssh_log.collect.collector import Collector
from swish_spawner.services.ssh_log.collect.follower import Means
from swish_spawner.services.ssh_log.keep.reader import StoreReader
from swish_spawner.services.ssh_log.keep.writer import Writer
from swish_spawner.services.ssh_log.metrics import LogMetrics
from tests.fake_api import serve
from tests.services.ssh_log.fake_log_api import FakeLogApi

#: How long a test waits for what must come (seconds); a machine that is busy otherwise takes its time.
PATIENCE = 60


@dataclass
class Hub:
    """A hub that remembers what it was told."""

    told: list[tuple[str, str, datetime]] = field(default_factory=list)
    error: Exception | None = None

    async def used(self, user: str, server: str, when: datetime) -> None:
        """Take in a use, or fail."""
        if self.error is not None:
            raise self.error
        self.told.append((user, server, when))


@dataclass
class Keeper:
    """What keeps logs of a cluster in a folder; it may be stopped, and begin again."""

    cluster: FakeLogApi
    folder: Path
    namespaces: set[str] = field(default_factory=lambda: {"swish-imaging"})
    hub: Hub = field(default_factory=Hub)
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    @asynccontextmanager
    async def keeping(self) -> AsyncIterator[Activity]:
        """Keep the log until the block ends."""
        self.registry = CollectorRegistry()
        metrics = LogMetrics(self.registry)
        writer = Writer(self.folder, metrics, delay=0.05)
        activity = Activity(self.hub, lambda: timedelta(hours=2), metrics)
        async with ApiClient(Configuration(host=self.cluster.url)) as client:
            api = CoreV1Api(client)
            means = Means(PodLogs(api), writer, activity, metrics, delay=0.05)
            collector = Collector(api, lambda: self.namespaces, "swish", means)
            work = [asyncio.create_task(writer.run()), asyncio.create_task(collector.run(round_seconds=0.05))]
            try:
                yield activity
            finally:
                for task in work:
                    task.cancel()
                for task in work:
                    with suppress(asyncio.CancelledError):
                        await task

    async def entries(self) -> list[dict[str, Any]]:
        """Return every entry, the oldest first."""
        found = await StoreReader(self.folder).entries(LogScope("", everything=True), before=None, limit=1000)
        return [dict(entry) for entry in reversed(found)]

    async def events(self) -> list[str]:
        """Return what happened, by every entry."""
        return [str(entry["event"]) for entry in await self.entries()]

    async def until(self, *events: str) -> None:
        """Wait until just these are the log's entries."""
        end = time.monotonic() + PATIENCE
        while (found := await self.events()) != list(events) and time.monotonic() < end:  # noqa: ASYNC110 - a file
            await asyncio.sleep(0.02)
        assert found == list(events)

    async def becomes(self, value: float, name: str, **labels: str) -> None:
        """Wait until a metric has this value."""
        end = time.monotonic() + PATIENCE
        while self.metric(name, **labels) != value and time.monotonic() < end:  # noqa: ASYNC110 - a metric
            await asyncio.sleep(0.02)
        assert self.metric(name, **labels) == value

    def metric(self, name: str, **labels: str) -> float | None:
        """Return what Prometheus reads."""
        return self.registry.get_sample_value(f"swish_ssh_{name}", labels)


@pytest.fixture
async def cluster() -> AsyncIterator[FakeLogApi]:
    """A cluster with nothing in it."""
    cluster = FakeLogApi()
    async with serve(cluster):
        yield cluster


@pytest.fixture
def keeper(cluster: FakeLogApi, tmp_path: Path) -> Keeper:
    """What keeps its log."""
    return Keeper(cluster, tmp_path / "log")
