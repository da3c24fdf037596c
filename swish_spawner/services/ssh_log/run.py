"""The ssh log as the web service runs it: collects, writes, and reports who is there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kubernetes_asyncio.client import ApiClient, CoreV1Api

from swish_spawner.adapters.kubernetes.logs import PodLogs
from swish_spawner.core.policy.values import Policy, namespaces
from swish_spawner.services.ssh_log.collect.activity import Activity, ActivityReceiver
from swish_spawner.services.ssh_log.collect.collector import ROUND_SECONDS, Collector
from swish_spawner.services.ssh_log.collect.follower import Means
from swish_spawner.services.ssh_log.keep.reader import StoreReader
from swish_spawner.services.ssh_log.keep.store import files
from swish_spawner.services.ssh_log.keep.writer import Writer
from swish_spawner.services.ssh_log.metrics import LogMetrics


@dataclass(frozen=True, slots=True)
class Audit:
    """What keeps one ssh log.

    Attributes:
        directory: of the log.
        namespace: the installation's own.
        policy: returns the policy in force.
        client: `pod_logs.log_client`.
        hub: whom to tell of uses.
        metrics: what is counted.
    """

    directory: Path
    namespace: str
    policy: Callable[[], Policy]
    client: ApiClient
    hub: ActivityReceiver
    metrics: LogMetrics

    async def run(self) -> None:
        """Keep the log until cancelled; where nobody ever could enter by ssh none is begun."""
        while reader(self.directory, self.policy()) is None:  # noqa: ASYNC110 - a file of the policy changes
            await asyncio.sleep(ROUND_SECONDS)
        writer = Writer(self.directory, self.metrics)
        activity = Activity(self.hub, lambda: self.policy().ssh.presence_cap, self.metrics)
        api = CoreV1Api(self.client)
        means = Means(PodLogs(api), writer, activity, self.metrics)
        collector = Collector(api, lambda: namespaces(self.policy(), self.namespace), self.namespace, means)
        async with asyncio.TaskGroup() as tasks:
            for work in (writer.run(), activity.run(), collector.run()):
                tasks.create_task(work)


def reader(directory: Path, policy: Policy) -> StoreReader | None:
    """Return who reads a log; None where none is kept and none ever was.

    Args:
        directory: of the log.
        policy: in force.
    """
    return StoreReader(directory) if policy.ssh.enabled or files(directory) else None
