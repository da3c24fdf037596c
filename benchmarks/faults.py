"""Faults while environments start and stop: a real hub, a real API server, and a proxy between them that fails.

python -m benchmarks.faults
python -m benchmarks.faults --only watches --repeats 1

After each trial every environment is ready or has failed in words, and there is a pod for each that is ready and none
besides. What was counted goes to docs/topics/faults.md.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.addresses import POD_NETWORK, every_address
from benchmarks.api_server import ApiServer, api_server_of
from benchmarks.control_plane import ETC, ControlPlane, control_plane
from benchmarks.fault_page import write_page
from benchmarks.fault_proxy import FaultProxy, Rule, fault_proxy
from benchmarks.hub_process import Hub
from benchmarks.processes import free_port
from benchmarks.ready import KINDS, POLICY, Site, keeper, run_ready
from benchmarks.ready import RESULTS as READY_RESULTS
from benchmarks.ready_keys import POLICY as KEYS_POLICY
from benchmarks.ready_keys import RESULTS as KEYS_RESULTS
from benchmarks.ready_keys import run_keys, site_of

RESULTS: Final = Path(__file__).parent / "fault_results.json"
NAMESPACE: Final = "faults"
USERS: Final = tuple(f"user-{number}" for number in range(8))
#: Pods are ready after this long (seconds), so that each phase of a start can be met.
_READY: Final = (1.0, 2.0)
#: How long until everything has come to an end; the spawner's own patience with an API server is 90 seconds.
_SETTLE_SECONDS: Final = 150.0
#: How long requests take to come that belong to starts or stops of the same moment (seconds).
_TOGETHER: Final = 0.5
#: So many pods may be nobody's at once; with more, the sweeper takes it that the hub knows too little.
_LATE: Final = 4
#: How long pods and servers may differ after that, e.g. until the hub has looked at a pod that ended by itself.
_AGREE_SECONDS: Final = 30.0


@dataclass
class Trial:
    """What came of one fault.

    Attributes:
        fault: its name.
        servers: how many were asked for.
        ready: how many are.
        failed: how many are not, by the hub's answer or its word later.
        unsettled: how many still seem to start or stop.
        differ: pods without a ready server, and ready servers without a pod.
        left: pods after all were stopped.
        lost: people whose volume is not there any more, or is another one.
        seconds: until everything had come to an end.
    """

    fault: str
    servers: int = len(USERS)
    ready: int = 0
    failed: int = 0
    unsettled: int = 0
    differ: int = 0
    left: int = 0
    lost: int = 0
    seconds: float = 0.0


@dataclass
class Lab:
    """Everything that a fault may touch."""

    plane: ControlPlane
    cluster: ApiServer
    proxy: FaultProxy
    hub: Hub
    claims: dict[str, str] = field(default_factory=dict)

    async def each(self, act: Callable[[str], Awaitable[int]]) -> Counter[int]:
        """Ask the hub something for everybody at once, and return its answers' statuses."""
        return Counter(await asyncio.gather(*(act(user) for user in USERS)))

    async def settled(self) -> bool:
        """Wait until nothing is pending, and say whether that came."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SETTLE_SECONDS):
                while any(server["pending"] for server in (await self.hub.servers()).values()):
                    await asyncio.sleep(0.2)
                return True
        return False

    async def difference(self) -> set[str]:
        """Return the people whose pod and server do not agree, when there was time to."""
        end = time.monotonic() + _AGREE_SECONDS
        while True:
            servers = {name for name, server in (await self.hub.servers()).items() if server["ready"]}
            pods = {name.removeprefix("jupyter-") for name in await self.cluster.left_behind(NAMESPACE)}
            if not (different := servers ^ pods) or time.monotonic() > end:
                return different
            await asyncio.sleep(0.5)

    async def lost_claims(self) -> int:
        """Count the volumes that are gone or were replaced since they were first seen."""
        path = f"/api/v1/namespaces/{NAMESPACE}/persistentvolumeclaims"
        found = {c["metadata"]["name"]: c["metadata"]["uid"] for c in (await self.cluster.ask("GET", path))["items"]}
        self.claims = {**found, **self.claims}
        return sum(found.get(name) != uid for name, uid in self.claims.items())


Fault = Callable[[Lab], Awaitable[None]]


async def slow(lab: Lab) -> None:
    """Each request takes four seconds."""
    lab.proxy.faults.latency_seconds = 4
    await asyncio.sleep(20)


async def errors(lab: Lab) -> None:
    """Half of all requests are answered 500 to 504 for ten seconds."""
    lab.proxy.faults.error_share = 0.5
    await asyncio.sleep(10)


async def dropped_watches(lab: Lab) -> None:
    """Watches break five times a second for six seconds."""
    for _ in range(30):
        lab.proxy.drop_watches()
        await asyncio.sleep(0.2)


async def expired_watches(lab: Lab) -> None:
    """Watches break each second, and cannot be taken up where they were (410)."""
    for _ in range(6):
        lab.proxy.expire_watches()
        await asyncio.sleep(1)


async def stale_reads(lab: Lab) -> None:
    """Lists are of before the starts, and watches have to begin with a list, for six seconds."""
    lab.proxy.faults.stale = True
    for _ in range(6):
        lab.proxy.expire_watches()
        await asyncio.sleep(1)


async def lost_answers(lab: Lab) -> None:
    """Every request that makes or deletes a pod is carried out, and the connection is reset instead of an answer."""
    lab.proxy.add("POST pods", "lose", times=len(USERS))
    lab.proxy.add("DELETE pods", "lose", times=len(USERS))
    await asyncio.sleep(5)


async def away(lab: Lab) -> None:
    """Nobody answers for fifteen seconds."""
    lab.proxy.faults.away = True
    lab.proxy.drop_watches()
    await asyncio.sleep(15)


async def restarted(lab: Lab) -> None:
    """The API server is killed and started again."""
    await asyncio.sleep(0.5)
    await lab.plane.end_api_server(kill=True)
    await asyncio.sleep(2)
    await lab.plane.start_api_server()


def killed_at(what: str, act: str) -> Fault:
    """Return the fault of a hub that is killed when a request is under way.

    Args:
        what: the request, e.g. ``POST pods``.
        act: ``hold``: it is carried out after the hub's end; ``keep``: it was carried out, unanswered.
    """

    async def fault(lab: Lab) -> None:
        rule = lab.proxy.add(what, act, times=len(USERS))
        await _reached(rule)
        lab.hub.kill()
        lab.proxy.heal()
        await lab.hub.start()

    return fault


def killed_after(seconds: float) -> Fault:
    """Return the fault of a hub that is killed some time after everybody asked."""

    async def fault(lab: Lab) -> None:
        await asyncio.sleep(seconds)
        lab.hub.kill()
        await lab.hub.start()

    return fault


async def late_request(lab: Lab) -> None:
    """The hub is killed, and what it had sent is carried out only when the next hub is up; the sweeper finds it."""
    rule = lab.proxy.add("POST pods", "hold", times=_LATE)
    await _reached(rule)
    lab.hub.kill()
    await lab.hub.start()
    rule.released.set()
    await asyncio.sleep(12)
    for _ in range(2):
        await lab.hub.sweep()
        await asyncio.sleep(3)


async def _reached(rule: Rule) -> None:
    """Wait until a request is held, and a moment more for those that were asked for at the same time."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(rule.reached.wait(), 20)
    await asyncio.sleep(_TOGETHER)


#: Each fault by its name: what happens while everybody starts, and then while everybody stops.
FAULTS: Final[dict[str, tuple[Fault, Fault]]] = {
    "each request takes 4 s": (slow, slow),
    "half of all requests are answered 5xx": (errors, errors),
    "watches are dropped": (dropped_watches, dropped_watches),
    "watches are answered 410": (expired_watches, expired_watches),
    "lists are stale": (stale_reads, stale_reads),
    "connection reset after the request was carried out": (lost_answers, lost_answers),
    "API server away for 15 s": (away, away),
    "API server killed and restarted": (restarted, restarted),
    "hub killed before the volume is made": (
        killed_at("POST persistentvolumeclaims", "hold"),
        killed_after(0.02),
    ),
    "hub killed when the volume is made": (
        killed_at("POST persistentvolumeclaims", "keep"),
        killed_after(0.1),
    ),
    "hub killed before the pod is made": (killed_at("POST pods", "hold"), killed_at("DELETE pods", "hold")),
    "hub killed when the pod is made": (killed_at("POST pods", "keep"), killed_at("DELETE pods", "keep")),
    "hub killed while the pod is pending": (killed_after(1.0), killed_after(0.3)),
    "hub killed while pods get ready": (killed_after(2.0), killed_after(0.2)),
    "hub killed when all are ready": (killed_after(5.0), killed_after(1.0)),
    "hub killed, its request carried out after the restart": (late_request, killed_at("DELETE pods", "hold")),
}


async def trial(lab: Lab, name: str) -> Trial:
    """Start everybody and stop everybody, with a fault in each, and count."""
    found, (starting, stopping), begun = Trial(name), FAULTS[name], time.monotonic()
    await _under(lab, starting, lab.hub.launch)
    found.unsettled += not await lab.settled()
    found.differ = len(await lab.difference())
    servers = await lab.hub.servers()
    found.ready = sum(server["ready"] for server in servers.values())
    found.failed = found.servers - found.ready
    found.lost = await lab.lost_claims()
    await _under(lab, stopping, lab.hub.remove)
    found.unsettled += not await lab.settled()
    await lab.each(lab.hub.remove)  # a stop that the fault made fail is asked for again, as people do
    found.unsettled += not await lab.settled()
    found.left = len(await lab.difference())
    found.lost += await lab.lost_claims()
    found.seconds = round(time.monotonic() - begun, 1)
    await lab.cluster.clear_pods(NAMESPACE)
    return found


async def _under(lab: Lab, fault: Fault, act: Callable[[str], Awaitable[int]]) -> None:
    asked = asyncio.ensure_future(lab.each(act))
    await fault(lab)
    lab.proxy.heal()
    await asked


@contextlib.asynccontextmanager
async def lab(users: Sequence[str] = USERS, policy: Path = ETC / "policy.yaml") -> AsyncIterator[Lab]:
    """Have a control plane, a proxy and a hub until the block ends.

    Args:
        users: everybody there is.
        policy: of the hub.
    """
    port = free_port()
    async with (
        control_plane(ready_seconds=_READY, pod_network=POD_NETWORK) as plane,
        api_server_of(plane) as cluster,
        fault_proxy(plane.url, plane.tls) as proxy,
        every_address(port),
    ):
        await cluster.make_nodes()
        await cluster.make_namespace(NAMESPACE)
        hub = Hub(plane.folder / "hub", plane.kubeconfig(proxy.url), NAMESPACE, users, port, policy)
        try:
            await hub.start()
            yield Lab(plane, cluster, proxy, hub)
        finally:
            await hub.close()


async def run(arguments: argparse.Namespace) -> None:
    """Try every fault, and write down what came of it."""
    keep = keeper(arguments.out or RESULTS)
    async with lab() as found:
        for name in FAULTS:
            for _ in range(arguments.repeats if arguments.only in name else 0):
                keep(await trial(found, name))


async def run_running(arguments: argparse.Namespace) -> None:
    """Try what becomes of environments that run."""
    async with lab(tuple(KINDS), POLICY) as found:
        site = Site(found.cluster, found.proxy, found.hub, NAMESPACE, found.plane.folder / "before.sqlite")
        await run_ready(site, arguments.out or READY_RESULTS, arguments.repeats, arguments.only)


async def run_with_keys(arguments: argparse.Namespace) -> None:
    """Try what becomes of people's keys."""
    async with (
        lab((), KEYS_POLICY) as found,
        site_of(found.cluster, found.proxy, found.hub, found.plane.kubeconfig()) as site,
    ):
        await run_keys(site, arguments.out or KEYS_RESULTS, arguments.repeats, arguments.only)


def main() -> None:
    """Try faults, or write the page of what was counted."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default="", help="only faults whose name holds this text")
    parser.add_argument("--repeats", type=int, default=5, help="how often each, 5 unless told")
    parser.add_argument("--out", type=Path, help="where results go, as JSON")
    parser.add_argument(
        "--ready", action="store_true", help="what becomes of environments that run, in place of starts"
    )
    parser.add_argument("--keys", action="store_true", help="what becomes of people's keys, in place of starts")
    parser.add_argument("--page", action="store_true", help="write the documentation's page from the results")
    arguments = parser.parse_args()
    if arguments.page:
        write_page(RESULTS, READY_RESULTS, KEYS_RESULTS)
    elif arguments.keys:
        asyncio.run(run_with_keys(arguments))
    elif arguments.ready:
        asyncio.run(run_running(arguments))
    else:
        asyncio.run(run(arguments))


if __name__ == "__main__":
    main()
