"""What ``swish-sshd`` can tell, an event a line, and how far its clock and its numbers are believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

#: The event that says that somebody is still there. It is for the idle clock, and no record is made of it.
PRESENCE: Final = "presence"
EVENTS: Final = frozenset(
    ("started", "blocked", "login", "refused", "session", "session-end", "tunnel", "file", "logout", PRESENCE)
)

#: Numbers that say how long something has lasted (seconds).
_LASTED: Final = frozenset(("idle", "seconds"))
#: How far ahead of the node's clock a program's clock is believed.
_AHEAD: Final = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Event:
    """A line that is well formed.

    Attributes:
        boot: the start of ``swish-sshd`` that wrote it.
        n: its number in that start, from 1 on.
        time: as the line says it.
        name: one of `EVENTS`.
        users: whom it names: at a gateway, everybody who has the key.
        fields: what else is known of it: texts, numbers and flags.
    """

    boot: str
    n: int
    time: datetime
    name: str
    users: tuple[str, ...]
    fields: Mapping[str, str | int | float | bool]


def missing_before(event: Event, boot: str, last: int) -> bool:
    """Return whether an event is not the next one after the last of its start; a new start begins with 1."""
    return event.n != (last + 1 if event.boot == boot else 1)


def believed(event: Event, since: datetime, seen: datetime) -> Event:
    """Return an event with what it says of time within what can be true.

    Args:
        event: a line's, whose clock is anybody's.
        since: when the pod was made; nothing in it is older.
        seen: when the node got the line; nothing in it is much later.
    """
    time = min(max(event.time, since), seen + _AHEAD)
    life = max((time - since).total_seconds(), 0)
    fields = {
        name: _within(event.fields[name], life) if name in _LASTED else event.fields[name] for name in event.fields
    }
    return replace(event, time=time, fields=MappingProxyType(fields))


def _within(value: object, most: float) -> float:
    return min(max(value, 0), most) if isinstance(value, int | float) else 0
