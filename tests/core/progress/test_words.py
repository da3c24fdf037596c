"""Events in words, and how far a launch has come."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from swish_spawner.core.progress.words import Words, progress_of, status_words, words
from tests.core.progress.test_trouble import DOCUMENTS, shaped

NOTEBOOK = "spec.containers{notebook}"
#: Reason, message, the container, what is said. The wordings are those of kubernetes/kubernetes 1.36.3 and before.
EVENTS = [
    # pkg/scheduler/schedule_one.go
    ("Scheduled", "Successfully assigned swish/jupyter-ada to node-1", "", "A node was found."),
    # pkg/kubelet/images/image_manager.go
    ("Pulling", 'Pulling image "registry.example/x:1"', NOTEBOOK, 'Fetching the image "registry.example/x:1".'),
    (
        "Pulled",
        'Successfully pulled image "x:1" in 12.345s (1m2s including waiting). Image size: 123 bytes.',
        NOTEBOOK,
        "The image was fetched in 12 seconds.",
    ),
    ("Pulled", 'Successfully pulled image "x:1" in 1m2.345s', NOTEBOOK, "The image was fetched in 62 seconds."),
    ("Pulled", 'Successfully pulled image "x:1" in 1.5s', NOTEBOOK, "The image was fetched in 1 second."),
    ("Pulled", 'Successfully pulled image "x:1" in 345ms', NOTEBOOK, "The image is fetched."),
    ("Pulled", 'Container image "x:1" already present on machine', NOTEBOOK, "The image is on the node already."),
    (
        "Pulled",
        'Container image "x:1" already present on machine and can be accessed by the pod',
        NOTEBOOK,
        "The image is on the node already.",
    ),
    # pkg/kubelet/kuberuntime/kuberuntime_container.go, of 1.36 and before
    ("Created", "Container created", NOTEBOOK, None),
    ("Started", "Container started", NOTEBOOK, "The environment is starting."),
    ("Started", "Started container notebook", "", "The environment is starting."),
    ("Started", "Started container packages", "spec.initContainers{packages}", "Installing packages."),
    ("Started", "Container started", "spec.initContainers{block}", 'Preparing: "block" runs.'),
    ("Started", "Container started", "spec.containers{metrics}", None),
    # pkg/scheduler/framework/types.go
    (
        "FailedScheduling",
        "0/57 nodes are available: 12 Insufficient cpu, 45 node(s) were unschedulable. preemption: 0/57 nodes are ...",
        "",
        "No node has room yet (of 57 nodes 45 closed for maintenance, 12 with too little CPU free).",
    ),
    (
        "FailedScheduling",
        "0/2 nodes are available: 1 node(s) had taint {node.kubernetes.io/not-ready: }, 1 Insufficient cpu.",
        "",
        "No node has room yet (of 2 nodes 1 not ready, 1 with too little CPU free).",
    ),
    (
        "FailedScheduling",
        "0/2 nodes are available: 2 node(s) didn't match PersistentVolume's node affinity.",
        "",
        "No node has room yet (of 2 nodes 2 out of reach of its volume).",
    ),
    # without counts there is nothing to say yet
    (
        "FailedScheduling",
        '0/1 nodes are available: waiting for ephemeral volume controller to create the persistentvolumeclaim "x".',
        "",
        None,
    ),
    ("FailedScheduling", "skip schedule deleting pod: swish/jupyter-ada", "", None),
    # kubernetes/autoscaler's eventing_scale_up_processor.go
    (
        "TriggeredScaleUp",
        "pod triggered scale-up: [{general 1->2 (max: 5)}]",
        "",
        "A new node was asked for; this takes some minutes.",
    ),
    ("NotTriggerScaleUp", "pod didn't trigger scale-up: 1 in backoff", "", "No node is added for it so far."),
    # Karpenter's pkg/controllers/provisioning/scheduling/events.go
    (
        "Nominated",
        "Pod should schedule on: nodeclaim/general-x7k2q",
        "",
        "A new node is on its way; this takes some minutes.",
    ),
    ("Nominated", "Pod should schedule on: nodeclaim/x, node/y", "", "A node will soon have room."),
    # pkg/controller/volume
    ("ExternalProvisioning", "Waiting for a volume to be created ...", "", "A volume is being made."),
    ("ProvisioningSucceeded", "Successfully provisioned volume pvc-1", "", "The volume is made."),
    ("SuccessfulAttachVolume", 'AttachVolume.Attach succeeded for volume "pvc-1"', "", "The volume is at the node."),
    ("Killing", "Stopping container notebook", NOTEBOOK, None),
    ("SomethingNew", "of a later version", "", None),
]


def event(reason: str, message: str, place: str = "") -> dict[str, Any]:
    """An event about a pod."""
    return {"reason": reason, "message": message, "involvedObject": {"kind": "Pod", "fieldPath": place}}


@pytest.mark.parametrize(("reason", "message", "place", "said"), EVENTS)
def test_events_in_words(reason: str, message: str, place: str, said: str | None) -> None:
    """Each that tells a person something is a short sentence."""
    found = words(event(reason, message, place))
    assert (found.sentence if found else None) == said


def test_an_event_may_lack_anything() -> None:
    """What does not need a message is said without one."""
    assert words({"reason": "Scheduled"}) == Words("A node was found.", 30, "A node was found.")
    assert words({}) is None


def test_numbers_that_change_all_the_time_are_said_once() -> None:
    """Two looks of the scheduler have one key."""
    first = words(event("FailedScheduling", "0/5 nodes are available: 5 Insufficient cpu."))
    second = words(event("FailedScheduling", "0/5 nodes are available: 4 Insufficient cpu, 1 Insufficient memory."))
    assert first is not None
    assert second is not None
    assert first.sentence != second.sentence
    assert first.key == second.key


def pod(*conditions: str, **containers: Any) -> dict[str, Any]:
    """A pod of which these conditions hold."""
    status = {"conditions": [{"type": each, "status": "True"} for each in conditions], **containers}
    return {"status": status}


CREATING = {"containerStatuses": [{"name": "notebook", "state": {"waiting": {"reason": "PodInitializing"}}}]}
RUNNING = {"containerStatuses": [{"name": "notebook", "state": {"running": {}}}]}
#: A launch as it goes, look by look.
LAUNCH = [
    None,
    pod(),
    pod("PodScheduled"),
    pod("PodScheduled", **CREATING),
    pod("PodScheduled", "Initialized", **CREATING),
    pod("PodScheduled", "Initialized", **RUNNING),
    pod("PodScheduled", "Initialized", "Ready", **RUNNING),
]


def test_a_launch_only_goes_on() -> None:
    """From queued to ready, no phase is less than the one before."""
    assert [progress_of(each) for each in LAUNCH] == [20, 20, 30, 30, 60, 80, 95]


def test_a_pod_tells_without_events() -> None:
    """Where a hub may not read events, or they come late, its status is enough for the main phases."""
    said = [[news.sentence for news in status_words(each)] for each in LAUNCH]
    assert said[1] == []
    assert said[2] == ["A node was found."]
    assert said[-1] == ["A node was found.", "The environment is starting."]


@settings(max_examples=100, deadline=None)
@given(DOCUMENTS | shaped(["reason", "message", "involvedObject"]))
def test_any_event_is_read(found: Any) -> None:
    """Nothing raises, and sentences are short and plain."""
    said = words(found)
    assert said is None or (0 < len(said.sentence) < 300 and said.sentence.isprintable())
    assert 0 < progress_of(found) < 100
