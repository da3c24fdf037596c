"""What ``swish-sshd`` says, line by line, as checked records of who entered an environment and what was done there.

A line comes from a container in which somebody else's programs run. So it is not believed: whose environment it is says
the pod, which only the hub could write; fields that are not known here are dropped, which keeps the text of commands
out whatever writes the line; and whatever is too long or of another type makes the line malformed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from swish_spawner.core.ssh.names import environment_of

#: The longest line that is read (characters); paths are the longest part of one, and are cut where they are written.
LONGEST: Final = 8192
#: The event that says that somebody is still there. It is for the idle clock, and no record is made of it.
PRESENCE: Final = "presence"
#: Events that the log itself makes: lines are missing; lines could not be read; a pod ended before all its lines were
#: read.
GAP, UNREADABLE, UNREAD = "gap", "unreadable", "unread"
EVENTS: Final = frozenset(
    ("started", "blocked", "login", "refused", "session", "session-end", "tunnel", "file", "logout", PRESENCE)
)

_TEXT: Final = 1024
#: The most people who may have one key, and see an entry each.
_USERS: Final = 100
_TEXTS: Final = frozenset(
    (
        *("address", "fingerprint", "key_type", "method", "certificate", "ca", "ca_type", "serial", "reason", "kind"),
        *("direction", "host", "outcome", "op", "path", "to", "flags", "openssh", "mode"),
    )
)
_NUMBERS: Final = frozenset(
    (
        *("connection", "session", "status", "port", "count", "bytes", "seconds", "received", "sent"),
        *("sessions", "connections", "idle"),
    )
)
_FLAGS: Final = frozenset(("pty",))
#: Numbers that say how long something has lasted (seconds).
_LASTED: Final = frozenset(("idle", "seconds"))
#: How far ahead of the node's clock a program's clock is believed.
_AHEAD: Final = timedelta(seconds=5)
_MARK: Final = re.compile(r'"swish" ?: ?"ssh"')
_BOOT: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
#: JSON keeps half of a surrogate pair, which no file of UTF-8 does; the others would forge the look of a page.
_UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_HIGHEST: Final = 2**53


class LineError(ValueError):
    """A line that claims to be of ``swish-sshd`` is not as that writes them.

    Args:
        reason: a slug for metrics, e.g. ``json``.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Source:
    """Where lines come from, by what only the hub or the chart could write on a pod.

    Attributes:
        kind: ``sidecar``; ``notebook``, where the person's own programs write to the same output; or ``gateway``.
        namespace: of the pod.
        pod: its name.
        environment: its name; empty for a gateway, which has many people's lines.
        team: of the environment.
        user: whose it is.
        server: the server's name at the hub.
    """

    kind: str
    namespace: str
    pod: str
    environment: str = ""
    team: str = ""
    user: str = ""
    server: str = ""


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


def is_ours(line: str) -> bool:
    """Return whether a line claims to be of ``swish-sshd``; everything else in a container's log is not looked at."""
    return _MARK.search(line[:256]) is not None


def parse_line(line: str, source: Source) -> Event:
    """Read one line.

    Args:
        line: as the container wrote it.
        source: the container.

    Raises:
        LineError: it is too long, no JSON object, lacks something, has a value of another type, or names another
            environment, team or person than the pod.
    """
    document = _document(line)
    event = Event(
        boot=_boot(document),
        n=_number(document.get("n"), least=1),
        time=_time(document.get("time")),
        name=_name(document.get("event")),
        users=_users(document),
        fields=MappingProxyType(_fields(document)),
    )
    _same(document, source)
    return event


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


def whose(event: Event, source: Source) -> tuple[str, ...]:
    """Return who is to see an event as their own: the pod's person, or everybody whose key it was at a gateway."""
    return (event.users or ("",)) if source.kind == "gateway" else (source.user,)


def record(event: Event, source: Source, seen: str, user: str) -> dict[str, Any]:
    """Return what is kept of an event, as plain JSON data.

    Args:
        event: a line's.
        source: where it came from; it alone says whose environment it was, but at a gateway, where nobody but the
            gateway writes.
        seen: when the node got the line (RFC 3339), which nobody in the container can set.
        user: one of those of `whose`.
    """
    at_gateway = source.kind == "gateway"
    return {
        "time": event.time.isoformat(),
        "seen": seen,
        "environment": environment_of(str(event.fields.get("host", ""))) if at_gateway else source.environment,
        "team": source.team,
        "user": user,
        "event": event.name,
        **{name: event.fields[name] for name in sorted(event.fields)},
        **_origin(source),
        "boot": event.boot,
        "n": event.n,
    }


def gap(source: Source, seen: str, *, boot: str, after: int, until: int) -> dict[str, Any]:
    """Return the record that lines are missing, or came in another order than they were written in.

    Args:
        source: whose lines.
        seen: when the node got the line after them.
        boot: the start of ``swish-sshd`` that numbered them.
        after: the number of the last line that was read.
        until: the number of the one that came instead of the next.
    """
    missing = max(until - after - 1, 0)
    reason = "missing" if missing else "disorder"
    return {
        "time": seen,
        "seen": seen,
        **_whose(source),
        "event": GAP,
        "reason": reason,
        "lines": missing,
        **_origin(source),
        "boot": boot,
        "n": until,
    }


def unreadable(source: Source, seen: str, lines: int) -> dict[str, Any]:
    """Return the record that lines which seem to be of ``swish-sshd`` could not be made sense of, by a fault of ours.

    Args:
        source: whose lines.
        seen: when the node got the last one.
        lines: how many.
    """
    return {"time": seen, "seen": seen, **_whose(source), "event": UNREADABLE, "lines": lines, **_origin(source)}


def unread(source: Source, now: datetime) -> dict[str, Any]:
    """Return the record that a pod ended while nobody read its log, so that its last lines may be missing."""
    return {"time": now.isoformat(), **_whose(source), "event": UNREAD, **_origin(source)}


def missing_before(event: Event, boot: str, last: int) -> bool:
    """Return whether an event is not the next one after the last of its start; a new start begins with 1."""
    return event.n != (last + 1 if event.boot == boot else 1)


def _whose(source: Source) -> dict[str, str]:
    return {"environment": source.environment, "team": source.team, "user": source.user}


def _origin(source: Source) -> dict[str, str]:
    return {"source": source.kind, "namespace": source.namespace, "pod": source.pod}


def _document(line: str) -> dict[str, Any]:
    if len(line) > LONGEST:
        raise LineError("length")
    try:
        document = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise LineError("json") from error
    if not isinstance(document, dict) or document.get("swish") != "ssh":
        raise LineError("json")
    return document


def _same(document: Mapping[str, Any], source: Source) -> None:
    if source.kind == "gateway":
        return
    for name, own in _whose(source).items():
        if document.get(name) not in (own, None, ""):
            raise LineError("identity")


def _users(document: Mapping[str, Any]) -> tuple[str, ...]:
    users = document.get("users") or []
    if not isinstance(users, list) or len(users) > _USERS:
        raise LineError("users")
    return tuple(map(_text, users))


def _boot(document: Mapping[str, Any]) -> str:
    boot = document.get("boot")
    if not isinstance(boot, str) or not _BOOT.fullmatch(boot):
        raise LineError("boot")
    return boot


def _name(name: object) -> str:
    if not isinstance(name, str) or name not in EVENTS:
        raise LineError("event")
    return name


def _time(text: object) -> datetime:
    try:
        time = datetime.fromisoformat(text) if isinstance(text, str) and len(text) < 40 else None
    except ValueError as error:
        raise LineError("time") from error
    if time is None or time.tzinfo is None:
        raise LineError("time")
    return time


def _fields(document: Mapping[str, Any]) -> dict[str, str | int | float | bool]:
    found: dict[str, str | int | float | bool] = {}
    for name, value in document.items():
        if value is None:
            continue
        if name in _NUMBERS:
            found[name] = _amount(value)
        elif name in _TEXTS:
            found[name] = _text(str(value) if name == "serial" and type(value) is int else value)
        elif name in _FLAGS:
            found[name] = _flag(value)
    return found


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > _TEXT:
        raise LineError("field")
    return _UNSAFE.sub("\ufffd", value)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise LineError("field")
    return value


def _amount(value: object) -> int | float:
    if isinstance(value, float) and 0 <= value < _HIGHEST:
        return value
    return _number(value, least=0)


def _number(value: object, *, least: int) -> int:
    if type(value) is not int or not least <= value < _HIGHEST:
        raise LineError("number" if least else "field")
    return value
