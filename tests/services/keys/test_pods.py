"""Whose environments there are."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from kubernetes_asyncio.client import ApiClient, Configuration, CoreV1Api

from swish_spawner.adapters.kubernetes.requests import Patience
from swish_spawner.core import labels
from swish_spawner.core.ssh_log.stream import COMPONENT, ENVIRONMENTS
from swish_spawner.errors import Unavailable
from swish_spawner.services.keys.pods import SshPods
from tests.fake_api import FakeApi


def run_environment(
    api: FakeApi,
    namespace: str,
    user: str,
    *,
    ssh: str = "sidecar",
    phase: str = "Running",
    component: str = ENVIRONMENTS,
) -> None:
    """Let an environment be there."""
    name = f"{user}-{ssh}-{phase}-{component}".lower()
    marks = {labels.USER: user} | ({labels.SSH: ssh} if ssh else {})
    metadata = {"namespace": namespace, "name": name, "labels": {COMPONENT: component}, "annotations": marks}
    api.objects["pods"][f"{namespace}/{name}"] = {"metadata": metadata, "status": {"phase": phase}}


@pytest.fixture
async def pods(api: FakeApi) -> AsyncIterator[SshPods]:
    """What is tested."""
    async with ApiClient(Configuration(host=api.url)) as client:
        yield SshPods(CoreV1Api(client), Patience(request_seconds=1, answer_seconds=1))


async def test_people_are_named_by_their_pods(api: FakeApi, pods: SshPods) -> None:
    """Exactly as the hub spells them; those that begin count, too."""
    run_environment(api, "one", "Ada L")
    run_environment(api, "one", "grace", ssh="notebook", phase="Pending")
    assert await pods.people("one") == {"Ada L", "grace"}


@pytest.mark.parametrize("other", [{"ssh": ""}, {"phase": "Failed"}, {"phase": "Succeeded"}, {"component": "hub"}])
async def test_what_cannot_be_entered_does_not_count(api: FakeApi, pods: SshPods, other: dict[str, str]) -> None:
    """Nor what is no environment."""
    run_environment(api, "one", "ada", **other)
    assert not await pods.people("one")


async def test_each_namespace_is_asked_once(api: FakeApi, pods: SshPods) -> None:
    """And none for another."""
    run_environment(api, "one", "ada")
    assert [await pods.people(namespace) for namespace in ("one", "one", "two")] == [{"ada"}, {"ada"}, frozenset()]
    assert api.requests["LIST pods"] == 2


async def test_a_refusal_is_no_answer(api: FakeApi, pods: SshPods) -> None:
    """Nobody is taken for away."""
    api.failures["LIST pods"] = [(403, "the role is narrower")]
    with pytest.raises(Unavailable, match="Pods in one cannot be seen: the role is narrower"):
        await pods.people("one")
