"""What Kubernetes' events mean, in short sentences for the page that shows a launch, and how far the launch has come.

Wordings change between versions of Kubernetes, so reasons count, and of messages only what has been there for long.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from swish_spawner.core.labels import NOTEBOOK, PACKAGES
from swish_spawner.core.progress.nodes import summary
from swish_spawner.core.quoting import quoted
from swish_spawner.core.reading import Document, condition, part, parts, text

QUEUED, ASKED, SCHEDULED, PULLING, INITIALISING, STARTING, READY = 20, 25, 30, 40, 60, 80, 95

FOUND: Final = "A node was found."
STARTS: Final = "The environment is starting."


@dataclass(frozen=True, slots=True)
class Words:
    """A sentence for the person who waits.

    Attributes:
        sentence: plain text.
        progress: how far the launch is by then, in percent.
        key: what has been said when this was: the sentence, or less where numbers in it change all the time.
    """

    sentence: str
    progress: int
    key: str


def words(event: object) -> Words | None:
    """Return what an event means to the person who waits, or None if nothing.

    Args:
        event: of the pod or its claims, of any version; what it lacks is as if it were empty.
    """
    event = part(event)
    write = _WRITERS.get(text(event, "reason"))
    found = write(event) if write else None
    if found is None:
        return None
    sentence, progress = found
    return Words(sentence, progress, text(event, "reason") if progress == QUEUED else sentence)


def progress_of(pod: object) -> int:
    """Return how far a pod has come, in percent, by its status alone."""
    pod = part(pod)
    if _holds(pod, "Ready"):
        return READY
    main = [each for each in parts(part(pod, "status"), "containerStatuses") if text(each, "name") == NOTEBOOK]
    if any("running" in part(each, "state") for each in main):
        return STARTING
    if _holds(pod, "Initialized") and (_holds(pod, "PodReadyToStartContainers") or main):
        return INITIALISING
    return SCHEDULED if _holds(pod, "PodScheduled") else QUEUED


def status_words(pod: object) -> tuple[Words, ...]:
    """Return what a pod's status alone says, in the words of the events: those may be late, few or kept from us."""
    pod, reached = part(pod), progress_of(pod)
    found = [(SCHEDULED, FOUND)] if _holds(pod, "PodScheduled") else []
    found += [(STARTING, STARTS)] if reached >= STARTING else []
    return tuple(Words(sentence, progress, sentence) for progress, sentence in found)


def _holds(pod: Document, kind: str) -> bool:
    return text(condition(pod, kind), "status") == "True"


def _container(event: Document) -> str:
    """Return the container that an event is about; older events name it only here."""
    found = re.search(r"\{([^{}]*)\}", text(part(event, "involvedObject"), "fieldPath"))
    return found[1] if found else ""


def _pulling(event: Document) -> tuple[str, int]:
    found = re.search(r'image "([^"]*)"', text(event, "message"))
    return f"Fetching the image{' ' + quoted(found[1], 120) if found else ''}.", PULLING


def _pulled(event: Document) -> tuple[str, int]:
    said = text(event, "message")
    if "already present" in said:
        return "The image is on the node already.", INITIALISING
    took = re.search(r" in (?:(\d+)h)?(?:(\d+)m)?(\d+)(?:\.\d+)?s\b", said)
    if took is None:
        return "The image is fetched.", INITIALISING
    hours, minutes, seconds = (int((number or "0")[:6]) for number in took.groups())
    whole = hours * 3600 + minutes * 60 + seconds
    return f"The image was fetched in {whole} second{'s' if whole != 1 else ''}.", INITIALISING


def _started(event: Document) -> tuple[str, int] | None:
    name = _container(event)
    if name == PACKAGES:
        return "Installing packages.", INITIALISING
    if name in (NOTEBOOK, ""):
        return STARTS, STARTING
    if "initContainers" in text(part(event, "involvedObject"), "fieldPath"):
        return f"Preparing: {quoted(name, 63)} runs.", INITIALISING
    return None


def _unscheduled(event: Document) -> tuple[str, int] | None:
    why = summary(text(event, "message"))
    return (f"No node has room yet ({why}).", QUEUED) if why else None


def _nominated(event: Document) -> tuple[str, int]:
    if "nodeclaim/" in text(event, "message") and "node/" not in text(event, "message"):
        return "A new node is on its way; this takes some minutes.", ASKED
    return "A node will soon have room.", ASKED


def _always(sentence: str, progress: int) -> Callable[[Document], tuple[str, int]]:
    return lambda _: (sentence, progress)


_WRITERS: Final[Mapping[str, Callable[[Document], tuple[str, int] | None]]] = {
    "FailedScheduling": _unscheduled,
    "NotTriggerScaleUp": _always("No node is added for it so far.", QUEUED),
    "TriggeredScaleUp": _always("A new node was asked for; this takes some minutes.", ASKED),
    "Nominated": _nominated,
    "ExternalProvisioning": _always("A volume is being made.", ASKED),
    "Provisioning": _always("A volume is being made.", ASKED),
    "ProvisioningSucceeded": _always("The volume is made.", ASKED),
    "Scheduled": _always(FOUND, SCHEDULED),
    "SuccessfulAttachVolume": _always("The volume is at the node.", SCHEDULED),
    "Pulling": _pulling,
    "Pulled": _pulled,
    "Started": _started,
}
