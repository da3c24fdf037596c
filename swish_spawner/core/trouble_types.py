"""What trouble of a launch is, what is known of a launch, and how to read what Kubernetes wrote without trust."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

Document = Mapping[str, Any]

PERSON: Final = "person"
CAPACITY: Final = "capacity"
CLUSTER: Final = "cluster"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something is in a launch's way.

    Attributes:
        kind: a short slug for metrics, e.g. ``image_not_found``.
        blame: ``person``, ``capacity`` or ``cluster``: who can mend it.
        sentence: what happened, and what the person can do next; plain text of bounded length.
        after_seconds: how long it may last until it ends the start: 0 is at once, None is never.
        said_after_seconds: how long it has to last until it is said: what is so for a moment of most starts is not.
    """

    kind: str
    blame: str
    sentence: str
    after_seconds: float | None = 0
    said_after_seconds: float = 0

    @property
    def fatal(self) -> bool:
        """Whether it ends the start now."""
        return self.after_seconds == 0


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known of a launch beside its pod.

    Attributes:
        image: what the person knows the image as; empty where that is not known.
        memory: what the environment has, e.g. ``1Gi``; empty where that is not known.
        can_grow: whether nodes may be added for it.
        waited_seconds: how long it has waited for a node so far.
        usual_seconds: how long that usually takes; None without history.
        node: the node that it was given to, as the API server has it; empty if it is gone, None if that is not known.
    """

    image: str = ""
    memory: str = ""
    can_grow: bool = True
    waited_seconds: float = 0
    usual_seconds: float | None = None
    node: Document | None = None


#: Nearly every mapping is a dict, which is told without a look into a registry of classes.
_MAPPING: Final = (dict, Mapping)


def part(document: object, *keys: str) -> Document:
    """Return a mapping inside a document; one that is not there, or is none, is empty."""
    for key in keys:
        document = document.get(key) if isinstance(document, _MAPPING) else None
    return document if isinstance(document, _MAPPING) else {}


def parts(document: object, key: str) -> Sequence[Document]:
    """Return the mappings of a list inside a document."""
    found = document.get(key) if isinstance(document, _MAPPING) else None
    return [each for each in found if isinstance(each, _MAPPING)] if isinstance(found, (list, tuple)) else []


def text(document: Document, key: str) -> str:
    """Return a text inside a document; what is none is empty."""
    found = document.get(key)
    return found if isinstance(found, str) else ""


def number(document: Document, key: str) -> int:
    """Return a whole number inside a document; what is none is 0."""
    found = document.get(key)
    return found if isinstance(found, int) and not isinstance(found, bool) else 0


def condition(thing: Document, kind: str) -> Document:
    """Return a condition of a pod or a node, e.g. ``PodScheduled``; one that it does not have is empty."""
    for each in parts(part(thing, "status"), "conditions"):
        if each.get("type") == kind:
            return each
    return {}


def roughly(seconds: float) -> str:
    """Return a time in words, e.g. ``3 minutes``."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return "less than a minute"
    return f"{minutes} minute{'s' if minutes != 1 else ''}"
