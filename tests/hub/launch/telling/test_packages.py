"""What pip says while packages install reaches the page, now and then, and never in the way of the start."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from swish_spawner.hub.launch.spawner import SwishSpawner
from swish_spawner.hub.launch.telling import packages as package_log
from swish_spawner.hub.launch.telling.packages import tell_newest
from tests.fake_api import FakeApi

Launch = Callable[..., SwishSpawner]
POD = "jupyter-ada"
INSTALLS = [{"name": "packages", "state": {"running": {}}}]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second is long in a test."""
    monkeypatch.setattr(package_log, "PAUSE", 0.05)


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - it is the server's state, which tells nobody
            await asyncio.sleep(0.01)


async def said_of_a_start(api: FakeApi, launch: Launch, expected: str) -> list[str]:
    """Start with packages, let pip run until something is said or it may not be read, and return what was said."""
    api.runs = False
    spawner = launch(options={"packages": ["flask"]})
    await spawner._run_apply_user_options(spawner.user_options)
    start = spawner.start()

    def said() -> list[str]:
        return [message["message"] for message in spawner.current.messages._messages]

    await until(lambda: bool(api.objects["pods"]))
    api.run(POD, phase="Pending", initContainerStatuses=INSTALLS)
    await until(lambda: expected in (*said(), *(f"{verb} {count}" for verb, count in api.requests.items())))
    api.run(POD)
    await asyncio.wait_for(start, 60)
    assert spawner.current.packages is not None
    await asyncio.wait((spawner.current.packages,))
    return said()


async def test_what_pip_says_is_told(api: FakeApi, launch: Launch) -> None:
    """In plain text, without what a log must not give away."""
    api.logs[f"{POD}/packages"] = "Looking in https://me:secret@pip.example.org/simple\n"
    said = await said_of_a_start(api, launch, "pip: Looking in https://pip.example.org/simple")
    assert not any("secret" in sentence for sentence in said)


@pytest.mark.parametrize("status", [400, 403, 500])
async def test_a_log_that_cannot_be_read_fails_nothing(api: FakeApi, launch: Launch, status: int) -> None:
    """The start goes on as if nobody had asked."""
    api.failures["LOG pods"] = [(status, "no")]
    assert not any(sentence.startswith("pip:") for sentence in await said_of_a_start(api, launch, "LOG pods 1"))


async def test_following_ends_with_the_start(api: FakeApi, launch: Launch) -> None:
    """A start that is stopped before pip runs leaves no task behind."""
    api.runs = False
    spawner = launch(options={"packages": ["flask"]})
    await spawner._run_apply_user_options(spawner.user_options)
    start = spawner.start()
    await until(lambda: spawner.current.packages is not None)
    assert spawner.current.packages is not None
    start.cancel()
    await asyncio.wait((start, spawner.current.packages))
    assert spawner.current.packages.cancelled()


async def lines(*texts: str, pause: float = 0) -> AsyncIterator[str]:
    """Give lines, with a pause after each."""
    for text in texts:
        yield text
        await asyncio.sleep(pause)


async def test_only_the_newest_line_is_told() -> None:
    """Of a burst the last one, and empty ones not at all."""
    told: list[str] = []
    await tell_newest(lines("one", "two", "\x1b[0m", pause=0), told.append)
    assert told == ["two"]


async def test_no_more_than_one_line_a_pause_and_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that never stops talking fills no page."""
    monkeypatch.setattr(package_log, "MOST", 3)
    told: list[str] = []
    await tell_newest(lines(*map(str, range(100)), pause=0.01), told.append)
    assert 1 <= len(told) <= 3
