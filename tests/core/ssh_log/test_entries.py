"""What is kept of events, whose it is, and what is said of lines that nobody read."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swish_spawner.core.ssh_log.activity import LastActivity, last_use, observe
from swish_spawner.core.ssh_log.chain import body_of
from swish_spawner.core.ssh_log.entries import gap, record, unread, unreadable, whose
from swish_spawner.core.ssh_log.events.event import EVENTS, believed
from swish_spawner.core.ssh_log.events.lines import LineError, parse_line
from swish_spawner.core.ssh_log.events.source import Source
from swish_spawner.core.ssh_log.stream import Position, account
from tests.core.ssh_log.log_ins import GATEWAY, GOT, MADE, SEEN, SIDECAR, line


def test_an_event_is_kept_with_what_the_pod_says() -> None:
    """Whose environment it was is the pod's word, and the record says where the line came from."""
    kept = record(parse_line(line(environment="", team=None), SIDECAR), SIDECAR, SEEN, "ada")
    assert kept == {
        "time": "2026-03-04T05:06:07.100000+00:00",
        "seen": SEEN,
        "environment": "ada",
        "team": "imaging",
        "user": "ada",
        "event": "login",
        "address": "10.0.0.9",
        "connection": 7,
        "fingerprint": "SHA256:abc",
        "key_type": "ED25519",
        "method": "publickey",
        "source": "sidecar",
        "namespace": "swish-imaging",
        "pod": "jupyter-ada",
        "boot": "0a1b2c",
        "n": 2,
    }


def test_a_gateway_says_whose_key_it_was() -> None:
    """Nobody has a shell there; the environment is the one that the tunnel leads to."""
    text = line(event="tunnel", environment="", team="", user="", users=["grace"], host="grace-x.swish.svc", port=22)
    event = parse_line(text, GATEWAY)
    kept = record(event, GATEWAY, SEEN, *whose(event, GATEWAY))
    assert (kept["user"], kept["environment"], kept["source"]) == ("grace", "grace-x", "gateway")


@pytest.mark.parametrize(
    ("source", "named", "people"),
    [
        (GATEWAY, ["ada", "mallory"], ("ada", "mallory")),
        (GATEWAY, ["ada,mallory"], ("ada,mallory",)),
        (GATEWAY, None, ("",)),
        (SIDECAR, ["mallory"], ("ada",)),
    ],
)
def test_everybody_who_has_a_key_sees_what_was_done_with_it(
    source: Source, named: list[str] | None, people: tuple[str, ...]
) -> None:
    """Somebody's public key is no secret: who puts it on their own list hides nothing from its owner."""
    assert whose(parse_line(line(users=named, user=""), source), source) == people


@pytest.mark.claim("log-gap")
def test_a_gap_says_how_many_lines_are_missing() -> None:
    """Whose, of which start, and before which line."""
    kept = gap(SIDECAR, SEEN, boot="a", after=5, until=9)
    assert {key: kept[key] for key in ("event", "reason", "lines", "environment", "boot", "n", "time")} == {
        "event": "gap",
        "reason": "missing",
        "lines": 3,
        "environment": "ada",
        "boot": "a",
        "n": 9,
        "time": SEEN,
    }


def test_lines_in_another_order_are_said_too() -> None:
    """None is missing then, but something wrote there that is no ``swish-sshd``."""
    kept = gap(SIDECAR, SEEN, boot="a", after=5, until=5)
    assert (kept["reason"], kept["lines"]) == ("disorder", 0)


def test_an_unread_end_is_said() -> None:
    """Whose it was is known from before."""
    kept = unread(SIDECAR, datetime(2026, 3, 4, tzinfo=UTC))
    assert (kept["event"], kept["user"], kept["time"]) == ("unread", "ada", "2026-03-04T00:00:00+00:00")


@pytest.mark.claim("log-unreadable")
def test_lines_that_could_not_be_read_have_a_record() -> None:
    """With how many, and whose."""
    assert unreadable(SIDECAR, SEEN, 3) == {
        "time": SEEN,
        "seen": SEEN,
        "environment": "ada",
        "team": "imaging",
        "user": "ada",
        "event": "unreadable",
        "lines": 3,
        "source": "sidecar",
        "namespace": "swish-imaging",
        "pod": "jupyter-ada",
    }


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=3,
)
TIMES = st.datetimes(timezones=st.timezones()).map(datetime.isoformat)
LINES = st.fixed_dictionaries(
    {
        "swish": st.just("ssh"),
        "event": st.sampled_from(sorted(EVENTS)),
        "time": TIMES | VALUES,
        "n": VALUES | st.just(1),
    },
    optional={
        **dict.fromkeys(("idle", "seconds", "sessions", "connections", "received", "count", "port"), VALUES),
        "users": VALUES | st.lists(st.text(max_size=3), max_size=3),
        **dict.fromkeys(("boot", "user", "address", "outcome", "host", "path", "kind", "team"), VALUES | st.text()),
        "boot": st.just("a"),
    },
)


@pytest.mark.claim("log-goes-on")
@given(document=LINES, source=st.sampled_from([SIDECAR, GATEWAY]))
def test_whatever_a_line_holds_it_is_kept_or_refused(document: dict[str, Any], source: Source) -> None:
    """By `LineError` alone: any other exception would be in the way of all lines after it."""
    try:
        event = parse_line(json.dumps(document), source)
    except LineError:
        return
    event = believed(event, MADE, GOT)
    last_use(observe(LastActivity(), event), timedelta(hours=2))
    for one in account(event, source, SEEN, Position())[1]:
        assert json.loads(body_of(one))
