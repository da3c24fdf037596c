"""What counts as use of an environment by ssh, and for how long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import pytest

from swish_spawner.core.ssh_log.activity import LastActivity, last_use, observe
from swish_spawner.core.ssh_log.events.event import Event, believed

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
CAP = timedelta(hours=2)


def event(name: str, minutes: float = 0, **fields: Any) -> Event:
    """An event so many minutes after noon."""
    return Event("a", 1, NOON + timedelta(minutes=minutes), name, (), MappingProxyType(fields))


def after(*events: Event) -> float | None:
    """When the environment was last in use after events, in minutes after noon."""
    known = LastActivity()
    for one in events:
        known = observe(known, believed(one, NOON - timedelta(hours=1), one.time))
    last = last_use(known, CAP)
    return None if last is None else (last - NOON).total_seconds() / 60


@pytest.mark.claim("what-counts-as-use")
@pytest.mark.parametrize(
    ("name", "fields", "counts", "why"),
    [
        ("login", {}, True, "somebody came in"),
        ("session", {"kind": "exec"}, True, "a command was started"),
        ("file", {"op": "read"}, True, "a file was fetched"),
        ("tunnel", {"outcome": "opened"}, True, "a tunnel was opened"),
        ("tunnel", {"outcome": "refused"}, False, "nothing came of it"),
        ("refused", {"reason": "key"}, False, "whoever it was did not get in"),
        ("started", {}, False, "sshd is not a person"),
        ("session-end", {}, False, "an end is no use; what went before it is known"),
        ("logout", {"reason": "lost"}, False, "a connection that broke"),
        ("presence", {"sessions": 0, "connections": 0, "idle": 0}, False, "nobody is there"),
        ("presence", {"sessions": 1}, False, "being there without ever having done something"),
    ],
)
def test_what_counts(name: str, fields: dict[str, Any], counts: bool, why: str) -> None:
    """An event by itself."""
    assert (after(event(name, **fields)) is not None) is counts, why


@pytest.mark.claim("what-counts-as-use")
def test_an_open_session_counts_while_somebody_types() -> None:
    """However long it lasts, by the last key."""
    typing = [event("presence", minute, sessions=1, idle=30) for minute in range(1, 600)]
    assert after(event("login"), *typing) == 599


@pytest.mark.claim("presence-cap")
def test_an_open_session_without_input_counts_for_a_while() -> None:
    """Until two hours after the last input, and not for the night."""
    idle = [event("presence", minute, sessions=1, idle=minute * 60) for minute in range(1, 600)]
    assert after(event("login"), *idle[:30]) == 30
    assert after(event("login"), *idle) == 120


@pytest.mark.claim("presence-cap")
def test_keep_alives_are_no_use() -> None:
    """Connections that say nothing of input."""
    beats = [event("presence", minute, connections=1) for minute in range(1, 600)]
    assert after(event("login"), *beats) == 120


def test_an_editor_is_used_when_more_than_heartbeats_comes_in() -> None:
    """It has no terminal to look at; the listener says how long ago that was."""
    beats = [event("presence", minute, sessions=1, idle=minute * 60) for minute in range(1, 300)]
    work = event("presence", 300, sessions=1, idle=0)
    assert after(event("login"), *beats, work) == 300


def test_a_tunnel_alone_is_presence() -> None:
    """It has a connection and no session."""
    assert after(event("login"), event("presence", 10, sessions=0, connections=1, idle=600)) == 10


def test_nothing_goes_back() -> None:
    """An older event, as after a restart, changes nothing."""
    assert after(event("session", 50), event("login", 10), event("presence", 20, sessions=1, idle=0)) == 50


def test_an_absurd_idle_time_is_nothing() -> None:
    """It would not fit in a date."""
    assert after(event("login"), event("presence", 10, sessions=1, idle=2**50)) == 10
