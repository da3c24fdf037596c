"""What is in the way of a pod that starts: one sentence that says what happened and what the person can do next.

Everything that Kubernetes wrote is looked at as it came, of any version, and none of it is trusted: what is missing is
as if it were not there, and what is quoted is short and holds no secret.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from swish_spawner.core.progress.containers import container_troubles
from swish_spawner.core.progress.endings import ending_trouble, gone_trouble, lost_node
from swish_spawner.core.progress.kinds import PERSON, Circumstances, Trouble
from swish_spawner.core.progress.nodes import node_trouble
from swish_spawner.core.progress.volumes import volume_troubles
from swish_spawner.core.quoting import says
from swish_spawner.core.reading import Document, condition, part, text


def find_trouble(pod: Document | None, events: Sequence[object], known: Circumstances) -> Trouble | None:
    """Return what is in the way of a pod that starts; of several things the one that ends the start soonest.

    Args:
        pod: as the API server has it; None if it is gone.
        events: about it and its claims since the start began, in the order in which they came.
        known: of the launch.

    Returns:
        The trouble, or None while nothing is wrong. It never raises, whatever `pod` and `events` hold.
    """
    told = [event for event in events if isinstance(event, Mapping) and _is_about(event, pod)]
    if pod is None:
        return gone_trouble(told)
    if (ending := ending_trouble(pod, told, known)) is not None:
        return ending
    if text(condition(pod, "Ready"), "status") == "True":
        return None
    return min(_troubles(pod, told, known), key=_urgency, default=None)


def _troubles(pod: Document, events: Sequence[Document], known: Circumstances) -> Iterator[Trouble]:
    yield from container_troubles(pod, events, known)
    yield from volume_troubles(pod, events)
    if (trouble := node_trouble(pod, events, known)) is not None:
        yield trouble
    if (trouble := lost_node(events, known.node)) is not None:
        yield trouble
    if (trouble := _unhealthy(events)) is not None:
        yield trouble


def _urgency(trouble: Trouble) -> float:
    return float("inf") if trouble.after_seconds is None else trouble.after_seconds


def _is_about(event: Document, pod: Document | None) -> bool:
    """Say whether an event is not about an earlier pod of the same name."""
    about = part(event, "involvedObject")
    uid, its = text(part(pod, "metadata"), "uid"), text(about, "uid")
    return not uid or not its or uid == its or text(about, "kind") == "PersistentVolumeClaim"


def _unhealthy(events: Sequence[Document]) -> Trouble | None:
    """Say that a probe fails; a container that takes its time is no failure, and one that crashes is seen as such."""
    said = [text(event, "message") for event in events if text(event, "reason") == "Unhealthy"]
    if not said:
        return None
    sentence = f"The environment runs, but does not answer yet.{says('The node', said[-1])}"
    return Trouble("not_ready", PERSON, sentence, None)
