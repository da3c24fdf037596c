"""A SwishSpawner without a hub or a cluster: the real class, with no API client; and a real hub without a cluster."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from kubernetes_asyncio.client import Configuration, CoreV1Api
from kubespawner import clients
from traitlets.config import Config

from swish_spawner.adapters.kubernetes.node_looks import NodeLooks
from swish_spawner.adapters.kubernetes.nodes import NodeView
from swish_spawner.hub import shared
from swish_spawner.hub.launch.spawner import SwishSpawner
from tests.conftest import WIDE_POLICY
from tests.fake_api import FakeApi, serve, served_beside
from tests.real_hub import Hub, running_hub

#: By which hub a test of a running environment goes on: it runs once with each.
HUBS = ("the same hub", "the hub after it")


@pytest.fixture
def make_spawner(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., SwishSpawner]]:
    """Make spawners; each takes a user name, groups, options, a server name and traits of KubeSpawner."""
    # KubeSpawner looks for a cluster when it is made; no test here talks to one.
    monkeypatch.setattr("kubespawner.spawner.load_config", lambda **_: None)
    monkeypatch.setattr("kubespawner.spawner.shared_client", lambda *_: None)
    monkeypatch.setattr(shared, "NODES", NodeView())
    monkeypatch.setattr(shared, "NODE_LOOKS", NodeLooks())

    def make(
        name: str = "ada", groups: tuple[str, ...] = ("imaging",), options: Any = None, server: str = "", **traits: Any
    ) -> SwishSpawner:
        config = Config({"SwishSpawner": {"policy_path": str(WIDE_POLICY)} | traits})
        user = SimpleNamespace(name=name, id=1, url="/user/x/", groups=[SimpleNamespace(name=g) for g in groups])
        orm_spawner = SimpleNamespace(name=server, server=None)
        spawner = SwishSpawner(config=config, user=user, orm_spawner=orm_spawner, _mock=True)
        spawner.user_options = {} if options is None else options
        user.spawner = spawner
        return spawner

    yield make
    forget()


def forget() -> None:
    """Forget what a hub's process knows in common of all its spawners, as its end does."""
    shared._policy_files.clear()
    shared.USES._by_team.clear()
    shared.SPAWNS.clear()
    shared.OVER.clear()
    shared.NODE_WAITS._by_pool.clear()


@pytest.fixture
async def api(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeApi]:
    """An API server in memory."""
    async with serve(FakeApi()) as served:
        monkeypatch.setattr(Configuration, "_default", Configuration(host=served.url))
        yield served
        await shared.NODES.stop()
        await shared.NODE_LOOKS.stop()
        await SwishSpawner._stop_all_reflectors()
        for client in list(clients._client_cache.values()):
            await client.api_client.close()
        clients._client_cache.clear()


@pytest.fixture
def launch(
    make_spawner: Callable[..., SwishSpawner], api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., SwishSpawner]]:
    """Make spawners that talk to the API server in memory."""
    monkeypatch.setattr("kubespawner.reflector.shared_client", lambda kind: getattr(client_of_watches(), kind))
    monkeypatch.setattr(SwishSpawner, "get_env", lambda _: {})
    monkeypatch.setattr(SwishSpawner, "get_args", lambda _: [])

    made = []

    def make(*args: Any, **kwargs: Any) -> SwishSpawner:
        spawner = make_spawner(*args, k8s_api_request_timeout=2, k8s_api_request_retry_timeout=5, **kwargs)
        spawner.namespace = spawner._installation_namespace = "swish"
        spawner.api = clients.shared_client("CoreV1Api")
        spawner.server = None
        made.append(spawner)
        return spawner

    yield make
    for spawner in made:
        # what is still being made for ssh would meet an API server and a client that are gone
        spawner._entrance.leave()
        spawner._companions.leave()


@pytest.fixture(params=HUBS)
def running(
    request: pytest.FixtureRequest, launch: Callable[..., SwishSpawner], api: FakeApi
) -> Callable[..., Awaitable[SwishSpawner]]:
    """Start environments; each test with this runs a second time on a hub that came after the one that started them."""

    async def start(*args: Any, **kwargs: Any) -> SwishSpawner:
        spawner = launch(*args, **kwargs)
        await spawner._run_apply_user_options(spawner.user_options)
        await spawner.start()
        if request.param == "the same hub":
            return spawner
        await SwishSpawner._stop_all_reflectors()
        forget()
        api.requests.clear()
        later = launch(*args, **kwargs)
        later.load_state(spawner.get_state())
        assert await later.poll() is None
        return later

    return start


def client_of_watches() -> SimpleNamespace:
    """The client that all watches share."""
    api: CoreV1Api = clients.shared_client("CoreV1Api")
    return SimpleNamespace(CoreV1Api=api)


@pytest.fixture(scope="module")
def hub_api() -> Iterator[FakeApi]:
    """An API server for a real hub."""
    with served_beside(FakeApi()) as api:
        yield api


@pytest.fixture(scope="module")
def hub(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, hub_api: FakeApi) -> Iterator[Hub]:
    """A real hub with the module's CONFIG."""
    with running_hub(tmp_path_factory.mktemp("hub"), request.module.CONFIG, hub_api.url) as hub:
        yield hub


@pytest.fixture(params=HUBS)
def go_on(request: pytest.FixtureRequest, hub: Hub) -> Callable[[], None]:
    """Say that an environment of the real hub runs now; the second time that hub is killed, and another goes on."""

    def settled() -> None:
        if request.param != "the same hub":
            hub.restart()

    return settled
