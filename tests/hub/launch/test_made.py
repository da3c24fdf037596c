"""What is made beside a pod: for ssh its Secret and its Service, and the budget; what a pod before left is replaced."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from swish_spawner.adapters.kubernetes.objects import KubernetesCluster
from swish_spawner.hub.launch import beside
from swish_spawner.hub.launch.made import make_missing
from swish_spawner.hub.launch.spawner import SwishSpawner
from tests.fake_api import FakeApi, Resource
from tests.hub.conftest import begin
from tests.hub.launch.test_start import POD, Running, until

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


@pytest.mark.claim("sweeper-owned")
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


def tokens(pod: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the variables of an environment in which its token is."""
    (notebook,) = (container for container in pod["spec"]["containers"] if container["name"] == "notebook")
    return [variable for variable in notebook["env"] if variable["name"].endswith("_API_TOKEN")]


@pytest.mark.claim("sweeper-owned")
async def test_the_token_is_in_a_secret_of_its_own(
    launch: Launch, api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes with the pod, in which it is not."""
    names = ("JUPYTERHUB_API_TOKEN", "JPY_API_TOKEN")
    monkeypatch.setattr(SwishSpawner, "get_env", lambda self: dict.fromkeys(names, self.api_token))
    spawner = launch()
    spawner.api_token = "the-person-s-token"
    await (await begin(spawner))
    secret = only(api, "secrets")
    assert secret["stringData"] == {"token": "the-person-s-token"}
    assert secret["metadata"]["ownerReferences"][0]["uid"] == api.pod(POD)["metadata"]["uid"]
    assert "the-person-s-token" not in str(api.pod(POD))
    source = {"secretKeyRef": {"name": secret["metadata"]["name"], "key": "token"}}
    assert [variable["valueFrom"] for variable in tokens(api.pod(POD))] == [source] * 2


async def test_a_hub_that_ends_before_the_token_s_secret_is_made(launch: Launch, api: FakeApi) -> None:
    """The one after it makes it, of what the state has until then and no longer."""
    spawner = launch()
    spawner.api_token = "the-person-s-token"
    api.failures["POST secrets"] = [(503, "etcdserver: no leader")] * 99
    start = await begin(spawner)
    await until(lambda: api.objects["pods"])
    state = spawner.get_state()
    assert state["swish_token"] == "the-person-s-token"
    api.failures.clear()
    again = launch()
    again.load_state(state)
    make_missing(again, again.current, api.pod(POD))
    await until(lambda: api.objects["secrets"])
    assert only(api, "secrets")["stringData"] == {"token": "the-person-s-token"}
    await start
    assert "swish_token" not in spawner.get_state()


async def test_the_state_tells_how_to_get_in(running: Running, api: FakeApi) -> None:
    """With the public host key, which is that of the Secret, and never the private one."""
    state = (await running(options=SSH)).get_state()["swish_ssh"]
    assert state["host_key"] + "\n" == only(api, "secrets")["stringData"]["host_key.pub"]
    assert "PRIVATE" not in str(state)


async def test_the_host_key_outlives_a_stop(running: Running) -> None:
    """Nobody is warned of another key."""
    spawner = await running(options=SSH)
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
    monkeypatch.setattr(beside, "_PAUSES", (0.01,))
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
    await until(lambda: spawner.current.notices)
    assert spawner.current.notices[-1].endswith("because its Service was not made; tell an administrator.")
    assert "a field that was always there" in caplog.text


async def test_what_an_earlier_pod_left_is_replaced(launch: Launch, api: FakeApi) -> None:
    """Kubernetes would clear it away under the new pod."""
    left_by(api, "services", "env-ada", POD)
    left_by(api, "poddisruptionbudgets", POD, POD)
    await started(launch, memory="65Gi")
    await until(lambda: owner(api, "services") == owner(api, "poddisruptionbudgets") == api.pod(POD)["metadata"]["uid"])


async def test_a_service_that_is_not_ours_stays(
    launch: Launch, api: FakeApi, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The person is told, and the start goes on."""
    monkeypatch.setattr(beside, "_PAUSES", (60.0,))
    left_by(api, "services", "env-ada", "somebody-elses")
    await started(launch)
    await until(lambda: "belongs to something else" in caplog.text)
    assert only(api, "services")["metadata"]["uid"] == "env-ada-earlier"


async def test_secrets_are_never_read(launch: Launch, api: FakeApi) -> None:
    """The hub has no right to; a request whose answer was lost is found to be done by its conflict."""
    api.lost = ["POST secrets"]
    await started(launch)
    assert api.requests["POST secrets"] == 2
    assert not api.requests["GET secrets"]
