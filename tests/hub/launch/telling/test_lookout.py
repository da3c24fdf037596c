"""What one start has met is said once, and ends it when it has lasted for too long."""

from __future__ import annotations

from typing import Any

import pytest

from swish_spawner.core.progress.kinds import Circumstances
from swish_spawner.errors import LaunchFailed
from swish_spawner.hub.launch.telling.lookout import Lookout
from swish_spawner.hub.shared.uses import NodeWaits

#: A node that does not answer.
SILENT = {"status": {"conditions": [{"type": "Ready", "status": "Unknown"}]}}
FULL = "0/1 nodes are available: 1 Insufficient cpu."


class Told(list[str]):
    """The sentences that were said."""

    def __call__(self, sentence: str, progress: int | None) -> None:
        """Keep the sentence."""
        self.append(sentence)


def lookout(told: Told, waits: NodeWaits | None = None, *, can_grow: bool = True) -> Lookout:
    """A lookout of a start in pool general."""
    return Lookout(told, "general", waits or NodeWaits(), Circumstances("Python 3", "1Gi", can_grow), lambda _: SILENT)


def scheduled(status: str, message: str = FULL) -> dict[str, Any]:
    """A pod that has a node, or has none."""
    condition = {"type": "PodScheduled", "status": status, "reason": "Unschedulable", "message": message}
    return {"status": {"phase": "Pending", "conditions": [condition]}}


def test_a_wait_for_a_node_is_no_failure() -> None:
    """It is said once a minute for how long it has been, however long it is."""
    told = Told()
    looks = lookout(told)
    for now in range(0, 3600, 5):
        looks.look(scheduled("False"), (), 1000.0 + now)
    assert told[:3] == [
        "Waiting for a node: for less than a minute so far.",
        "Waiting for a node: for 1 minute so far.",
        "Waiting for a node: for 2 minutes so far.",
    ]
    assert "Nothing is heard of a new one" in told[-1]
    assert len(told) in range(60, 64)


def test_how_long_it_usually_takes_is_from_our_own_history() -> None:
    """The median of the last twenty waits of that pool; nothing is said while there is none."""
    waits, told = NodeWaits(), Told()
    for seconds in (60, 240, 300):
        looks = lookout(Told(), waits)
        looks.look(scheduled("False"), (), 0.0)
        looks.look(scheduled("True"), (), float(seconds))
        looks.look(scheduled("True"), (), float(seconds + 9))
    lookout(told, waits).look(scheduled("False"), (), 0.0)
    assert told == ["Waiting for a node: for less than a minute so far, usually about 4 minutes."]
    assert waits.usual("gpu") is None


def test_of_a_history_the_last_twenty_count() -> None:
    """What was long ago is no guide."""
    waits = NodeWaits()
    for seconds in [1000.0] * 30 + [100.0] * 20:
        waits.record("general", seconds)
    assert waits.usual("general") == 100.0


def test_a_pod_that_has_a_node_at_once_is_no_history() -> None:
    """Only those that waited tell how long a wait is."""
    waits = NodeWaits()
    lookout(Told(), waits).look(scheduled("True"), (), 0.0)
    assert waits.usual("general") is None


def test_a_full_pool_that_cannot_grow_ends_the_start() -> None:
    """Not by the first look, since what ends now makes room now, but soon."""
    told = Told()
    looks = lookout(told, can_grow=False)
    looks.look(scheduled("False"), (), 100.0)
    looks.look(scheduled("False"), (), 114.0)
    assert len(told) == 1
    assert "1 with too little CPU free" in told[0]
    with pytest.raises(LaunchFailed, match="No node has room") as caught:
        looks.look(scheduled("False"), (), 115.0)
    assert (caught.value.kind, caught.value.blame) == ("unschedulable", "capacity")


def test_news_is_said_once() -> None:
    """An event that stays in the list, and the status that says the same, are one sentence."""
    told = Told()
    looks = lookout(told)
    event = {"reason": "Scheduled", "message": "Successfully assigned swish/jupyter-ada to node-1"}
    for now in range(5):
        looks.look(scheduled("True"), [event], float(now))
    assert told == ["A node was found."]


def test_what_kubernetes_writes_wrongly_is_passed_over() -> None:
    """A document of another shape is no news."""
    told = Told()
    lookout(told).look({"status": "gone"}, [{"reason": ["x"]}], 0.0)
    assert told == []


def test_a_node_is_asked_about_once_a_start_takes_long_on_it() -> None:
    """Most never do; what is seen then is said at once, and ends the start when it has lasted."""
    told = Told()
    looks = lookout(told)
    pod = {"spec": {"nodeName": "node-1"}, **scheduled("True")}
    for now in (0.0, 19.0):
        looks.look(pod, (), now)
    assert not any("does not answer" in each for each in told)
    looks.look(pod, (), 20.0)
    assert "The node that the environment was starting on does not answer." in told[-1]
    with pytest.raises(LaunchFailed, match="try again") as caught:
        looks.look(pod, (), 80.0)
    assert caught.value.kind == "node_lost"


def test_what_most_starts_meet_for_a_moment_is_not_said() -> None:
    """A volume that is made before the scheduler looks for a node is no trouble unless it takes its time."""
    told = Told()
    looks = lookout(told, can_grow=False)
    unbound = scheduled("False", "0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found")
    looks.look(unbound, (), 0.0)
    looks.look(unbound, (), 4.0)
    assert told == []
    looks.look(unbound, (), 6.0)
    assert told == ["A volume of this environment is not there so far. Try again later, or ask an administrator."]
