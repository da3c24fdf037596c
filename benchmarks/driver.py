"""One measurement in a process of its own: starts, maybe a rest, and stops, by real spawners in one event loop.

    python -m benchmarks.driver '{"contender": "swish", "namespace": "bench", "count": 20, …}'

Prints one JSON object. What JupyterHub does around a spawner is done here as it does it; its own costs (handlers,
tokens, most of its database) are the same for every spawner, and left out.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import sys
import time
from collections.abc import Coroutine
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from jupyterhub.utils import iterate_until, maybe_future, wait_for_http_server
from traitlets.log import get_logger

from benchmarks.contenders import START_SECONDS, Contender
from benchmarks.gauges import LoopLag, RequestCount, memory_bytes

#: Pages that are open; the event loop itself holds tasks by weak references only.
_PAGES: Final[set[asyncio.Task[None]]] = set()
#: A start that fails is stopped, which may take as long again, and so may the stops of the others; then it hangs.
END_SECONDS: Final = 3 * START_SECONDS


@dataclass(frozen=True)
class Task:
    """What to do.

    Attributes:
        contender: which spawner.
        namespace: where.
        count: starts at the same moment.
        progress: whether a page follows each start.
        hold_seconds: of rest before the stops.
        prefix: of people's names.
        port: of the environments.
        folder: for what has to be written.
        cycles: how many times to start and stop, with the same people.
    """

    contender: str
    namespace: str
    count: int
    progress: bool
    hold_seconds: float
    prefix: str
    port: int
    folder: str
    cycles: int = 1


@dataclass
class Outcome:
    """What was seen; times in seconds, those of the monotonic clock absolute.

    Attributes:
        noticed: when the spawner said that the environment is there, by pod.
        waited: from the request until JupyterHub has reached it, by pod.
        errors: how many starts failed, by what was said.
        stop_errors: the same for stops.
        start_cpu: processor time from the first request to the end of the last start.
        cpu: processor time in all.
        requests: by phase (``start``, ``rest``, ``stop``), then by verb and kind.
        lag_p99, lag_max: of the event loop.
        memory_before, memory_peak: bytes.
        memory_after: bytes, after each cycle.
    """

    noticed: dict[str, float] = field(default_factory=dict)
    waited: dict[str, float] = field(default_factory=dict)
    errors: dict[str, int] = field(default_factory=dict)
    stop_errors: dict[str, int] = field(default_factory=dict)
    start_cpu: float = 0.0
    cpu: float = 0.0
    requests: dict[str, dict[str, int]] = field(default_factory=dict)
    lag_p99: float = 0.0
    lag_max: float = 0.0
    memory_before: int = 0
    memory_peak: int = 0
    memory_after: list[int] = field(default_factory=list)


async def measure(task: Task) -> Outcome:
    """Do it."""
    requests, lag, outcome = RequestCount(), LoopLag(), Outcome()
    requests.install()
    contender = Contender(task.contender, task.namespace, task.port, Path(task.folder))
    spawners = [contender.make(f"{task.prefix}-{number}") for number in range(task.count)]
    # a hub has been watching for long when somebody asks for a start
    await spawners[0]._start_watching_pods()
    await spawners[0]._start_watching_events()
    outcome.memory_before = memory_bytes("VmRSS")
    if task.cycles == 1:
        lag.start()  # its record grows, and over many cycles would be taken for the spawner's memory
    cpu = time.process_time()
    for _ in range(task.cycles):
        await _cycle(task, spawners, requests, outcome)
        outcome.memory_after.append(memory_bytes("VmRSS"))
    lag.stop()
    outcome.cpu = time.process_time() - cpu
    outcome.lag_p99, outcome.lag_max = lag.percentile(0.99), max(lag.late, default=0.0)
    outcome.memory_peak = memory_bytes("VmHWM")
    return outcome


async def _cycle(task: Task, spawners: list[Any], requests: RequestCount, outcome: Outcome) -> None:
    before, cpu = requests.by_what.copy(), time.process_time()
    starts = [_start(spawner, outcome, progress=task.progress) for spawner in spawners]
    started = await do_all(starts, outcome.errors)
    outcome.start_cpu += time.process_time() - cpu
    outcome.requests["start"], before = requests.since(before), requests.by_what.copy()
    await asyncio.sleep(task.hold_seconds)
    outcome.requests["rest"], before = requests.since(before), requests.by_what.copy()
    running = [spawner for spawner, is_up in zip(spawners, started, strict=True) if is_up]
    await do_all([_stop(spawner, outcome) for spawner in running], outcome.stop_errors)
    outcome.requests["stop"] = requests.since(before)


async def do_all(what: list[Coroutine[Any, Any, Any]], errors: dict[str, int]) -> list[Any]:
    """Do all at once, and count what does not end: JupyterHub would wait for it for ever, a measurement does not."""
    tasks = [asyncio.create_task(one) for one in what]
    _, hung = await asyncio.wait(tasks, timeout=END_SECONDS) if tasks else (set(), set())
    if hung:
        errors["did not end"] = errors.get("did not end", 0) + len(hung)
    return [task.result() if task.done() else None for task in tasks]


async def _start(spawner: Any, outcome: Outcome, *, progress: bool) -> bool:
    """Start as `jupyterhub.user.User.spawn` does; a start that fails is cleared up as there."""
    asked = time.monotonic()
    try:
        spawner.clear_state()
        spawner.user_options = {}
        spawner._spawn_pending = True
        await spawner._run_apply_user_options(spawner.user_options)
        await maybe_future(spawner.run_pre_spawn_hook())
        future = asyncio.ensure_future(spawner.start())
        spawner.user.db.commit()
        if progress:
            _PAGES.add(page := asyncio.create_task(_follow(spawner, future)))
            page.add_done_callback(_PAGES.discard)
        url = await asyncio.wait_for(future, START_SECONDS)
        outcome.noticed[spawner.pod_name] = time.monotonic()
        await wait_for_http_server(f"{url}/api", timeout=30)
    except Exception as error:  # noqa: BLE001 - every way to fail is counted
        _count(outcome.errors, error)
        await _stop(spawner, outcome)
        return False
    finally:
        spawner._spawn_pending = False
    outcome.waited[spawner.pod_name] = time.monotonic() - asked
    return True


async def _follow(spawner: Any, future: asyncio.Future[Any]) -> None:
    """Read a start's progress as the hub does for a page."""
    # JupyterHub's own way to end such a generator may fail when it is busy; a page then just ends
    with contextlib.suppress(RuntimeError):
        async for event in iterate_until(future, spawner._generate_progress()):
            json.dumps(event)


async def _stop(spawner: Any, outcome: Outcome) -> None:
    """Stop as `jupyterhub.user.User.stop` does."""
    try:
        if await spawner.poll() is None:
            await spawner.stop()
    except Exception as error:  # noqa: BLE001 - every way to fail is counted
        _count(outcome.stop_errors, error)
    finally:
        spawner.clear_state()


def _count(errors: dict[str, int], error: Exception) -> None:
    """Count an error by what it says, without what differs from start to start."""
    words = f"{type(error).__name__}: {getattr(error, 'log_message', None) or error}"[:60]
    errors[words] = errors.get(words, 0) + 1


def main() -> None:
    """Do what the argument says, and print what was seen."""
    get_logger().setLevel(logging.INFO)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO)
    outcome = asyncio.run(measure(Task(**json.loads(sys.argv[1]))))
    print(json.dumps(asdict(outcome)), flush=True)
    os._exit(0)  # spawners leave tasks and connections, which nobody has to end one by one


if __name__ == "__main__":
    main()
