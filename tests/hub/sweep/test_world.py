"""The sweeper sees the pods that the watches know, and the starts that hub and database know."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from jupyterhub import orm
from jupyterhub.app import JupyterHub
from kubespawner import clients
from traitlets.config import Config

from swish_spawner.core import labels
from swish_spawner.core.record import EnvironmentRecord
from swish_spawner.core.upkeep.sweep import Rules
from swish_spawner.hub.launch.spawner import SwishSpawner
from swish_spawner.hub.sweep.sweeper import NotReady, Sweeper
from swish_spawner.hub.sweep.world import HubWorld, observed
from tests.conftest import WIDE_POLICY
from tests.fake_api import FakeApi
from tests.hub.conftest import Process
from tests.hub.launch.test_start import Running

# JupyterHub's own type of column
pytestmark = pytest.mark.filterwarnings("ignore:TypeDecorator JSONDict")

Launch = Callable[..., SwishSpawner]
LONG_AGO = "2026-01-01T00:00:00Z"


@pytest.fixture
def app(process: Process, launch: Launch, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """As much of a hub's application as is looked at, with a database of its own; its spawners have a client."""
    monkeypatch.setattr("kubespawner.spawner.shared_client", clients.shared_client)
    session = orm.new_session_factory("sqlite:///:memory:")()
    config = Config({"SwishSpawner": {"policy_path": str(WIDE_POLICY), "installation": "here", "namespace": "swish"}})
    app = SimpleNamespace(
        http_server=object(),
        db=session,
        spawner_class=SwishSpawner,
        hub=None,
        config=config,
        tornado_settings=process.settings,
    )
    monkeypatch.setattr(JupyterHub, "initialized", lambda: True)
    monkeypatch.setattr(JupyterHub, "instance", lambda: app)
    yield app
    session.close()


@pytest.fixture
async def world(app: SimpleNamespace, running: Running) -> HubWorld:
    """The world of a hub that watches, and one person's environment, whose start is live."""
    await running("ada", installation="here")
    world = HubWorld()
    await watching(world)
    return world


async def watching(world: HubWorld) -> None:
    """Wait until every namespace of the policy is watched."""
    async with asyncio.timeout(10):
        while True:
            try:
                world.observed()
            except NotReady:
                pass
            else:
                watches = list(SwishSpawner.reflectors.values())
                if all(watch.healthy for watch in watches) and ("pods", "swish") in SwishSpawner.reflectors:
                    return
            await asyncio.sleep(0.01)


def add(api: FakeApi, name: str, **stamps: str) -> dict[str, Any]:
    """Add a pod that is nobody's, but for what the stamps say."""
    annotations = {labels.HUB: "here", labels.SPAWN_ID: "dead", labels.USER: "ben", labels.SERVER: "x"} | stamps
    metadata = {"name": name, "namespace": "swish-imaging", "uid": name, "creationTimestamp": LONG_AGO}
    pod = {"metadata": {**metadata, "annotations": annotations}, "spec": {"containers": []}, "status": {}}
    return api.change("pods", "ADDED", pod)


async def seen(world: HubWorld, count: int) -> list[str]:
    """Wait until so many pods are seen, and return their names."""
    async with asyncio.timeout(10):
        while len(pods := world.observed()) != count:  # noqa: ASYNC110 - the watch belongs to code under test
            await asyncio.sleep(0.01)
    return sorted(pod.key for pod in pods)


def stored(app: SimpleNamespace, state: dict[str, Any], *, server: bool) -> None:
    """Put a server into the hub's database."""
    user = orm.User(name="eve")
    spawner = orm.Spawner(name="", user=user, state=state, server=orm.Server() if server else None)
    app.db.add_all([user, spawner])
    app.db.commit()


async def test_every_pod_of_the_installation_is_seen(world: HubWorld, api: FakeApi) -> None:
    """And none of another's, or without stamps."""
    add(api, "lost")
    add(api, "elsewhere", **{labels.HUB: "there"})
    assert await seen(world, 2) == ["swish-imaging/jupyter-ada", "swish-imaging/lost"]


@pytest.mark.claim("sweeper-costs-nothing")
async def test_what_is_watched_is_not_listed(world: HubWorld, api: FakeApi) -> None:
    """One list begins each namespace's watch, whoever needs it first; looks cost no request."""
    await seen(world, 1)
    before = api.requests.copy()
    for _ in range(5):
        world.observed()
        world.desired(asked_again=True)
    await asyncio.sleep(0.1)
    assert api.requests == before
    assert api.requests["LIST pods"] == 2, "the installation's namespace and the team's"


@pytest.mark.claim("sweeper-installation", "sweeper-start")
async def test_only_the_lost_pod_is_removed(world: HubWorld, api: FakeApi) -> None:
    """The live one, another hub's, and those of an older version stay."""
    add(api, "lost")
    add(api, "elsewhere", **{labels.HUB: "there"})
    add(api, "older", **{labels.SPAWN_ID: ""})
    await seen(world, 3)
    sweeper = Sweeper(world, Rules(apart=Rules().apart * 0))
    await sweeper.round()
    report = await sweeper.round()
    assert [pod.key for pod in report.removed] == ["swish-imaging/lost"]
    assert sorted(api.objects["pods"]) == [f"swish-imaging/{name}" for name in ("elsewhere", "jupyter-ada", "older")]


@pytest.mark.claim("sweeper-unchanged")
async def test_a_pod_that_changes_meanwhile_is_left(world: HubWorld, api: FakeApi) -> None:
    """The API server finds that it is not the pod which was judged."""
    add(api, "lost")
    await seen(world, 2)
    judged = next(pod for pod in world.observed() if pod.key.endswith("lost"))
    api.run("lost")
    assert await world.delete(judged) is False
    assert "swish-imaging/lost" in api.objects["pods"]


@pytest.mark.claim("sweeper-grace")
async def test_a_removed_pod_has_its_own_time_to_end(world: HubWorld, api: FakeApi) -> None:
    """Kubernetes is told no other; it is the pod that says how long it needs."""
    add(api, "lost")
    await seen(world, 2)
    assert await world.delete(next(pod for pod in world.observed() if pod.key.endswith("lost")))
    assert api.graces == [None]


@pytest.mark.claim("sweeper-volumes")
async def test_nothing_but_the_pod_is_deleted(world: HubWorld, api: FakeApi) -> None:
    """Whatever else has its name; what the pod owns Kubernetes clears up."""
    add(api, "lost")
    await seen(world, 2)
    sweeper = Sweeper(world, Rules(apart=Rules().apart * 0))
    for _ in range(2):
        await sweeper.round()
    assert {what: times for what, times in api.requests.items() if what.startswith("DELETE")} == {"DELETE pods": 1}
    assert "swish-imaging/claim-ada" in api.objects["persistentvolumeclaims"]


@pytest.mark.claim("sweeper-nobody-works")
@pytest.mark.parametrize(("phase", "works"), [("Running", True), ("Succeeded", False), ("Failed", False)])
def test_nobody_works_in_what_has_ended(phase: str, works: bool) -> None:
    """However long somebody did."""
    metadata = {"name": "a", "namespace": "b", "uid": "c", "resourceVersion": "7", "creationTimestamp": LONG_AGO}
    statuses = [{"name": "notebook", "restartCount": 1, "state": {"terminated": {"exitCode": 0}}}]
    assert observed({"metadata": metadata, "status": {"phase": phase, "containerStatuses": statuses}}).worked is works


@pytest.mark.claim("sweeper-no-live-start")
async def test_a_starts_id_is_live_in_memory(world: HubWorld, process: Process) -> None:
    """From its beginning to its end."""
    assert set(world.desired(asked_again=False).spawn_ids) == process.shared.spawns != set()
    assert all(map(world.is_live, process.shared.spawns))


@pytest.mark.claim("sweeper-no-live-start")
@pytest.mark.parametrize("server", [True, False])
async def test_the_database_says_what_is_live(
    world: HubWorld, app: SimpleNamespace, process: Process, server: bool
) -> None:
    """By each server's state: the start's id, and the pod's name for one that an older version started."""
    process.shared.spawns.clear()
    state = {"swish_spawn_id": "stored", "namespace": "swish", "pod_name": "jupyter-eve"}
    stored(app, state, server=server)
    desired = world.desired(asked_again=True)
    assert ("stored" in desired.spawn_ids, "swish/jupyter-eve" in desired.pods) == (server, server)
    assert "stored" not in world.desired(asked_again=False).spawn_ids


@pytest.mark.claim("sweeper-nobody-works")
async def test_the_database_says_which_starts_are_over(world: HubWorld, app: SimpleNamespace) -> None:
    """Those of which a stop, or a failure, did not see the end."""
    stored(app, EnvironmentRecord(over=("stopped",)).document(), server=False)
    assert world.desired(asked_again=True).over == {"stopped"}
    assert world.desired(asked_again=False).over == set()


@pytest.mark.claim("sweeper-not-ready")
async def test_a_hub_that_has_not_started_is_not_believed(world: HubWorld, app: SimpleNamespace) -> None:
    """It has not read its servers yet."""
    app.http_server = None
    with pytest.raises(NotReady, match="the hub has not started yet"):
        world.desired(asked_again=False)
    assert (await Sweeper(world, Rules()).round()).outcome == "not_ready"


@pytest.mark.claim("sweeper-not-ready")
async def test_a_watch_that_is_not_up_to_date_is_not_believed(world: HubWorld, api: FakeApi) -> None:
    """Its pods may be anybody's by now."""
    for watch in SwishSpawner.reflectors.values():
        await watch.stop()
        watch.connected = False
    with pytest.raises(NotReady, match="no watch of pods is up to date"):
        world.observed()


async def test_a_namespace_that_may_not_be_watched_is_in_no_others_way(
    app: SimpleNamespace, launch: Launch, api: FakeApi
) -> None:
    """It is tried again after a while, not in every round."""
    launch()
    api.failures["LIST pods"] = [(403, "forbidden")]
    world = HubWorld()
    async with asyncio.timeout(10):
        while api.requests["LIST pods"] < 2 or not any(w.healthy for w in SwishSpawner.reflectors.values()):
            try:
                world.observed()
            except NotReady:
                await asyncio.sleep(0.01)
    for _ in range(5):
        world.observed()
        await asyncio.sleep(0.01)
    assert api.requests["LIST pods"] == 2
