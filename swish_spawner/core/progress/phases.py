"""How long each phase of a launch took, by when the hub saw one follow the other.

Each phase lies between two marks: moments on the hub's monotonic clock, in seconds. Kubernetes' own times have a
resolution of one second, so a mark is when its news arrived here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from swish_spawner.core.labels import NOTEBOOK
from swish_spawner.core.reading import Document, condition, part, parts, text


@dataclass(frozen=True, slots=True)
class Phase:
    """One part of a launch.

    Attributes:
        name: in metrics.
        end: the mark at which it ends; it begins where the one before it ended.
        meaning: what happens in it, for the reference page.
    """

    name: str
    end: str
    meaning: str


BEGIN: Final = "asked"
PHASES: Final = (
    Phase("queue", "turn", "the launch waits for its turn among the others"),
    Phase("make", "made", "the hub asks Kubernetes for the home's claim and the pod, until both are there"),
    Phase("schedule", "scheduled", "Kubernetes looks for a node, or waits for a new one"),
    Phase("setup", "pulling", "the node attaches volumes and sets up the pod's network"),
    Phase("pull", "pulled", "the node pulls the environment's image; none at all where it has it already"),
    Phase("start", "started", "init containers run, such as the one that installs packages, and the container starts"),
    Phase("ready", "ready", "the containers begin, until Kubernetes calls all of them ready"),
    Phase("noticed", "noticed", "the hub takes in the news that the pod is ready"),
    Phase("answer", "answered", "JupyterLab starts, until something listens at its port"),
)

_CONDITIONS: Final = {"PodScheduled": "scheduled", "Ready": "ready"}
#: What an event about a container means. An image that is there is pulled without having been pulled.
_EVENTS: Final = {"Pulling": ("pulling",), "Pulled": ("pulling", "pulled")}
#: What Kubernetes leaves off its times (seconds).
_RESOLUTION: Final = 1.0


def durations(marks: Mapping[str, float]) -> dict[str, float]:
    """Return how long (seconds) each phase took whose end was seen; together they are the time from first to last mark.

    The time of a phase whose end was not seen is in the next one's. Pod and events arrive by two watches, so a mark may
    be later than the one after it: then the phase between them took no time. None is ever negative.

    Args:
        marks: moments of one launch by mark; others than the phases' are left alone.
    """
    took: dict[str, float] = {}
    if BEGIN not in marks:
        return took
    before = marks[BEGIN]
    for phase in PHASES:
        if phase.end in marks:
            end = max(before, marks[phase.end])
            took[phase.name], before = end - before, end
    return took


def seen(pod: Document, events: Iterable[Document], epoch: float) -> Iterator[tuple[str, float]]:
    """Yield each mark that a pod and its events show, with its moment; the first of a mark is the one that counts.

    Args:
        pod: as the watch keeps it, with the moment it ``arrived``.
        events: likewise; those about another pod of that name are passed over.
        epoch: the time of day, as a Unix timestamp, at moment 0.
    """
    arrived = pod.get("arrived", 0.0)
    for kind, mark in _CONDITIONS.items():
        found = condition(pod, kind)
        if text(found, "status") == "True":
            yield mark, min(arrived, _latest(found, epoch)) if mark == "ready" else arrived
    for container in parts(part(pod, "status"), "containerStatuses"):
        if text(container, "name") == NOTEBOOK and "running" in part(container, "state"):
            yield "started", arrived
    paths = _image_users(pod)
    for event in events:
        about = part(event, "involvedObject")
        if text(about, "uid") == pod["metadata"]["uid"] and text(about, "fieldPath") in paths:
            for mark in _EVENTS.get(text(event, "reason"), ()):
                yield mark, event.get("arrived", arrived)


def _latest(ready: Document, epoch: float) -> float:
    """Return the last moment at which a condition can have come true, by the node's clock.

    When the watch was broken its news is old on arrival. The watch alone would call that no delay at all.
    """
    try:
        said = datetime.fromisoformat(text(ready, "lastTransitionTime")).timestamp()
    except ValueError:
        return float("inf")
    return said + _RESOLUTION - epoch


def _image_users(pod: Document) -> set[str]:
    """Return the containers that run the environment's image, as events name them: the first of them has it pulled."""
    spec = part(pod, "spec")
    containers = [(kind, one) for kind in ("containers", "initContainers") for one in parts(spec, kind)]
    images = {text(one, "image") for _, one in containers if text(one, "name") == NOTEBOOK}
    return {f"spec.{kind}{{{text(one, 'name')}}}" for kind, one in containers if text(one, "image") in images}
