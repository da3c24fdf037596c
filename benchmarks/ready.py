"""What becomes of environments that run while their hub ends, begins again and cannot write.

python -m benchmarks.faults --ready

The same environments, one of each kind, run through all trials: a real hub is killed, upgraded, or gets another
database, and meanwhile the API server refuses, or delays, whatever it would make, change or delete. None of them may
end, no volume may go, and at last each is stopped with all the time that it says it needs.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import shutil
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.api_server import ApiServer, is_ready
from benchmarks.control_plane import ETC
from benchmarks.fault_proxy import FaultProxy
from benchmarks.hub_process import Hub

RESULTS: Final = Path(__file__).parent / "ready_results.json"
POLICY: Final = ETC / "policy-ready.yaml"
#: What each person launches.
KINDS: Final[dict[str, dict[str, Any]]] = {
    "general": {"pool": "general"},
    "general-ssh": {"pool": "general", "ssh": True},
    "beside-ssh": {"pool": "beside", "ssh": True},
    "high-memory": {"pool": "high-memory"},
    "high-memory-ssh": {"pool": "high-memory", "ssh": True},
    "gpu": {"gpu": "nvidia-t4"},
    "gpu-ssh": {"gpu": "nvidia-t4", "ssh": True},
}
_WRITES: Final = ("POST *", "PUT *", "PATCH *", "DELETE *")
#: How long a hub that began is left with the fault (seconds); the sweeper takes what is older than ten for old.
_LEFT: Final = 12.0
_MANY: Final = 10**6


@dataclass
class ReadyTrial:
    """What came of one end and one fault.

    Attributes:
        end: how the hub ended.
        fault: what became of its writes after that.
        running: how many environments ran before.
        ended: pods that are gone, or are about to go.
        lost: volumes that are gone, or are other ones.
        cut: deletions that gave a pod another time to end than it says that it needs.
        seconds: until it was counted.
    """

    end: str
    fault: str
    running: int
    ended: int = 0
    lost: int = 0
    cut: int = 0
    seconds: float = 0.0


@dataclass
class Site:
    """What trials use.

    Attributes:
        cluster: the API server, asked directly.
        proxy: before it, as the hub sees it.
        hub: the hub.
        namespace: of the environments.
        before: a copy of the hub's database of before anybody had launched.
    """

    cluster: ApiServer
    proxy: FaultProxy
    hub: Hub
    namespace: str
    before: Path

    async def uids(self, kind: str) -> dict[str, str]:
        """Return the uid of each object of a kind that is not about to go, by its name."""
        found = (await self.cluster.ask("GET", f"/api/v1/namespaces/{self.namespace}/{kind}"))["items"]
        return {
            one["metadata"]["name"]: one["metadata"]["uid"]
            for one in found
            if "deletionTimestamp" not in one["metadata"]
        }


async def killed(site: Site) -> None:
    """As by a lost node."""
    site.hub.kill()


async def upgraded(site: Site) -> None:
    """As `helm upgrade` does it."""
    await site.hub.upgrade()


async def renewed(site: Site) -> None:
    """Its database is gone with its volume."""
    site.hub.kill()
    site.hub.database.unlink()


async def restored(site: Site) -> None:
    """Its database is one of before anybody had launched."""
    site.hub.kill()
    shutil.copy(site.before, site.hub.database)


ENDS: Final[dict[str, Callable[[Site], Awaitable[None]]]] = {
    "killed": killed,
    "upgraded": upgraded,
    "killed, with a new database": renewed,
    "killed, with a database of before": restored,
}
#: What becomes of each write, by status and words; none is nothing.
FAULTS: Final[dict[str, tuple[int, str] | None]] = {
    "nothing else": None,
    "403, a quota is full": (403, "exceeded quota: team, requested: count/secrets=1, used: 9, limited: 9"),
    "403, the role is narrower": (403, "is forbidden: User cannot do this in the namespace"),
    "409": (409, "Operation cannot be fulfilled on resourcequotas: the object has been modified"),
    "429": (429, "too many requests"),
    "500, a webhook is away": (500, "failed calling webhook: context deadline exceeded"),
    "4 s late": None,
}


def plan() -> Iterator[tuple[str, str]]:
    """Yield each end with each fault."""
    yield from itertools.product(ENDS, FAULTS)


async def launch_all(site: Site) -> None:
    """Have everybody's environment run.

    Raises:
        TimeoutError: one does not.
    """
    await asyncio.gather(*(site.hub.launch(user, options) for user, options in KINDS.items()))
    async with asyncio.timeout(120):
        while not all(server["ready"] for server in (await site.hub.servers()).values()):
            await asyncio.sleep(0.2)
    if not all(map(is_ready, await site.cluster.pods(site.namespace))):
        raise TimeoutError("a pod is not ready")


async def ready_trial(site: Site, end: str, fault: str) -> ReadyTrial:
    """End the hub, let it begin with a fault, and count what is there after a while."""
    begun, pods, claims = time.monotonic(), await site.uids("pods"), await site.uids("persistentvolumeclaims")
    kept = shutil.copy(site.hub.database, site.hub.database.with_suffix(".kept"))
    deleted = len(site.proxy.deletions)
    await ENDS[end](site)
    break_writes(site.proxy, fault)
    await site.hub.start()
    await asyncio.sleep(_LEFT / 2)
    # a hub that does not know of it is asked for one of that name
    await site.hub.launch("general", KINDS["general"])
    await asyncio.sleep(_LEFT / 2)
    for _ in range(2):
        await site.hub.sweep()
        await asyncio.sleep(2.5)
    found = ReadyTrial(end, fault, len(pods))
    found.ended = len(pods.items() - (await site.uids("pods")).items())
    found.lost = len(claims.items() - (await site.uids("persistentvolumeclaims")).items())
    found.cut = sum("gracePeriodSeconds" in one for one in site.proxy.deletions[deleted:])
    found.seconds = round(time.monotonic() - begun, 1)
    site.proxy.heal()
    # the next trial begins with a hub that knows what runs
    site.hub.kill()
    shutil.copy(kept, site.hub.database)
    await site.hub.start()
    return found


def break_writes(proxy: FaultProxy, fault: str) -> None:
    """Let what somebody would make, change or delete meet a fault, until the proxy is healed."""
    if "late" in fault:
        proxy.faults.latency_seconds = 4
    if answer := FAULTS[fault]:
        status, words = answer
        for what in _WRITES:
            proxy.add(what, "refuse", status=status, words=words, times=_MANY)


async def stop_all(site: Site) -> ReadyTrial:
    """Stop everybody's environment, by a hub that began after they had; none is cut short."""
    begun, running, deleted = time.monotonic(), await site.uids("pods"), len(site.proxy.deletions)
    found = ReadyTrial("stopped at last by their people", "nothing else", len(running))
    await asyncio.gather(*(site.hub.remove(user) for user in KINDS))
    async with asyncio.timeout(120):
        while await site.uids("pods"):
            await asyncio.sleep(0.2)
    found.cut = sum("gracePeriodSeconds" in one for one in site.proxy.deletions[deleted:])
    found.seconds = round(time.monotonic() - begun, 1)
    return found


def keeper(out: Path) -> Callable[[Any], None]:
    """Return what prints a result, a dataclass, and writes it to a file with those before it, as JSON."""
    results: list[dict[str, Any]] = []

    def keep(result: Any) -> None:
        results.append(asdict(result))
        print(json.dumps(results[-1]), flush=True)
        out.write_text(json.dumps(results, indent=0) + "\n")

    return keep


async def run_ready(site: Site, out: Path, repeats: int, only: str = "") -> None:
    """Do all trials, and write down what came of them."""
    shutil.copy(site.hub.database, site.before)
    await launch_all(site)
    keep = keeper(out)
    for _ in range(repeats):
        for end, fault in plan():
            if only in f"{end}, {fault}":
                keep(await ready_trial(site, end, fault))
    keep(await stop_all(site))
