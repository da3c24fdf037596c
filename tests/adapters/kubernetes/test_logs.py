"""How logs are opened; what is read of them is in tests/services/ssh_log, over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Never

import pytest

from swish_spawner.adapters.kubernetes import logs as pod_logs
from swish_spawner.adapters.kubernetes.logs import PodLogs

LOGS = 30


class Silent:
    """An API whose containers never say a word, so that it does not answer."""

    def __init__(self) -> None:
        self.asked = 0

    async def read_namespaced_pod_log(self, *_: Any, **__: Any) -> Never:
        """Wait for ever."""
        self.asked += 1
        await asyncio.Event().wait()
        raise AssertionError


@asynccontextmanager
async def reading(api: Silent) -> AsyncIterator[None]:
    """Read many logs while the block runs."""
    logs = PodLogs(api)

    async def read(number: int) -> None:
        async for _ in logs.lines("swish", f"pod-{number}", "ssh", seconds_back=None):
            pass

    tasks = [asyncio.create_task(read(number)) for number in range(LOGS)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_not_all_are_opened_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that begins does not flood the API server."""
    monkeypatch.setattr(pod_logs, "_TURN", 600)
    api = Silent()
    async with reading(api):
        for _ in range(100):
            await asyncio.sleep(0)
        assert api.asked == pod_logs._AT_ONCE < LOGS


async def test_silent_ones_keep_no_other_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their turn ends, and they go on being asked for."""
    monkeypatch.setattr(pod_logs, "_TURN", 0.01)
    api = Silent()
    async with reading(api), asyncio.timeout(60):
        while api.asked < LOGS:  # noqa: ASYNC110 - a count
            await asyncio.sleep(0.01)


async def test_whoever_stops_asks_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """No question is left behind, in its turn or after it."""
    monkeypatch.setattr(pod_logs, "_TURN", 0.01)
    before = asyncio.all_tasks()
    async with reading(Silent()):
        await asyncio.sleep(0.015)
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before
