"""What is made beside a pod: for ssh its Secret and its Service, and the budget; what a pod before left is replaced."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from swish_spawner import entrance
from swish_spawner.adapters.cluster import KubernetesCluster
from swish_spawner.spawner import SwishSpawner
from tests.fake_api import FakeApi, Resource
from tests.spawner.test_engine import POD, begin, until

Launch = Callable[..., SwishSpawner]
SSH = {"ssh": True}


def only(api: FakeApi, kind: str) -> Resource:
    """The one object of a kind."""
    (found,) = api.objects[kind].values()
    return found


def owner(api: FakeApi, kind: str) -> str | None:
    """The pod that owns the one object of a kind, by its uid."""
    return next((found["metadata"]["ownerReferences"][0]["uid"] for found in api.objects[kind].values()), None)


def left_by(api: FakeApi, kind: str, name: str, owner: str) -> None:
    """Leave what an earlier pod owned."""
    owners = [{"kind": "Pod", "name": owner, "uid": "earlier"}]
    metadata = {"name": name, "namespace": "swish-imaging", "uid": f"{name}-earlier", "ownerReferences": owners}
    api.change(kind, "ADDED", {"metadata": metadata})


async def started(launch: Launch, **options: Any) -> SwishSpawner:
    """Start an environment with ssh."""
    spawner = launch(options=SSH | options)
    await (await begin(spawner))
    return spawner


async def test_a_start_makes_its_secret_and_its_service(launch: Launch, api: FakeApi) -> None:
    """Both belong to the pod; the Secret has the name that the pod mounts."""
    spawner = await started(launch)
    await until(lambda: api.objects["services"])
    uid = api.pod(POD)["metadata"]["uid"]
    for kind in ("secrets", "services"):
        assert only(api, kind)["metadata"]["ownerReferences"][0]["uid"] == uid
    (volume,) = [v for v in api.pod(POD)["spec"]["volumes"] if v["name"] == "ssh-start"]
    assert volume["secret"]["secretName"] == only(api, "secrets")["metadata"]["name"] == f"ssh-{spawner.spawn_id}"


async def test_without_ssh_nothing_is_made(launch: Launch, api: FakeApi) -> None:
    """A launch without ssh adds nothing."""
    await (await begin(launch()))
    assert not api.objects["secrets"]
    assert not api.requests["POST services"]
    assert "initContainers" not in api.pod(POD)["spec"]


async def test_the_state_tells_how_to_get_in(launch: Launch, api: FakeApi) -> None:
    """With the public host key, which is that of the Secret, and never the private one."""
    state = (await started(launch)).get_state()["swish_ssh"]
    assert state["host_key"] + "\n" == only(api, "secrets")["stringData"]["host_key.pub"]
    assert "PRIVATE" not in str(state)


async def test_the_host_key_outlives_a_stop(launch: Launch) -> None:
    """Nobody is warned of another key."""
    spawner = await started(launch)
    before = spawner.get_state()["swish_ssh"]["host_key"]
    await spawner.stop()
    spawner.clear_state()
    assert "swish_ssh" not in spawner.get_state()
    await (await begin(spawner))
    assert spawner.get_state()["swish_ssh"]["host_key"] == before


async def test_a_refused_service_fails_no_start(
    launch: Launch, api: FakeApi, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is said, and tried again."""
    monkeypatch.setattr(entrance, "_PAUSES", (0.01,))
    api.failures["POST services"] = [(403, "exceeded quota: load balancers")]
    await started(launch)
    await until(lambda: api.objects["services"])
    assert "exceeded quota: load balancers" in caplog.text


async def test_what_nobody_foresaw_of_a_service_is_said(
    launch: Launch, api: FakeApi, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """At once, since no one waits for it; its own words are for the log alone."""
    create = KubernetesCluster.create_owned

    async def broken(self: KubernetesCluster, manifest: Mapping[str, Any]) -> bool:
        if manifest["kind"] == "Service":
            raise KeyError("a field that was always there")
        return await create(self, manifest)

    monkeypatch.setattr(KubernetesCluster, "create_owned", broken)
    spawner = await started(launch)
    await until(lambda: spawner._notices)
    assert spawner._notices[-1].endswith("because its Service was not made; tell an administrator.")
    assert "a field that was always there" in caplog.text


async def test_what_an_earlier_pod_left_is_replaced(launch: Launch, api: FakeApi) -> None:
    """Kubernetes would clear it away under the new pod."""
    left_by(api, "services", "ada", POD)
    left_by(api, "poddisruptionbudgets", POD, POD)
    await started(launch, memory="65Gi")
    await until(lambda: owner(api, "services") == owner(api, "poddisruptionbudgets") == api.pod(POD)["metadata"]["uid"])


async def test_a_service_that_is_not_ours_stays(
    launch: Launch, api: FakeApi, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The person is told, and the start goes on."""
    monkeypatch.setattr(entrance, "_PAUSES", ())
    left_by(api, "services", "ada", "somebody-elses")
    await started(launch)
    await until(lambda: "belongs to something else" in caplog.text)
    assert only(api, "services")["metadata"]["uid"] == "ada-earlier"


async def test_secrets_are_never_read(launch: Launch, api: FakeApi) -> None:
    """The hub has no right to; a request whose answer was lost is found to be done by its conflict."""
    api.lost = ["POST secrets"]
    await started(launch)
    assert api.requests["POST secrets"] == 2
    assert not api.requests["GET secrets"]
