"""Nothing that a hub meets when it begins ends an environment that runs, or takes time from its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from jupyterhub.objects import Server
from tornado import web

from swish_spawner.core import labels
from swish_spawner.hub.launch import beside
from swish_spawner.hub.launch.presence import AdoptedServer
from swish_spawner.hub.launch.spawner import SwishSpawner
from tests.fake_api import FakeApi, served_beside
from tests.hub.conftest import Process, begin
from tests.hub.launch.test_rest import CONFIG
from tests.hub.launch.test_start import POD, Running, until
from tests.real_hub import PATIENT, running_hub
from tests.real_hub import until as hub_until

Launch = Callable[..., SwishSpawner]
#: A container that Kubernetes starts again after a while, since it ran out of memory once.
BACK_OFF = {
    "name": "notebook",
    "ready": False,
    "restartCount": 1,
    "state": {"waiting": {"reason": "CrashLoopBackOff"}},
    "lastState": {"terminated": {"reason": "OOMKilled", "exitCode": 137}},
}
POOLS = [{}, {"ssh": True}, {"pool": "high-memory", "memory": "65Gi"}]
REFUSED = [
    (403, "exceeded quota: team, requested: count/secrets=1"),
    (403, "is forbidden: User cannot create resource"),
    (409, "Operation cannot be fulfilled"),
    (429, "too many requests"),
    (500, "failed calling webhook"),
]


async def restarted(launch: Launch, before: SwishSpawner) -> SwishSpawner:
    """Return a server as the hub has it that comes after."""
    again = launch(options=before.user_options)
    again.load_state(before.get_state())
    return again


async def started(launch: Launch, **options: Any) -> SwishSpawner:
    """Start an environment."""
    spawner = launch(options=options)
    await (await begin(spawner))
    return spawner


@pytest.mark.parametrize("options", POOLS, ids=str)
@pytest.mark.parametrize("refused", REFUSED, ids=str)
async def test_a_ready_environment_outlives_refused_writes(
    launch: Launch, api: FakeApi, options: dict[str, Any], refused: tuple[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever cannot be made for it is made later, and said."""
    monkeypatch.setattr(beside, "_PAUSES", (0.01,))
    first = await started(launch, **options)
    await until(lambda: not options.get("ssh") or api.objects["services"])
    for kind in ("secrets", "services", "poddisruptionbudgets", "persistentvolumeclaims", "pods"):
        api.failures[f"POST {kind}"] = [refused] * 99
    second = await restarted(launch, first)
    assert await second.poll() is None
    await asyncio.sleep(0.05)
    assert await second.poll() is None
    assert api.pod(POD)
    assert api.graces == []


async def test_what_was_refused_is_made_later(
    launch: Launch, api: FakeApi, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An environment whose budget is gone has it again, once Kubernetes takes it."""
    monkeypatch.setattr(beside, "_PAUSES", (0.01,))
    first = await started(launch, pool="high-memory", memory="65Gi")
    api.objects["poddisruptionbudgets"].clear()
    api.failures["POST poddisruptionbudgets"] = [(403, "exceeded quota")] * 3
    second = await restarted(launch, first)
    assert await second.poll() is None
    await until(lambda: api.objects["poddisruptionbudgets"])
    assert "exceeded quota" in caplog.text


async def test_an_environment_in_a_back_off_is_left_to_kubernetes(launch: Launch, api: FakeApi) -> None:
    """It was started once, and will be again."""
    first = await started(launch)
    api.run(POD, phase="Running", podIP="127.0.0.1", containerStatuses=[BACK_OFF])
    await until(lambda: (first.seen.now or {})["status"]["containerStatuses"] == [BACK_OFF])
    second = await restarted(launch, first)
    assert await second.poll() is None
    assert api.pod(POD)


@pytest.mark.parametrize("failure", [(403, "forbidden"), (401, "unauthorized"), (404, "no such namespace")])
async def test_who_cannot_be_asked_about_is_there(launch: Launch, api: FakeApi, failure: tuple[int, str]) -> None:
    """A hub whose rights are gone knows nothing of an environment, not that it has ended."""
    first = await started(launch)
    await SwishSpawner._stop_all_reflectors()
    api.failures["LIST pods"] = [failure] * 99
    second = await restarted(launch, first)
    assert await second.poll() is None
    assert api.pod(POD)
    api.failures.clear()
    assert await second.poll() is None
    assert api.pod(POD)


async def test_who_is_not_in_a_list_is_asked_for_by_name(launch: Launch, api: FakeApi) -> None:
    """A list may be of a part, or of before."""
    first = await started(launch)
    second = await restarted(launch, first)
    del second.__class__.reflectors["pods", "swish-imaging"].pods[f"swish-imaging/{POD}"]
    assert await second.poll() is None
    api.failures["GET pods"] = [(403, "forbidden")]
    second.pod_reflector.pods.clear()
    assert await second.poll() is None


async def test_an_environment_that_is_gone_is_gone(launch: Launch, api: FakeApi) -> None:
    """By Kubernetes' own word."""
    first = await started(launch)
    api.gone(POD)
    second = await restarted(launch, first)
    await until(lambda: first.seen.now is None)
    assert await second.poll() == 1


@pytest.mark.parametrize("now", [False, True])
async def test_a_stop_takes_as_long_as_the_pod_says(running: Running, api: FakeApi, now: bool) -> None:
    """Whoever started it, and however long ago: Kubernetes is told nothing else."""
    spawner = await running()
    await spawner.stop(now)
    assert api.graces == [None]
    assert not api.objects["pods"]


async def test_an_environment_that_does_not_answer_is_not_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """JupyterHub would, within `http_timeout` of the hub's start."""

    async def late(*_args: Any, **_kwargs: Any) -> None:
        raise TimeoutError("no answer")

    monkeypatch.setattr(Server, "wait_up", late)
    answer = await AdoptedServer(ip="127.0.0.1", port=1).wait_up(http=True, timeout=0.1)
    assert answer.headers.get("X-JupyterHub-Version") is None


async def test_another_installations_pod_is_left(launch: Launch, api: FakeApi) -> None:
    """Also by the stop that JupyterHub asks for after the start was refused."""
    await (await begin(launch(installation="there")))
    here = launch(installation="here")
    with pytest.raises(web.HTTPError, match="belongs to somebody else"):
        await (await begin(here))
    assert await here.poll() == 1
    await here.stop()
    assert api.pod(POD)["metadata"]["annotations"][labels.HUB] == "there"
    assert api.graces == []


@pytest.mark.claim("lost-ends-by-its-person")
async def test_what_runs_unknown_to_the_hub_ends_at_the_second_word(
    launch: Launch, api: FakeApi, process: Process
) -> None:
    """A hub with a new database does not end it at somebody's first start, but says what would happen."""
    await started(launch)
    process.shared.over.clear()
    spawner = launch()
    with pytest.raises(web.HTTPError, match="still runs, and this hub does not know of it"):
        await (await begin(spawner))
    # as JupyterHub does after a start that failed
    await spawner.poll()
    await spawner.stop()
    spawner.clear_state()
    assert api.graces == []
    await (await begin(spawner))
    assert api.graces == [None]
    await spawner.stop()
    assert api.graces == [None, None]


async def test_what_a_stop_could_not_end_is_over(launch: Launch, api: FakeApi, process: Process) -> None:
    """The hub that comes after ends it at the next start without asking, and the sweeper may remove it."""
    first = await started(launch)
    api.failures["DELETE pods"] = [(403, "no")]
    with pytest.raises(Exception, match="no"):
        await first.stop()
    spawn_id = first.spawn_id
    first.clear_state()
    assert first.get_state()["swish_over"] == [spawn_id]
    process.shared.over.clear()
    again = launch()
    again.load_state(first.get_state())
    assert spawn_id in process.shared.over
    await (await begin(again))
    assert api.pod(POD)["metadata"]["annotations"][labels.SPAWN_ID] == again.spawn_id


async def test_what_is_gone_is_not_remembered(running: Running) -> None:
    """A stop that saw its end leaves nothing to be looked for."""
    spawner = await running()
    await spawner.stop()
    assert "swish_over" not in spawner.get_state()
    assert not spawner.shared.over


def claims(spawner: SwishSpawner, api: FakeApi) -> list[str]:
    """Name the claims that a server's pod mounts."""
    volumes = api.pod(spawner.pod_name)["spec"]["volumes"]
    return [volume["persistentVolumeClaim"]["claimName"] for volume in volumes if "persistentVolumeClaim" in volume]


async def test_a_renamed_server_keeps_its_volume(launch: Launch, api: FakeApi) -> None:
    """And the next server of the old name gets another, which it keeps as well."""
    first = launch(server="a")
    await (await begin(first))
    await first.stop()
    first.clear_state()

    renamed = launch(server="b")
    renamed.load_state(first.get_state())
    renamed.clear_state()
    await (await begin(renamed))
    assert claims(renamed, api) == ["claim-ada--a"]

    again = launch(server="a")
    again.user.orm_spawners = {"b": SimpleNamespace(state=renamed.get_state())}
    await (await begin(again))
    assert claims(again, api) == ["claim-ada--a.2"]
    await again.stop()
    again.clear_state()

    later = launch(server="a")
    later.user.orm_spawners = {"b": SimpleNamespace(state=renamed.get_state())}
    later.load_state(again.get_state())
    later.clear_state()
    await (await begin(later))
    assert claims(later, api) == ["claim-ada--a.2"]


@pytest.mark.claim("hub-restart")
def test_a_hub_that_begins_leaves_all_as_it_is(tmp_path: Path) -> None:
    """A real one, killed and started again: quota, rights and network of an environment are gone by then."""
    more = f"{CONFIG}\nc.KubeSpawner.port = ENVIRONMENTS\nc.Spawner.http_timeout = 1\n"
    key = "swish/jupyter-ada"
    with served_beside(FakeApi()) as api:
        with running_hub(tmp_path, more, api.url) as hub:
            hub.post("users/ada/server", {"user_options": {"ssh": True, "team": "genomics"}})
            hub_until(lambda: hub.ask("GET", "api/users/ada")[1]["servers"].get("", {}).get("ready"))
            hub.process.kill()
        api.failures["POST secrets"] = [(403, "exceeded quota: team, requested: count/secrets=1")] * 50
        statuses = [{"name": "notebook", "ready": True, "state": {"running": {}}}]
        api.beside(lambda: api.run("jupyter-ada", phase="Running", podIP="127.0.0.2", containerStatuses=statuses))
        with running_hub(tmp_path, more, api.url) as hub:
            hub_until(lambda: "is left as it is" in (tmp_path / "log").read_text())
            hub_until(lambda: "exceeded quota" in (tmp_path / "log").read_text())
            assert hub.ask("GET", "api/users/ada")[1]["servers"][""]["ready"]
            assert list(api.objects["pods"]) == [key]
            assert api.graces == []


@pytest.mark.claim("lost-ends-by-its-person")
def test_a_second_word_ends_it_on_a_real_hub(tmp_path: Path) -> None:
    """Which makes a new spawner after each start that failed."""
    more = f"{CONFIG}\nc.KubeSpawner.port = ENVIRONMENTS\nc.JupyterHub.cookie_secret = b'x' * 32\n"
    options = {"user_options": {"team": "genomics"}}
    with served_beside(FakeApi()) as api:
        with running_hub(tmp_path, more, api.url, last=PATIENT) as hub:
            assert hub.post("users/ada/server", options)[0] == 201
            hub.process.kill()
            hub.process.join()
        (tmp_path / "hub.sqlite").unlink()
        with running_hub(tmp_path, more, api.url, last=PATIENT) as hub:
            code, answer = hub.post("users/ada/server", options)
            assert (code, "this hub does not know of it" in answer["message"], api.graces) == (503, True, [])
            hub_until(lambda: not hub.ask("GET", "api/users/ada")[1]["servers"].get("", {}).get("pending"))
            assert hub.post("users/ada/server", options)[0] == 201
            assert api.graces == [None]
