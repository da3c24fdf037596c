"""A SwishSpawner without a hub or a cluster: the real class, with no API client; and a real hub without a cluster."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from kubernetes_asyncio.client import Configuration
from kubespawner import clients
from traitlets.config import Config

from swish_spawner.hub.launch.spawner import SwishSpawner
from swish_spawner.hub.shared.shared import Shared, shared_of
from tests.conftest import WIDE_POLICY
from tests.fake_api import FakeApi, serve, served_beside
from tests.real_hub import Hub, running_hub

#: By which hub a test of a running environment goes on: it runs once with each.
HUBS = ("the same hub", "the hub after it")


class Process:
    """A hub's process, as far as spawners see it.

    Attributes:
        settings: of the hub; what all its spawners have in common stands in them.
    """

    def __init__(self) -> None:
        self.settings: dict[str, Any] = {}

    @property
    def shared(self) -> Shared:
        """What all spawners of the hub have in common."""
        return shared_of(self.settings)

    async def end(self) -> None:
        """End; the next one has settings of its own, and knows nothing."""
        await self.shared.nodes.stop()
        await self.shared.node_looks.stop()
        await SwishSpawner._stop_all_reflectors()
        self.settings = {}


@pytest.fixture
def process() -> Process:
    """The process of the hub that tests' spawners are of."""
    return Process()


@pytest.fixture
def make_spawner(monkeypatch: pytest.MonkeyPatch, process: Process) -> Callable[..., SwishSpawner]:
    """Make spawners; each takes a user name, groups, options, a server name and traits of KubeSpawner."""
    # KubeSpawner looks for a cluster when it is made; no test here talks to one.
    monkeypatch.setattr("kubespawner.spawner.load_config", lambda **_: None)
    monkeypatch.setattr("kubespawner.spawner.shared_client", lambda *_: None)

    def make(
        name: str = "ada", groups: tuple[str, ...] = ("imaging",), options: Any = None, server: str = "", **traits: Any
    ) -> SwishSpawner:
        config = Config({"SwishSpawner": {"policy_path": str(WIDE_POLICY)} | traits})
        members = [SimpleNamespace(name=group) for group in groups]
        user = SimpleNamespace(name=name, id=1, url="/user/x/", groups=members, settings=process.settings)
        orm_spawner = SimpleNamespace(name=server, server=None)
        spawner = SwishSpawner(config=config, user=user, orm_spawner=orm_spawner, _mock=True)
        spawner.user_options = {} if options is None else options
        user.spawner = spawner
        return spawner

    return make


@pytest.fixture
async def api(monkeypatch: pytest.MonkeyPatch, process: Process) -> AsyncIterator[FakeApi]:
    """An API server in memory."""
    async with serve(FakeApi()) as served:
        monkeypatch.setattr(Configuration, "_default", Configuration(host=served.url))
        yield served
        await process.end()
        for client in list(clients._client_cache.values()):
            await client.api_client.close()
        clients._client_cache.clear()


@pytest.fixture
def launch(
    make_spawner: Callable[..., SwishSpawner], api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., SwishSpawner]]:
    """Make spawners that talk to the API server in memory."""
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
        spawner.current.leave()


async def begin(spawner: SwishSpawner) -> asyncio.Future[str]:
    """Begin a start as the hub does, up to what it waits for."""
    token = spawner.api_token
    spawner.clear_state()
    spawner.api_token = token
    await spawner._run_apply_user_options(spawner.user_options)
    started: asyncio.Future[str] = spawner.start()
    return started


@pytest.fixture(params=HUBS)
def running(
    request: pytest.FixtureRequest, launch: Callable[..., SwishSpawner], api: FakeApi, process: Process
) -> Callable[..., Awaitable[SwishSpawner]]:
    """Start environments; each test with this runs a second time on a hub that came after the one that started them."""

    async def start(*args: Any, **kwargs: Any) -> SwishSpawner:
        spawner = launch(*args, **kwargs)
        await (await begin(spawner))
        if request.param == "the same hub":
            return spawner
        await process.end()
        api.requests.clear()
        later = launch(*args, **kwargs)
        later.load_state(spawner.get_state())
        assert await later.poll() is None
        return later

    return start


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
