"""A real hub and the real web service beside it, over a Kubernetes API server in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from urllib.parse import quote

import pytest
from kubernetes_asyncio.client import ApiClient, Configuration, CoreV1Api

from swish_spawner.adapters.kubernetes.requests import Patience
from swish_spawner.adapters.kubernetes.secrets import KeySecrets
from swish_spawner.core.policy.values import Policy
from swish_spawner.services.keys.store import KeyStore
from tests.conftest import WIDE_POLICY
from tests.fake_api import FakeApi, serve
from tests.services.real_site import GROUPS, Site, api_of_a_site, running_site, secrets_of


@pytest.fixture(scope="session")
def site_api() -> Iterator[FakeApi]:
    """The API server, with the Secrets that the chart makes."""
    with api_of_a_site() as api:
        yield api


@pytest.fixture(scope="session")
def shared_site(tmp_path_factory: pytest.TempPathFactory, site_api: FakeApi) -> Iterator[Site]:
    """An installation for all modules that leave it as it was."""
    with running_site(tmp_path_factory.mktemp("site"), WIDE_POLICY, site_api, GROUPS) as site:
        yield site


@pytest.fixture(scope="module")
def site(shared_site: Site) -> Iterator[Site]:
    """An installation without keys; ada and grace are in a team with a namespace of its own."""
    yield shared_site
    for person in ("ada", "grace", "alan"):
        token = shared_site.token(person)
        for key in shared_site.ask("GET", "api/keys", token=token)[1]["keys"]:
            shared_site.ask("DELETE", f"api/keys/{quote(key['fingerprint'], safe='')}", token=token)


@pytest.fixture
async def api() -> AsyncIterator[FakeApi]:
    """An API server with the chart's Secrets."""
    async with serve(FakeApi()) as api:
        secrets_of(api, "swish", "swish-imaging")
        yield api


@pytest.fixture
async def store(api: FakeApi, policy: Policy) -> AsyncIterator[KeyStore]:
    """What is tested; the team imaging has a namespace of its own."""
    async with ApiClient(Configuration(host=api.url)) as client:
        secrets = KeySecrets(CoreV1Api(client), Patience(request_seconds=2, answer_seconds=5))
        yield KeyStore(secrets, "swish", lambda: policy)
