"""What is seen of a launch becomes phases."""

from typing import Any

import pytest

from benchmarks.launch_marks import PHASES, Marks, durations

STARTED = {
    "reason": "Started",
    "involvedObject": {"uid": "1", "fieldPath": "spec.containers{notebook}"},
}


def pod(uid="1", **status: Any):
    """Return a pod as a watch gives it."""
    return {"metadata": {"uid": uid}, "status": status}


SCHEDULED = pod(conditions=[{"type": "PodScheduled", "status": "True"}])
RUNNING = pod(podIP="10.0.0.1", containerStatuses=[{"name": "notebook", "state": {"running": {}}}])
WAITING = pod(containerStatuses=[{"name": "notebook", "state": {"waiting": {}}}])
OTHER = pod(containerStatuses=[{"name": "ssh", "state": {"running": {}}}])
CHANGES = [
    ("made", pod(), {"made"}),
    ("has a node", SCHEDULED, {"made", "scheduled"}),
    ("runs", RUNNING, {"made", "started"}),
    ("waits", WAITING, {"made"}),
    ("another container runs", OTHER, {"made"}),
]


@pytest.mark.parametrize(("what", "change", "expected"), CHANGES)
def test_a_change_of_the_pod(what, change, expected):
    """Tells what is so now."""
    marks = Marks()
    marks.take_pod(change, 1.0)
    assert marks.seen.keys() == expected, what


def test_the_first_time_counts():
    """And the address is kept."""
    marks = Marks()
    for now, change in enumerate((pod(), RUNNING, RUNNING, pod())):
        marks.take_pod(change, now)
    assert (marks.seen, marks.address) == ({"made": 0, "started": 1}, "10.0.0.1")


def test_a_pod_of_an_earlier_launch_is_another():
    """Only the first that is seen is this launch's."""
    marks = Marks()
    marks.take_pod(pod(), 0.0)
    marks.take_pod({**RUNNING, "metadata": {"uid": "2"}}, 1.0)
    assert marks.seen == {"made": 0.0}


EVENTS = [
    ("of the container", STARTED, True),
    ("of another reason", STARTED | {"reason": "Pulled"}, False),
    ("of another pod", STARTED | {"involvedObject": {"uid": "2", "fieldPath": "spec.containers{notebook}"}}, False),
    ("of another container", STARTED | {"involvedObject": {"uid": "1", "fieldPath": "spec.containers{ssh}"}}, False),
    ("of no container", STARTED | {"involvedObject": {"uid": "1"}}, False),
]


@pytest.mark.parametrize(("what", "event", "starts"), EVENTS)
def test_an_event(what, event, starts):
    """Only the kubelet's of the environment's own container says that it has started."""
    marks = Marks()
    marks.take_pod(pod(), 0.0)
    marks.take_event(event, 1.0)
    assert ("started" in marks.seen) == starts, what


def test_marks_are_in_order():
    """One that was seen a moment before what it follows is at the same time."""
    marks = Marks({"made": 10.5, "scheduled": 10.4, "started": 12.0, "answers": 15.0, "noticed": 14.5, "usable": 16.0})
    since = marks.since(10.0)
    assert list(since.values()) == [0.5, 0.5, 2.0, 5.0, 5.0, 6.0]
    assert durations(since) == {"made": 0.5, "scheduled": 0, "started": 1.5, "answers": 3, "noticed": 0, "usable": 1}


def test_phases_add_up_to_the_whole():
    """Nothing is between them."""
    since = dict(zip(PHASES, (0.1, 0.3, 1.2, 4.0, 4.5, 5.0), strict=True))
    assert sum(durations(since).values()) == pytest.approx(5.0)


def test_what_was_not_reached_is_named():
    """A launch without it is no measurement."""
    with pytest.raises(ValueError, match="never reached: answers, noticed, scheduled, started, usable"):
        Marks({"made": 1.0}).since(0.0)
