"""A start is driven by what Kubernetes says, and leaves no pod that no server knows."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tornado import web

from swish_spawner.core import labels
from swish_spawner.hub.launch.spawner import SwishSpawner
from tests.fake_api import FakeApi
from tests.hub.conftest import Process, begin

#: A container whose image has no valid name.
BROKEN = {"name": "notebook", "ready": False, "restartCount": 0, "state": {"waiting": {"reason": "InvalidImageName"}}}

Launch = Callable[..., SwishSpawner]
Running = Callable[..., Awaitable[SwishSpawner]]
POD = "jupyter-ada"


async def until(what: Callable[[], Any]) -> None:
    """Give other tasks their turns until something is so."""
    async with asyncio.timeout(10):
        while not what():  # noqa: ASYNC110 - what is waited for belongs to code under test
            await asyncio.sleep(0.005)


async def test_a_start_returns_the_pods_address(launch: Launch) -> None:
    """It is the pod's own, at KubeSpawner's port."""
    assert await (await begin(launch())) == "http://127.0.0.1:8888"


async def test_a_start_is_one_request_for_the_pod(launch: Launch, api: FakeApi) -> None:
    """Besides the home's claim; readiness comes by the watch."""
    spawner = launch()
    await (await begin(spawner))
    await until(lambda: api.requests["WATCH events"])  # the first start's own
    before = api.requests.copy()
    second = launch("grace")
    await (await begin(second))
    assert api.requests - before == {"POST persistentvolumeclaims": 1, "POST pods": 1}


async def test_nothing_is_listed_again(launch: Launch, api: FakeApi) -> None:
    """Twenty starts and stops need the first lists alone."""
    for number in range(20):
        spawner = launch(f"person-{number}")
        await (await begin(spawner))
        await spawner.stop()
    assert api.requests["LIST pods"] == 1
    assert not api.objects["pods"]


async def test_a_start_waits_for_the_pod_to_run(launch: Launch, api: FakeApi) -> None:
    """It ends when the watch says so."""
    api.runs = False
    started = await begin(launch())
    await until(lambda: api.objects["pods"])
    assert not started.done()
    api.run(POD)
    assert await started


@pytest.mark.claim("sweeper-stamps")
async def test_the_pod_says_whose_it_is(launch: Launch, api: FakeApi) -> None:
    """By annotations that hold the start's id."""
    spawner = launch()
    await (await begin(spawner))
    annotations = api.pod(POD)["metadata"]["annotations"]
    assert annotations[labels.SPAWN_ID] == spawner.spawn_id
    assert annotations[labels.HUB] == spawner.installation
    assert spawner.get_state()["swish_spawn_id"] == spawner.spawn_id in spawner.shared.spawns


async def test_the_starts_id_is_kept_before_anything_is_made(launch: Launch, api: FakeApi) -> None:
    """It is in the hub's database when JupyterHub commits, which it does as soon as the start has begun."""
    spawner = launch()
    started = await begin(spawner)
    assert spawner.orm_spawner.state["swish_spawn_id"] == spawner.spawn_id
    assert not api.requests
    await started


async def test_a_request_whose_answer_is_lost_is_found_to_be_done(launch: Launch, api: FakeApi) -> None:
    """The pod that it made is taken, not replaced."""
    api.lost = ["POST pods"]
    assert await (await begin(launch()))
    assert api.requests["POST pods"] == 2
    assert api.requests["DELETE pods"] == 0


async def test_a_slow_api_server_makes_one_pod(launch: Launch, api: FakeApi) -> None:
    """A request that takes longer than its time is tried again, and the pod is the first one's."""
    spawner = launch()
    await spawner._start_watching_pods()
    api.lost = ["POST pods"] * 2
    await (await begin(spawner))
    assert list(api.objects["pods"]) == [f"swish-imaging/{POD}"]


@pytest.mark.parametrize("status", [500, 503, 429])
async def test_errors_of_the_api_server_are_tried_again(launch: Launch, api: FakeApi, status: int) -> None:
    """A burst of them ends no start."""
    api.failures["POST pods"] = [(status, "busy")] * 2
    assert await (await begin(launch()))


async def test_a_quotas_bookkeeping_conflict_is_tried_again(launch: Launch, api: FakeApi) -> None:
    """Many pods at once collide on their quota, which is no pod of that name."""
    api.failures["POST pods"] = [(409, "Operation cannot be fulfilled on resourcequotas")]
    assert await (await begin(launch()))
    assert api.requests["DELETE pods"] == 0


async def test_an_earlier_pod_of_that_name_is_replaced(launch: Launch, api: FakeApi) -> None:
    """One that an earlier start left is ended first."""
    first = launch()
    await (await begin(first))
    first.set_over(first.spawn_id)
    second = launch()
    assert await (await begin(second))
    assert api.requests["DELETE pods"] == 1
    assert api.pod(POD)["metadata"]["annotations"][labels.SPAWN_ID] == second.spawn_id


async def test_somebody_elses_pod_of_that_name_is_left(launch: Launch, api: FakeApi) -> None:
    """The start is refused, and the pod is still there."""
    await (await begin(launch()))
    pod = api.pod(POD)
    pod["metadata"]["annotations"][labels.USER] = "somebody"
    started = await begin(launch())
    with pytest.raises(web.HTTPError, match="belongs to somebody else"):
        await started
    assert api.pod(POD) == pod


async def test_a_refused_pod_leaves_nothing(launch: Launch, api: FakeApi, process: Process) -> None:
    """The refusal is an answer in words."""
    api.failures["POST pods"] = [(403, 'pods "x" is forbidden: violates PodSecurity')]
    started = await begin(launch())
    with pytest.raises(web.HTTPError, match="violates PodSecurity"):
        await started
    assert not process.shared.spawns


async def test_an_api_server_that_is_away_is_said(launch: Launch, api: FakeApi) -> None:
    """After the patience is used up, in words, and not as a failure of the hub's."""
    spawner = launch()
    await spawner._start_watching_pods()
    api.failures["POST persistentvolumeclaims"] = [(503, "etcdserver: no leader")] * 99
    spawner.k8s_api_request_retry_timeout = 1
    started = await begin(spawner)
    with pytest.raises(web.HTTPError, match="does not answer") as caught:
        await started
    assert caught.value.status_code == 503


@pytest.mark.claim("start-leaves-no-pod")
async def test_cancelling_leaves_nothing(launch: Launch, api: FakeApi, process: Process) -> None:
    """A start that is taken back ends at once, as JupyterHub wants it, and the stop that follows removes its pod."""
    api.runs = False
    spawner = launch()
    started = await begin(spawner)
    await until(lambda: api.objects["pods"])
    started.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await started
    assert await spawner.poll() is None
    await spawner.stop()
    assert not api.objects["pods"]
    assert not process.shared.spawns


async def test_cancelling_while_the_pod_is_being_made_leaves_nothing(launch: Launch, api: FakeApi) -> None:
    """A request that is under way is waited for, so that what it makes is known."""
    spawner = launch()
    await spawner._start_watching_pods()
    await spawner._start_watching_events()
    api.slow_seconds = 0.2
    started = await begin(spawner)
    await until(lambda: api.requests["POST pods"])
    started.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await started
    await spawner.stop()
    assert api.requests["DELETE pods"] == 1
    assert not api.objects["pods"]


async def test_a_pod_deleted_by_somebody_ends_the_start(launch: Launch, api: FakeApi) -> None:
    """At once, in words."""
    api.runs = False
    started = await begin(launch())
    await until(lambda: api.objects["pods"])
    api.gone(POD)
    with pytest.raises(web.HTTPError, match="deleted while it started"):
        await started


@pytest.mark.claim("start-leaves-no-pod")
async def test_a_stop_ends_when_the_pod_is_gone(running: Running, api: FakeApi) -> None:
    """And not before."""
    spawner = await running()
    api.keeps = True
    stopped = asyncio.ensure_future(spawner.stop())
    await until(lambda: api.requests["DELETE pods"])
    await asyncio.sleep(0)
    assert not stopped.done()
    api.gone(POD)
    await stopped


async def test_a_broken_watch_goes_on_where_it_ended(launch: Launch, api: FakeApi) -> None:
    """Without a list."""
    api.runs = False
    started = await begin(launch())
    await until(lambda: api.objects["pods"])
    api.drop_watches()
    api.run(POD)
    assert await started
    assert api.requests["LIST pods"] == 1


async def test_a_place_that_is_gone_is_made_up_for_by_a_list(launch: Launch, api: FakeApi) -> None:
    """The API server says 410 where a watch would begin."""
    api.runs = False
    started = await begin(launch())
    await until(lambda: api.objects["pods"])
    api.run("jupyter-ada")
    api.compact()
    api.drop_watches()
    assert await started


@pytest.mark.claim("files-made-anew")
async def test_a_home_that_is_gone_is_made_anew_and_said(running: Running, launch: Launch, api: FakeApi) -> None:
    """Never silently."""
    spawner = await running()
    state = spawner.get_state()
    await spawner.stop()
    api.objects["persistentvolumeclaims"].clear()
    again = launch()
    again.load_state(state)
    await (await begin(again))
    said = [message["message"] async for message in again.progress()]
    assert any("not there any more" in sentence for sentence in said)


@pytest.mark.claim("files-outlive", "files-after-a-stop")
async def test_a_home_belongs_to_no_pod(running: Running, api: FakeApi) -> None:
    """So that whatever ends the pod leaves the files."""
    await (await running()).stop()
    (claim,) = api.objects["persistentvolumeclaims"].values()
    assert not claim["metadata"].get("ownerReferences")


@pytest.mark.claim("files-delete-pvc")
@pytest.mark.parametrize("delete", [False, True])
async def test_a_home_goes_with_its_server_only_where_that_is_set(
    running: Running, launch: Launch, api: FakeApi, delete: bool
) -> None:
    """As KubeSpawner has it; nobody has to set that it stays."""
    set_so = {"delete_pvc": True} if delete else {}
    spawner = await running(**set_so)
    await spawner.stop()
    spawner.clear_state()
    removed = launch(**set_so)
    removed.load_state(spawner.get_state())
    await removed.delete_forever()
    assert bool(api.objects["persistentvolumeclaims"]) is not delete


async def test_a_home_is_found_behind_a_full_quota(running: Running, launch: Launch, api: FakeApi) -> None:
    """Kubernetes refuses by the quota before it looks whether the claim is there."""
    spawner = await running()
    await spawner.stop()
    api.failures["POST persistentvolumeclaims"] = [(403, "exceeded quota: storage")]
    assert await (await begin(launch()))


async def test_a_pod_that_was_evicted_is_removed(running: Running, api: FakeApi) -> None:
    """Also one whose containers never began, which has no exit code."""
    spawner = await running()
    api.run(POD, phase="Failed", reason="Evicted", message="The node was low on memory")
    await until(lambda: (spawner.seen.now or {}).get("status", {}).get("phase") == "Failed")
    assert await spawner.poll() == 1
    assert not api.objects["pods"]


async def test_every_page_reads_the_whole_progress(launch: Launch) -> None:
    """One that comes late as well."""
    spawner = launch()
    started = await begin(spawner)
    early = [message async for message in spawner.progress()]
    await started
    assert early == [message async for message in spawner.progress()] != []


async def test_a_start_that_a_hub_before_this_one_began_is_waited_for(launch: Launch, api: FakeApi) -> None:
    """Its pod was pending when the hub ended; the hub that comes back asks where it is."""
    api.runs = False
    first = launch()
    started = await begin(first)
    await until(lambda: first.seen.now)
    state = first.get_state()
    again = launch()
    again.load_state(state)
    found = asyncio.ensure_future(again.poll())
    await asyncio.sleep(0)
    assert not found.done()
    api.run(POD)
    assert await found is None
    assert await again.get_url() == await started


async def test_a_start_of_a_hub_before_this_one_that_fails_is_cleared_up(launch: Launch, api: FakeApi) -> None:
    """The hub that comes back knows at once that there is no server, and waits for no answer of one."""
    api.runs = False
    first = launch()
    started = await begin(first)
    await until(lambda: first.seen.now)
    again = launch()
    again.load_state(first.get_state())
    found = asyncio.ensure_future(again.poll())
    api.run(POD, phase="Pending", containerStatuses=[BROKEN])
    assert await found == 1
    assert not api.objects["pods"]
    started.cancel()
