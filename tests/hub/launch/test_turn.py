"""Launches over the limit wait for their turns, and a turn is never lost."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import pytest

from swish_spawner.hub.launch.spawner import SwishSpawner
from swish_spawner.hub.shared.queue import StartQueue
from tests.hub.conftest import Process

Launch = Callable[..., SwishSpawner]


@pytest.fixture
def one_at_a_time(process: Process) -> StartQueue:
    """A hub that starts one environment at a time."""
    process.shared.queue.limit = 1
    return process.shared.queue


async def settled() -> None:
    """Give every task that can go on its turn."""
    for _ in range(20):
        await asyncio.sleep(0)


def start(spawner: SwishSpawner, until: asyncio.Event | None = None) -> asyncio.Task[None]:
    """Start as JupyterHub does, from where its queue would be: the hook, and then the start, in one task."""

    async def spawn() -> None:
        await spawner._run_apply_user_options(spawner.user_options)
        await asyncio.ensure_future(spawner.run_pre_spawn_hook())
        if until is not None:
            await until.wait()

    spawner._spawn_pending = True
    return asyncio.ensure_future(spawn())


def has_turn(spawner: SwishSpawner) -> bool:
    """Say whether a launch's turn has come."""
    return "turn" in spawner.current.marks


@pytest.mark.usefixtures("one_at_a_time")
async def test_a_launch_waits_for_its_turn(make_spawner: Launch) -> None:
    """The administrator's hook runs once it has come, and not before."""
    ran: list[str] = []
    first, second = (make_spawner(name, pre_spawn_hook=lambda s: ran.append(s.user.name)) for name in ("ada", "ben"))
    ended = asyncio.Event()
    one, two = start(first, ended), start(second)
    await settled()
    assert (ran, has_turn(second)) == (["ada"], False)
    ended.set()
    await asyncio.gather(one, two)
    assert (ran, has_turn(second)) == (["ada", "ben"], True)


@pytest.mark.usefixtures("one_at_a_time")
async def test_marks_say_when_it_was_asked_for_and_when_the_turn_came(make_spawner: Launch) -> None:
    """The time between them is the queue's."""
    first, second = make_spawner("ada"), make_spawner("ben")
    ended = asyncio.Event()
    tasks = start(first, ended), start(second)
    await settled()
    await asyncio.sleep(0.05)
    ended.set()
    await asyncio.gather(*tasks)
    waited = [each.current.marks["turn"] - each.current.marks["asked"] for each in (first, second)]
    assert waited[1] >= 0.04
    assert waited[0] < waited[1]


@pytest.mark.parametrize("of", ["the queue", "a start"])
async def test_a_stop_takes_a_launch_out(make_spawner: Launch, one_at_a_time: StartQueue, of: str) -> None:
    """A hub that stops a pending start cancels its task; what it held is the next one's."""
    spawners = [make_spawner(name) for name in ("ada", "ben", "eve")]
    tasks = [start(spawner, asyncio.Event()) for spawner in spawners]
    await settled()
    stopped = tasks[1 if of == "the queue" else 0]
    stopped.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await stopped
    await settled()
    assert [has_turn(spawner) for spawner in spawners] == [True, of == "a start", False]
    for task in tasks:
        task.cancel()
    await settled()
    assert (len(one_at_a_time), one_at_a_time._starting) == (0, 0)


async def test_a_turn_that_comes_to_one_that_is_just_cancelled_goes_on(
    make_spawner: Launch, one_at_a_time: StartQueue
) -> None:
    """Both in the same turn of the event loop."""
    spawners = [make_spawner(name) for name in ("ada", "ben", "eve")]
    tasks = [start(spawner, asyncio.Event()) for spawner in spawners]
    await settled()
    tasks[0].cancel()
    await asyncio.sleep(0)
    tasks[1].cancel()
    await settled()
    assert has_turn(spawners[2])
    tasks[2].cancel()
    await settled()
    assert one_at_a_time._starting == 0


@pytest.mark.usefixtures("one_at_a_time")
async def test_a_hook_that_fails_gives_its_turn_back(make_spawner: Launch) -> None:
    """The error is the start's, as without a queue."""

    def fail(_: SwishSpawner) -> None:
        raise OSError("no such disk")

    first, second = make_spawner("ada", pre_spawn_hook=fail), make_spawner("ben")
    tasks = start(first), start(second)
    with pytest.raises(OSError, match="no such disk"):
        await tasks[0]
    await tasks[1]
    assert has_turn(second)


@pytest.mark.usefixtures("one_at_a_time")
async def test_a_page_shows_the_place_and_then_the_start(make_spawner: Launch, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whenever the place changes."""
    monkeypatch.setattr("swish_spawner.hub.launch.turn._LOOK_AGAIN", 0.01)
    spawners = [make_spawner(name) for name in ("ada", "ben", "eve")]
    ends = [asyncio.Event() for _ in spawners]
    tasks = [start(spawner, end) for spawner, end in zip(spawners, ends, strict=True)]

    async def page() -> list[str]:
        return [message["message"] async for message in spawners[2].progress()]

    reader = asyncio.ensure_future(page())
    for end in ends[:2]:
        await asyncio.sleep(0.05)
        end.set()
    await tasks[1]
    await settled()
    spawners[2].current.messages.say("Your environment is starting.")
    spawners[2].current.messages.close()
    ends[2].set()
    await tasks[2]
    assert await reader == [
        "1 launch is ahead of yours.",
        "Many environments are starting; yours is the next.",
        "Your environment is starting.",
    ]


async def test_a_launch_that_need_not_wait_is_told_nothing(make_spawner: Launch) -> None:
    """Its page begins with what the start says."""
    spawner = make_spawner()
    await start(spawner)
    spawner.current.messages.close()
    assert [message async for message in spawner.progress()] == []


@pytest.mark.usefixtures("one_at_a_time")
async def test_turns_go_round_the_teams(make_spawner: Launch) -> None:
    """A burst of one team's does not hold up the other."""
    turns: list[str] = []

    def make(name: str, team: str) -> SwishSpawner:
        hook = lambda spawner: turns.append(spawner.user.name)  # noqa: E731 - a hook is an option
        return make_spawner(name, ("imaging", "genomics-staff"), {"team": team}, pre_spawn_hook=hook)

    burst = [start(make(f"imaging-{number}", "imaging")) for number in range(4)]
    await asyncio.gather(*burst, start(make("genomics", "genomics")))
    assert turns.index("genomics") <= 2


async def test_who_waits_for_a_node_holds_up_nobody(make_spawner: Launch, one_at_a_time: StartQueue) -> None:
    """A pool that is full must not stop launches in the others."""
    waits, following = make_spawner("ada"), make_spawner("ben")
    tasks = [start(each, asyncio.Event()) for each in (waits, following)]
    await settled()
    assert not has_turn(following)
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes"}
    waits.current.look({"metadata": {"name": "x"}, "spec": {}, "status": {"conditions": [condition]}}, [])
    await settled()
    assert has_turn(following)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert one_at_a_time.ask("a", "A").came.is_set()
