"""What is kept: of an event an entry for each person who is to see it, and of what nobody read that it is missing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from swish_spawner.core.ssh.names import environment_of
from swish_spawner.core.ssh_log.events.event import Event
from swish_spawner.core.ssh_log.events.source import Source

#: Entries that the log itself makes: lines are missing; lines could not be read; a pod ended before all its lines were
#: read.
GAP, UNREADABLE, UNREAD = "gap", "unreadable", "unread"


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
        **source.origin,
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
        **source.owner,
        "event": GAP,
        "reason": reason,
        "lines": missing,
        **source.origin,
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
    return {"time": seen, "seen": seen, **source.owner, "event": UNREADABLE, "lines": lines, **source.origin}


def unread(source: Source, now: datetime) -> dict[str, Any]:
    """Return the record that a pod ended while nobody read its log, so that its last lines may be missing."""
    return {"time": now.isoformat(), **source.owner, "event": UNREAD, **source.origin}
