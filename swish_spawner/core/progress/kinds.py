"""What trouble of a launch is, and what is known of a launch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from swish_spawner.core.reading import Document

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


def roughly(seconds: float) -> str:
    """Return a time in words, e.g. ``3 minutes``."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return "less than a minute"
    return f"{minutes} minute{'s' if minutes != 1 else ''}"
