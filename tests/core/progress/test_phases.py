"""Phases add up, whatever is missing or late."""

from __future__ import annotations

from itertools import pairwise, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swish_spawner.core.progress.phases import BEGIN, PHASES, durations, seen

ENDS = [phase.end for phase in PHASES]
ALL = {mark: moment for moment, mark in enumerate([BEGIN, *ENDS])}
#: Whole numbers, so that sums are exact.
MARKS = st.dictionaries(st.sampled_from([BEGIN, *ENDS, "sent"]), st.integers(-(10**9), 10**9))


def test_each_phase_lies_between_its_marks() -> None:
    """A launch with a second between all its marks took a second in each phase, in their order."""
    assert list(durations(ALL).items()) == [(phase.name, 1) for phase in PHASES]


def test_a_launch_that_was_never_asked_for_has_no_phases() -> None:
    """As after a hub's restart, when nobody knows when it began."""
    assert durations({"scheduled": 3.0, "noticed": 4.0}) == {}


@pytest.mark.parametrize("there", list(product([True, False], repeat=len(ENDS))), ids=str)
def test_the_time_of_a_phase_that_was_not_seen_is_in_the_next(there: tuple[bool, ...]) -> None:
    """For every set of marks that may be missing."""
    kept = [end for end, is_there in zip(ENDS, there, strict=True) if is_there]
    took = durations({mark: ALL[mark] for mark in [BEGIN, *kept]})
    expected = [ALL[after] - ALL[before] for before, after in pairwise([BEGIN, *kept])]
    assert list(took.values()) == expected
    assert list(took) == [phase.name for phase in PHASES if phase.end in kept]


def test_news_out_of_order_take_no_time() -> None:
    """The event that the image is there comes after the news that its container runs."""
    took = durations({BEGIN: 0, "scheduled": 1, "pulled": 4, "started": 3, "noticed": 5})
    assert took == {"schedule": 1, "pull": 3, "start": 0, "noticed": 1}


@given(MARKS)
def test_no_phase_is_negative(marks: dict[str, int]) -> None:
    """Whatever the marks are."""
    assert all(seconds >= 0 for seconds in durations(marks).values())


@given(MARKS)
def test_the_phases_add_up_to_the_whole(marks: dict[str, int]) -> None:
    """From the first mark to the last."""
    if BEGIN in marks:
        moments = [moment for mark, moment in marks.items() if mark in (BEGIN, *ENDS)]
        assert sum(durations(marks).values()) == max(moments) - marks[BEGIN]


@given(MARKS)
def test_a_phase_is_there_when_its_end_is(marks: dict[str, int]) -> None:
    """And when it is known when the launch began."""
    expected = [phase.name for phase in PHASES if phase.end in marks and BEGIN in marks]
    assert list(durations(marks)) == expected


def pod(**status: Any) -> dict[str, Any]:
    """A pod as the watch keeps it, of three containers, two of which run the environment's image."""
    return {
        "metadata": {"uid": "uid-1"},
        "spec": {
            "containers": [{"name": "notebook", "image": "r"}, {"name": "mesh", "image": "proxy"}],
            "initContainers": [{"name": "packages", "image": "r"}],
        },
        "status": status,
        "arrived": 100.0,
    }


def condition(kind: str, status: str = "True", **more: Any) -> dict[str, Any]:
    """One condition of a pod."""
    return {"conditions": [{"type": kind, "status": status, **more}]}


def event(reason: str, path: str = "spec.containers{notebook}", uid: str = "uid-1") -> dict[str, Any]:
    """An event as the watch keeps it."""
    return {"involvedObject": {"uid": uid, "fieldPath": path}, "reason": reason, "arrived": 50.0}


STATUSES: list[tuple[str, dict[str, Any], list[tuple[str, float]]]] = [
    ("nothing yet", {}, []),
    ("no conditions", {"conditions": None, "containerStatuses": None}, []),
    ("a node", condition("PodScheduled"), [("scheduled", 100.0)]),
    ("no node", condition("PodScheduled", "False"), []),
    ("another condition", condition("PodReadyToStartContainers"), []),
    ("waiting", {"containerStatuses": [{"name": "notebook", "state": {"waiting": {}}}]}, []),
    ("no state", {"containerStatuses": [{"name": "notebook"}]}, []),
    ("runs", {"containerStatuses": [{"name": "notebook", "state": {"running": {}}}]}, [("started", 100.0)]),
    ("a sidecar runs", {"containerStatuses": [{"name": "mesh", "state": {"running": {}}}]}, []),
    ("ready, at a time unknown", condition("Ready"), [("ready", 100.0)]),
    ("ready, at no time", condition("Ready", lastTransitionTime="soon"), [("ready", 100.0)]),
    (
        "ready, within Kubernetes' second",
        condition("Ready", lastTransitionTime="2001-09-09T01:46:39Z"),
        [("ready", 100.0)],
    ),
    ("ready long ago", condition("Ready", lastTransitionTime="2001-09-09T01:46:30Z"), [("ready", 91.0)]),
]


@pytest.mark.parametrize(("reason", "status", "marks"), STATUSES, ids=[reason for reason, *_ in STATUSES])
def test_marks_of_a_pod(reason: str, status: dict[str, Any], marks: list[tuple[str, float]]) -> None:
    """A mark is when the news came; news of readiness that is older than Kubernetes' second is as old as it says."""
    # the watch heard at 01:46:40, moment 100
    assert list(seen(pod(**status), [], epoch=1_000_000_000 - 100)) == marks


EVENTS: list[tuple[str, dict[str, Any], list[str]]] = [
    ("the image is being pulled", event("Pulling"), ["pulling"]),
    ("it is there", event("Pulled"), ["pulling", "pulled"]),
    ("for the container before", event("Pulled", "spec.initContainers{packages}"), ["pulling", "pulled"]),
    ("another image", event("Pulled", "spec.containers{mesh}"), []),
    ("an earlier pod's", event("Pulled", uid="uid-0"), []),
    ("something else", event("Created"), []),
    ("about nothing", {"reason": "Pulled"}, []),
]


@pytest.mark.parametrize(("reason", "about", "marks"), EVENTS, ids=[reason for reason, *_ in EVENTS])
def test_marks_of_an_event(reason: str, about: dict[str, Any], marks: list[str]) -> None:
    """An image counts as pulled when the first container that runs it has it."""
    assert list(seen(pod(), [about], epoch=0)) == [(mark, 50.0) for mark in marks]
