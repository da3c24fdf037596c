"""What becomes of people's keys while the web service, which keeps them, ends, begins again and cannot write.

python -m benchmarks.faults --keys

A real web service beside a real hub. It is killed, alone or with a hub that then has another database, and meanwhile
the API server refuses, or delays, whatever it would change. No list may go, no copy of it where its person works, and
no key may be closed to an environment that runs.
"""

from __future__ import annotations

import asyncio
import itertools
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from kubernetes_asyncio import config
from kubernetes_asyncio.client import ApiClient, Configuration, CoreV1Api

from benchmarks.api_server import ApiServer
from benchmarks.control_plane import ETC
from benchmarks.fault_proxy import FaultProxy
from benchmarks.hub_process import Hub
from benchmarks.ready import FAULTS, break_writes, keeper
from benchmarks.web_process import WebService
from swish_spawner.adapters.kubernetes.requests import Patience
from swish_spawner.adapters.kubernetes.secrets import KeySecrets
from swish_spawner.adapters.policy_file import read_policy
from swish_spawner.core.ssh.key_list import KeptKey, KeyList
from swish_spawner.core.ssh.keys import key_id, parse_public_key, secret_name, secret_names, shard
from swish_spawner.services.keys.store import KeyStore

RESULTS: Final = Path(__file__).parent / "keys_results.json"
POLICY: Final = ETC / "policy-keys.yaml"
HOME: Final = "faults"
APART: Final = "faults-apart"
#: Everybody has a key; these run an environment with ssh, in their team's namespace.
RUNNING: Final = {"ada": "bench", "grace": "apart", "alan": "apart", "mary": "bench"}
PEOPLE: Final = (*RUNNING, *(f"person-{number}" for number in range(8)))
#: Who came within the last hour, and who joined the team with a namespace of its own within it.
NEW: Final = ("ada", "grace")
JOINED: Final = ("grace", "alan")
#: How long a web service that began is left with the fault (seconds): as many rounds, as they go.
_LEFT: Final = 8.0
#: How long it then has to make all right (seconds).
_HEALED: Final = 6.0
_STRANGER: Final = "somebody-else"


@dataclass
class KeysTrial:
    """What came of one end and one fault.

    Attributes:
        end: what ended.
        fault: what became of its writes after that.
        people: how many had keys before.
        lost: people whose list is not kept any more, is set aside, or has other keys.
        closed: people whose environment runs, and does not have their keys any more.
        undone: copies that are still wrong when the fault has gone for a while.
        seconds: until it was counted.
    """

    end: str
    fault: str
    people: int
    lost: int = 0
    closed: int = 0
    undone: int = 0
    seconds: float = 0.0


@dataclass
class Site:
    """What trials use.

    Attributes:
        cluster: the API server, asked directly.
        proxy: before it, as hub and web service see it.
        hub: the hub.
        web: the web service.
        store: the keys, by the API server itself.
        before: a copy of the hub's database of an hour ago.
        lists: everybody's keys, as they are to stay.
        opening: what each environment that runs has of them, likewise.
    """

    cluster: ApiServer
    proxy: FaultProxy
    hub: Hub
    web: WebService
    store: KeyStore
    before: Path
    lists: Mapping[str, Sequence[KeptKey]] = field(default_factory=dict)
    opening: Mapping[str, str] = field(default_factory=dict)

    async def lists_now(self) -> dict[str, Sequence[KeptKey]]:
        """Return the keys of everybody whose list counts."""
        # a store remembers for some seconds what it has read
        fresh = KeyStore(self.store.secrets, HOME, self.store.policy)
        return {one.user: one.current.keys for one in await fresh.lists()}

    async def opening_now(self) -> dict[str, str]:
        """Return the keys that each environment that runs has of its person."""
        found = {}
        for user, team in RUNNING.items():
            items = await self.store.secrets.read(APART if team == "apart" else HOME, secret_name(shard(user)))
            found[user] = items.get(key_id(user), "")
        return found


def people_of(hub: Hub, *, now: bool) -> None:
    """Have the hub know everybody in their groups, or only those of an hour ago in theirs."""
    hub.users = [user for user in PEOPLE if now or user not in NEW]
    hub.groups = {"bench": hub.users, "apart": list(JOINED) if now else []}


async def alone(site: Site) -> None:
    """The hub goes on."""


async def renewed(site: Site) -> None:
    """The hub's database is gone with its volume, and it knows nobody."""
    site.hub.kill()
    site.hub.database.unlink()
    site.hub.users, site.hub.groups = [], {"bench": [], "apart": []}
    await site.hub.start()


async def restored(site: Site) -> None:
    """The hub's database is one of before some came, and before some joined their team."""
    site.hub.kill()
    shutil.copy(site.before, site.hub.database)
    people_of(site.hub, now=False)
    await site.hub.start()


async def away(site: Site) -> None:
    """The hub does not answer."""
    site.hub.kill()


ENDS: Final[dict[str, Callable[[Site], Awaitable[None]]]] = {
    "killed": alone,
    "killed, and the hub is away": away,
    "killed, and the hub has a new database": renewed,
    "killed, and the hub has a database of before": restored,
}


def plan() -> Iterator[tuple[str, str]]:
    """Yield each end with each fault."""
    yield from itertools.product(ENDS, FAULTS)


async def prepare(site: Site) -> None:
    """Have everybody's keys kept and copied, and some environments run.

    Raises:
        TimeoutError: that does not come.
    """
    for namespace in (HOME, APART):
        await site.cluster.make_namespace(namespace)
        for name in secret_names():
            await site.cluster.ask("POST", f"/api/v1/namespaces/{namespace}/secrets", {"metadata": {"name": name}})
    await site.hub.upgrade()
    site.hub.database.unlink()
    people_of(site.hub, now=False)
    await site.hub.start()
    await site.hub.upgrade()
    shutil.copy(site.hub.database, site.before)
    people_of(site.hub, now=True)
    await site.hub.start()
    for user in PEOPLE:
        await site.store.change(user, (), _with_new_key)
    await asyncio.gather(*(site.hub.launch(user, {"team": team, "ssh": True}) for user, team in RUNNING.items()))
    await site.web.start()
    async with asyncio.timeout(120):
        while not all((await site.opening_now()).values()) or not await _all_ready(site.hub):
            await asyncio.sleep(0.5)
    site.lists, site.opening = await site.lists_now(), await site.opening_now()


def _with_new_key(keys: KeyList) -> KeyList:
    public = Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    return keys.with_key(parse_public_key(public.decode()), "laptop", datetime.now(UTC))


async def _all_ready(hub: Hub) -> bool:
    return {name for name, server in (await hub.servers()).items() if server["ready"]} == set(RUNNING)


async def keys_trial(site: Site, end: str, fault: str) -> KeysTrial:
    """Kill the web service while it has something to do, let it begin with a fault, and count after a while."""
    begun, found = time.monotonic(), KeysTrial(end, fault, len(site.lists))
    kept = shutil.copy(site.hub.database, site.hub.database.with_suffix(".kept"))
    site.web.kill()
    await ENDS[end](site)
    break_writes(site.proxy, fault)
    await spoil(site)
    await site.web.start()
    await asyncio.sleep(_LEFT)
    left, opening = await site.lists_now(), await site.opening_now()
    found.lost = sum(left.get(user) != keys for user, keys in site.lists.items())
    found.closed = sum(opening[user] != line for user, line in site.opening.items())
    site.proxy.heal()
    # the next trial begins with a hub that knows everybody
    site.hub.kill()
    shutil.copy(kept, site.hub.database)
    people_of(site.hub, now=True)
    await site.hub.start()
    await asyncio.sleep(_HEALED)
    found.undone = await spoilt(site)
    found.seconds = round(time.monotonic() - begun, 1)
    return found


async def spoil(site: Site) -> None:
    """Leave in every copy what does not belong there, for the web service to take out."""
    for name in secret_names():
        await site.store.secrets.change(APART, name, lambda _: {_STRANGER: "a key that is on no list"})


async def spoilt(site: Site) -> int:
    """Count the copies that have it still."""
    return sum([_STRANGER in await site.store.secrets.read(APART, name) for name in secret_names()])


@asynccontextmanager
async def site_of(cluster: ApiServer, proxy: FaultProxy, hub: Hub, direct: Path) -> AsyncIterator[Site]:
    """Have a web service beside a hub, and people with keys, until the block ends.

    Args:
        cluster: the API server, asked directly.
        proxy: before it.
        hub: of nobody yet.
        direct: a kubeconfig for the API server itself.
    """
    settings, policy = Configuration(), read_policy(POLICY)
    await config.load_kube_config(str(direct), client_configuration=settings)
    async with ApiClient(settings) as client:
        store = KeyStore(KeySecrets(CoreV1Api(client), Patience(5, 10)), HOME, lambda: policy)
        web = WebService(hub.folder.parent / "web", hub.kubeconfig, hub)
        site = Site(cluster, proxy, hub, web, store, hub.folder.parent / "before.sqlite")
        try:
            await prepare(site)
            yield site
        finally:
            web.kill()


async def run_keys(site: Site, out: Path, repeats: int, only: str = "") -> None:
    """Do all trials, and write down what came of them."""
    keep = keeper(out)
    for _, (end, fault) in itertools.product(range(repeats), plan()):
        if only in f"{end}, {fault}":
            keep(await keys_trial(site, end, fault))
