"""What a process under test tells of itself: requests, processor time, the loop's lag and memory."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlparse

from kubernetes_asyncio.client import rest

from benchmarks.fault_proxy import describe

_STEP: Final = 0.02


class RequestCount:
    """Counts the requests that this process sends to Kubernetes, by verb and kind."""

    def __init__(self) -> None:
        self.by_what: Counter[str] = Counter()

    def install(self) -> None:
        """Count from now on, in the client library that all spawners of KubeSpawner's kind use."""
        client_class: Any = rest.RESTClientObject
        request = client_class.request

        async def counted(client: Any, method: str, url: str, query_params: Any = None, **more: Any) -> Any:
            query = {key: str(value) for key, value in query_params or ()}
            self.by_what[describe(method, urlparse(url).path, query)] += 1
            return await request(client, method, url, query_params=query_params, **more)

        client_class.request = counted

    def since(self, before: Counter[str]) -> dict[str, int]:
        """Return what came on top of an earlier count."""
        return dict(self.by_what - before)


class LoopLag:
    """How late the event loop is; every fiftieth of a second asks for its turn."""

    def __init__(self) -> None:
        self.late: list[float] = []
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._measure())

    async def _measure(self) -> None:
        while True:
            start = time.monotonic()
            await asyncio.sleep(_STEP)
            self.late.append(max(time.monotonic() - start - _STEP, 0.0))

    def stop(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()

    def percentile(self, share: float) -> float:
        """Return the lateness (seconds) that was not exceeded in this share of the time.

        A stall of a second is one measurement that lasted a second, so measurements count by how long they took.
        """
        return weighted_percentile(self.late, [late + _STEP for late in self.late], share)


def weighted_percentile(values: Sequence[float], weights: Sequence[float], share: float) -> float:
    """Return the least value that, with all below it, has this share of the weight; 0 of nothing."""
    rest_of_weight = share * sum(weights)
    for value, weight in sorted(zip(values, weights, strict=True)):
        rest_of_weight -= weight
        if rest_of_weight <= 1e-9:
            return value
    return max(values, default=0.0)


def memory_bytes(field: str) -> int:
    """Return this process's resident memory: ``VmRSS`` now, ``VmHWM`` at its peak."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    return 0
