"""Run scenarios: each contender in turn, in a fresh process each time, several times over."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from benchmarks.addresses import POD_NETWORK, every_address
from benchmarks.api_server import ApiServer, Observer, api_server_of
from benchmarks.contenders import NAMES, START_SECONDS
from benchmarks.control_plane import ControlPlane, control_plane
from benchmarks.driver import END_SECONDS, Task
from benchmarks.fault_proxy import FaultProxy, fault_proxy
from benchmarks.processes import end_with_parent, free_port
from benchmarks.scenarios import Scenario

#: How long a pod takes to be ready: as long as a warm start takes on a real node.
READY_SECONDS: Final = (4.0, 6.0)
#: After a run nothing is under way any more, so that what is still there was left behind.
_SETTLE_SECONDS: Final = 5.0
#: Starts and stops end by then, or are given up; the rest is for what surrounds them.
_RUN_SECONDS: Final = 2 * END_SECONDS + START_SECONDS


@dataclass
class Bench:
    """Where scenarios run, and what was seen so far.

    Attributes:
        plane: the API server.
        cluster: its objects.
        proxy: before it.
        port: where every pod's address answers.
        results: everything that was seen, as `benchmarks.report` reads it.
    """

    plane: ControlPlane
    cluster: ApiServer
    proxy: FaultProxy
    port: int
    results: dict[str, Any] = field(default_factory=dict)
    _filled: set[str] = field(default_factory=set)

    async def run(self, scenarios: Sequence[Scenario], repeats: int) -> None:
        """Run scenarios, one after the other."""
        for scenario in scenarios:
            await self._fill(scenario)
            for repeat in range(scenario.repeats(repeats)):
                await self._repeat(scenario, repeat)

    async def _repeat(self, scenario: Scenario, repeat: int) -> None:
        # who goes first changes, so that neither always meets a warmer or a fuller server
        for name in NAMES if repeat % 2 == 0 else reversed(NAMES):
            run = await self._one(scenario, repeat, name)
            self.results["runs"].append(run)
            print(line(scenario, run), flush=True)
        if scenario.latency_seconds == 0 and repeat % 2 == 0:
            self.results["plain"].append({"count": scenario.count, "seconds": await self._plain(scenario)})

    async def _fill(self, scenario: Scenario) -> None:
        if scenario.namespace not in self._filled:
            self._filled.add(scenario.namespace)
            await self.cluster.make_namespace(scenario.namespace, scenario.pods, scenario.events)

    async def _plain(self, scenario: Scenario) -> list[float]:
        """Return how long pods took that nobody spawned, from being made to being ready (seconds)."""
        async with self.cluster.observed(scenario.namespace) as observer:
            await self.cluster.make_plain_pods(scenario.namespace, scenario.count)
            async with asyncio.timeout(START_SECONDS):
                while len(observer.ready) < scenario.count:
                    await asyncio.sleep(0.1)
        await self.cluster.clear(scenario.namespace)
        return [round(ready - observer.made[name], 3) for name, ready in observer.ready.items()]

    async def _one(self, scenario: Scenario, repeat: int, name: str) -> dict[str, Any]:
        self.proxy.faults.latency_seconds = scenario.latency_seconds
        url = self.proxy.url if scenario.latency_seconds else ""
        task = Task(
            contender=name, namespace=scenario.namespace, count=scenario.count, progress=scenario.progress,
            hold_seconds=scenario.hold_seconds, prefix=f"{name[:2]}{repeat}", port=self.port,
            folder=str(self.plane.folder),
        )  # fmt: skip
        async with self.cluster.observed(scenario.namespace) as observer:
            seen = await drive(task, self.plane, url)
            await asyncio.sleep(_SETTLE_SECONDS + 2 * scenario.latency_seconds)
        left = await self.cluster.left_behind(scenario.namespace)
        await self.cluster.clear(scenario.namespace)
        return {"scenario": asdict(scenario), "contender": name, "repeat": repeat, **taken_down(seen, observer, left)}

    async def soak(self, name: str, starts: int, at_once: int = 100) -> None:
        """Start and stop so many times, and take down how much memory is held after each round."""
        await self._fill(Scenario(at_once))
        namespace, folder = Scenario(at_once).namespace, str(self.plane.folder)
        task = Task(name, namespace, at_once, True, 0, f"soak-{name}", self.port, folder, max(starts // at_once, 1))
        seen = await drive(task, self.plane, seconds=60 * task.cycles)
        failed = sum(seen["errors"].values()) + sum(seen["stop_errors"].values())
        memory = [round(size / 2**20, 1) for size in seen["memory_after"]]
        left = len(await self.cluster.left_behind(task.namespace))
        soak = {"contender": name, "at_once": at_once, "memory_mib": memory, "failed": failed, "left": left}
        self.results["soak"].append(soak)
        print(f"{starts} starts by {name}: {memory[0]:.0f} MiB after {at_once}, {memory[-1]:.0f} MiB after all")
        await self.cluster.clear(task.namespace)


def taken_down(seen: dict[str, Any], observer: Observer, left: list[str]) -> dict[str, Any]:
    """Return what is kept of one run.

    Args:
        seen: as the driver prints it.
        observer: what was seen from outside meanwhile.
        left: names of pods that are still there.
    """
    late = [now - observer.ready[name] for name, now in seen["noticed"].items() if name in observer.ready]
    known = [name for name in seen["waited"] if name in observer.ready]
    own = [seen["waited"][name] - (observer.ready[name] - observer.made[name]) for name in known]
    return {
        "own": [round(seconds, 3) for seconds in own],
        # both hear of a change at about the same time, so "before" means at once
        "late": [round(max(seconds, 0.0), 4) for seconds in late],
        "waited": [round(seconds, 3) for seconds in seen["waited"].values()],
        "errors": seen["errors"],
        "stop_errors": seen["stop_errors"],
        "left": len(left),
        **{key: round(seen[key], 4) for key in ("start_cpu", "cpu", "lag_p99", "lag_max")},
        **{key: seen[key] for key in ("requests", "memory_before", "memory_peak")},
    }


async def drive(task: Task, plane: ControlPlane, url: str = "", seconds: float = _RUN_SECONDS) -> dict[str, Any]:
    """Run one measurement in a process of its own and return what it prints.

    Raises:
        RuntimeError: it failed; its log is in the control plane's folder.
    """
    log = plane.folder / f"driver-{task.prefix}.log"
    environment = {**os.environ, "KUBECONFIG": str(plane.kubeconfig(url))}
    argv = [sys.executable, "-m", "benchmarks.driver", json.dumps(asdict(task))]
    with log.open("wb") as stream:
        process = await asyncio.create_subprocess_exec(
            *argv, env=environment, stdout=subprocess.PIPE, stderr=stream, preexec_fn=end_with_parent, limit=2**26
        )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), seconds)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise RuntimeError(f"a measurement failed:\n{log.read_text()[-2000:]}")
    found: dict[str, Any] = json.loads(output)
    return found


def line(scenario: Scenario, run: dict[str, Any]) -> str:
    """Return one run in a line, for whoever watches."""
    waited, late = sorted(run["waited"]), sorted(run["late"])
    failed = f"{sum(run['errors'].values())} failed, {run['left']} left"
    middle = (
        f"ready {waited[len(waited) // 2]:.2f} s, noticed {late[len(late) // 2]:.3f} s late" if late else "none ready"
    )
    cpu = run["start_cpu"] / scenario.count * 1000
    return f"{scenario.name:<44} {run['contender']:<6} {middle}, {cpu:.1f} ms CPU a start, {failed}"


def circumstances(command: str) -> dict[str, Any]:
    """Return what a reader has to know to judge the numbers."""
    model = next((row.split(":")[1].strip() for row in _lines("/proc/cpuinfo") if row.startswith("model name")), "")
    memory = next((int(row.split()[1]) // 2**20 for row in _lines("/proc/meminfo") if row.startswith("MemTotal")), 0)
    packages = ("jupyterhub", "jupyterhub-kubespawner", "kubernetes-asyncio")
    return {
        "when": datetime.now(UTC).date().isoformat(),
        "command": command,
        "processor": model,
        "cores": os.cpu_count(),
        "memory_gib": memory,
        "python": platform.python_version(),
        "ready_seconds": READY_SECONDS,
        "start_seconds": START_SECONDS,
        "versions": {name: version(name) for name in packages},
    }


def _lines(path: str) -> list[str]:
    with contextlib.suppress(OSError):
        return Path(path).read_text().splitlines()
    return []


@contextlib.asynccontextmanager
async def bench(command: str) -> AsyncIterator[Bench]:
    """Have a control plane until the block ends."""
    start, port = time.monotonic(), free_port()
    async with (
        control_plane(ready_seconds=READY_SECONDS, pod_network=POD_NETWORK) as plane,
        api_server_of(plane) as cluster,
        fault_proxy(plane.url, plane.tls) as proxy,
        every_address(port),
    ):
        await cluster.make_nodes()
        print(f"control plane up in {time.monotonic() - start:.1f} s", flush=True)
        empty: dict[str, Any] = {"runs": [], "plain": [], "soak": []}
        yield Bench(plane, cluster, proxy, port, circumstances(command) | empty)


def write(results: dict[str, Any], path: Path) -> None:
    """Write results where they outlive a run that is cut off."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as stream:
        json.dump(results, stream, separators=(",", ":"))
    Path(stream.name).replace(path)
