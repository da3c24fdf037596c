"""How a line of a container's log becomes an event, or is refused.

A line comes from a container in which somebody else's programs run. So it is not believed: whose environment it is says
the pod, which only the hub could write; fields that are not known here are dropped, which keeps the text of commands
out whatever writes the line; and whatever is too long or of another type makes the line malformed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from swish_spawner.core.ssh_log.events.event import EVENTS, Event
from swish_spawner.core.ssh_log.events.source import Source

#: The longest line that is read (characters); paths are the longest part of one, and are cut where they are written.
LONGEST: Final = 8192

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
    for name, own in source.owner.items():
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
