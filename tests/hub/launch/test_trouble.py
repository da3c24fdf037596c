"""A start that cannot succeed ends at the news of it, and what happens meanwhile is said in words."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from tornado import web

from swish_spawner.core.progress import endings
from swish_spawner.hub.launch import stop
from swish_spawner.hub.launch.server import seen_pod
from swish_spawner.hub.launch.spawner import SwishSpawner
from swish_spawner.hub.launch.telling import lookout
from tests.fake_api import FakeApi
from tests.hub.conftest import Process, begin
from tests.hub.launch.test_start import POD, until

Launch = Callable[..., SwishSpawner]
#: A start that waits for its own pause to look again takes 5 seconds, and one that waits for its timeout 600.
AT_ONCE_SECONDS = 2.0
CLAIM = "claim-ada"


def waits(reason: str, message: str) -> dict[str, Any]:
    """A pod's status whose notebook waits."""
    state = {"waiting": {"reason": reason, "message": message}}
    notebook = {"name": "notebook", "ready": False, "restartCount": 0, "state": state}
    return {"phase": "Pending", "containerStatuses": [notebook]}


def ended(reason: str, code: int, message: str = "") -> dict[str, Any]:
    """A pod's status whose notebook has ended."""
    state = {"terminated": {"reason": reason, "exitCode": code, "message": message}}
    return {"phase": "Running", "containerStatuses": [{"name": "notebook", "ready": False, "state": state}]}


def unscheduled(message: str) -> dict[str, Any]:
    """A pod's status without a node."""
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
    return {"phase": "Pending", "conditions": [condition]}


#: What the pod's status becomes, who can mend it, the answer's status, a part of the sentence.
FATAL = [
    (waits("ErrImagePull", "manifest unknown"), 503, "is not in its registry"),
    (waits("InvalidImageName", "couldn't parse"), 503, "a name that is not valid"),
    (ended("OOMKilled", 137), 400, r"ran out of memory as it started: it used all it may \(2Gi\). Choose more memory."),
    (
        {"phase": "Failed", "reason": "Evicted", "message": "The node had condition: [DiskPressure]."},
        503,
        "short of disk",
    ),
    ({"phase": "Failed", **ended("Error", 3, "no such module")} | {"phase": "Failed"}, 400, "no such module"),
]


@pytest.mark.claim("start-leaves-no-pod")
@pytest.mark.parametrize(("status", "code", "words"), FATAL, ids=[words for _, _, words in FATAL])
async def test_the_news_ends_the_start(
    launch: Launch, api: FakeApi, process: Process, status: dict[str, Any], code: int, words: str
) -> None:
    """Nobody waits for a timeout, the answer has the sentence, and no pod is left."""
    api.runs = False
    started = await begin(launch())
    await until(lambda: api.objects["pods"])
    api.run(POD, **status)
    told = time.monotonic()
    with pytest.raises(web.HTTPError, match=words) as caught:
        await started
    assert time.monotonic() - told < AT_ONCE_SECONDS
    assert caught.value.status_code == code
    assert not api.objects["pods"]
    assert not process.shared.spawns


async def test_what_may_mend_itself_is_waited_for(launch: Launch, api: FakeApi) -> None:
    """A registry that is away for a moment is said, and the start goes on."""
    api.runs = False
    spawner = launch()
    started = await begin(spawner)
    await until(lambda: api.objects["pods"])
    api.run(POD, **waits("ErrImagePull", "dial tcp: i/o timeout"))
    await until(lambda: any("could not be fetched so far" in each for each in said(spawner)))
    api.run(POD)
    assert await started


def said(spawner: SwishSpawner) -> list[str]:
    """Everything that was said of a start so far."""
    return [message["message"] for message in spawner.current.messages._messages]


async def test_progress_tells_what_kubernetes_does(launch: Launch, api: FakeApi) -> None:
    """In words, and it only goes on."""
    api.runs = False
    spawner = launch()
    started = await begin(spawner)
    await until(lambda: api.objects["pods"])
    api.event(POD, "Pulling", 'Pulling image "swish-python3"')
    api.event(POD, "Scheduled", "Successfully assigned swish/jupyter-ada to node-1")
    api.event(POD, "Pulled", 'Successfully pulled image "swish-python3" in 3.2s')
    await until(lambda: "The image was fetched in 3 seconds." in said(spawner))
    api.run(POD)
    await started
    messages = [message async for message in spawner.progress()]
    progress = [message["progress"] for message in messages]
    assert progress == sorted(progress)
    assert 'Fetching the image "swish-python3".' in said(spawner)
    assert progress[-1] >= 80


async def test_a_claims_trouble_is_heard(launch: Launch, api: FakeApi) -> None:
    """Kubernetes says it of the claim, and not of the pod."""
    api.runs = False
    spawner = launch()
    started = await begin(spawner)
    await until(lambda: api.objects["pods"])
    claim = next(iter(api.objects["persistentvolumeclaims"]))
    say_of_claim(api, "somebody-elses", 'storageclass.storage.k8s.io "other" not found')
    await asyncio.sleep(0.05)
    assert not started.done()
    say_of_claim(api, claim.partition("/")[2], 'storageclass.storage.k8s.io "fast" not found')
    with pytest.raises(web.HTTPError, match="'fast' not found"):
        await started


def say_of_claim(api: FakeApi, name: str, message: str) -> None:
    """Say that a claim's volume cannot be made."""
    namespace = api.pod(POD)["metadata"]["namespace"]
    about = {"kind": "PersistentVolumeClaim", "namespace": namespace, "name": name}
    event = {"involvedObject": about, "reason": "ProvisioningFailed", "message": message, "type": "Warning"}
    api.change("events", "ADDED", event | {"metadata": {"name": f"{name}.{api.version}", "namespace": namespace}})


async def test_events_of_other_objects_are_passed_over(launch: Launch, api: FakeApi) -> None:
    """Something else that has the pod's name is not the pod."""
    api.runs = False
    spawner = launch()
    started = await begin(spawner)
    await until(lambda: api.objects["pods"])
    api.event(POD, "Scheduled", "the right one")
    about = {"kind": "Service", "namespace": api.pod(POD)["metadata"]["namespace"], "name": POD}
    metadata = {"name": "other", "namespace": about["namespace"]}
    api.change("events", "ADDED", {"metadata": metadata, "involvedObject": about, "reason": "FailedMount"})
    await until(lambda: "A node was found." in said(spawner))
    assert [event["message"] for event in spawner.events] == ["the right one"]
    api.run(POD)
    await started


async def test_a_timeout_says_what_was_in_the_way(make_spawner: Launch) -> None:
    """Where something is known of it."""
    spawner = make_spawner()
    assert "administrator" in str(spawner.current.overdue())
    spawner.current.look({"status": waits("ErrImagePull", "dial tcp: i/o timeout")}, ())
    assert re.search("within 600 seconds.*could not be fetched so far", str(spawner.current.overdue()))
    assert spawner.current.overdue().kind == "image_pull"


@pytest.mark.parametrize(
    ("pool", "words"),
    [("general", "Waiting for a node: for less than a minute so far."), ("shared", "No node has room")],
)
async def test_a_pool_whose_nodes_are_described_may_grow(launch: Launch, api: FakeApi, pool: str, words: str) -> None:
    """There a full pool is a wait, and elsewhere soon the end."""
    api.runs = False
    spawner = launch(options={"pool": pool})
    started = await begin(spawner)
    await until(lambda: api.objects["pods"])
    api.run(POD, **unscheduled("0/1 nodes are available: 1 Insufficient cpu."))
    await until(lambda: any(words in each for each in said(spawner)))
    api.run(POD)
    await started


async def test_what_runs_and_ends_again_is_an_answer(launch: Launch, api: FakeApi) -> None:
    """JupyterHub alone would wait for its own timeout, and count it as a failure of its own."""
    spawner = launch(first_answer_seconds=30)
    started = await begin(spawner)
    await until(lambda: "noticed" in spawner.current.marks)
    api.run(POD, **ended("OOMKilled", 137))
    with pytest.raises(web.HTTPError, match="ran out of memory"):
        await started
    assert not api.objects["pods"]


async def test_a_start_ends_when_the_environment_takes_connections(launch: Launch) -> None:
    """And not when its container runs."""
    spawner = launch(first_answer_seconds=30)
    started = await begin(spawner)
    await until(lambda: "noticed" in spawner.current.marks)
    await asyncio.sleep(0.05)
    assert not started.done()
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", spawner.port)
    async with server:
        assert await started == f"http://127.0.0.1:{spawner.port}"


async def test_why_a_pod_is_gone_is_said(launch: Launch, api: FakeApi) -> None:
    """A pod without a node is deleted the moment after its condition says why."""
    api.runs = False
    started = await begin(launch())
    await until(lambda: api.objects["pods"])
    evicted = {"type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI"}
    api.run(POD, phase="Pending", conditions=[evicted])
    api.gone(POD)
    with pytest.raises(web.HTTPError, match="being emptied for maintenance"):
        await started


@pytest.fixture
def lost_node(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The status of a pod whose node does not answer, while nobody has time; what is deleted there stays."""
    monkeypatch.setattr(lookout, "_SLOW", 0.0)
    monkeypatch.setattr(endings, "_AWAY", 0.0)
    monkeypatch.setattr(seen_pod, "LOOK_AGAIN", 0.05)
    ready = {"type": "Ready", "status": "Unknown"}
    api.change("nodes", "ADDED", {"metadata": {"name": "away", "namespace": ""}, "status": {"conditions": [ready]}})
    api.runs, api.keeps = False, True
    return {"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "True"}]}


async def lose(launch: Launch, api: FakeApi, status: dict[str, Any]) -> SwishSpawner:
    """Have a start fail on a node that does not answer."""
    spawner = launch()
    started = await begin(spawner)
    await until(lambda: api.objects["pods"])
    api.pod(POD)["spec"]["nodeName"] = "away"
    api.run(POD, **status)
    with pytest.raises(web.HTTPError, match="does not answer"):
        await started
    return spawner


async def test_a_lost_node_is_not_waited_for(
    launch: Launch, api: FakeApi, process: Process, lost_node: dict[str, Any]
) -> None:
    """Nobody there would end the pod: that is asked for, and is Kubernetes' to do when it can."""
    began = time.monotonic()
    spawner = await lose(launch, api, lost_node)
    await spawner.stop()
    assert time.monotonic() - began < AT_ONCE_SECONDS
    assert api.pod(POD)["metadata"]["deletionTimestamp"]
    assert not process.shared.spawns


async def test_a_pod_that_does_not_end_is_said_to_the_next_start(
    launch: Launch, api: FakeApi, process: Process, lost_node: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It can neither take the name nor have the volume meanwhile."""
    spawner = await lose(launch, api, lost_node)
    monkeypatch.setattr(stop, "_GONE", -float(spawner.delete_grace_period))
    started = await begin(spawner)
    with pytest.raises(web.HTTPError, match="earlier pod has not ended") as caught:
        await started
    assert caught.value.status_code == 503
    assert not process.shared.spawns


async def test_a_start_goes_on_once_the_earlier_pod_is_gone(
    launch: Launch, api: FakeApi, lost_node: dict[str, Any]
) -> None:
    """As when the node is taken out of the cluster."""
    spawner = await lose(launch, api, lost_node)
    started = await begin(spawner)
    await until(lambda: "The environment's earlier pod is still there; it is stopped first." in said(spawner))
    api.runs = True
    api.gone(POD)
    assert await started


async def test_a_hub_that_comes_back_forgets_no_pod_on_a_lost_node(
    launch: Launch, api: FakeApi, lost_node: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may run there yet: its end is asked for as the node can do it, and the server is known to be none at once."""
    first = launch()
    started = await begin(first)
    await until(lambda: first.seen.now)
    again = launch()
    again.load_state(first.get_state())
    monkeypatch.setattr(first.current, "_begin_undo", lambda: None)  # it was killed
    started.cancel()
    api.pod(POD)["spec"]["nodeName"] = "away"
    api.run(POD, **lost_node)
    began = time.monotonic()
    assert await again.poll() == 1
    assert time.monotonic() - began < AT_ONCE_SECONDS
    assert api.graces == [None]
    assert api.pod(POD)["metadata"]["deletionTimestamp"]
