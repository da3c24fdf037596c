"""What is taken of a line of ``swish-sshd``, and what is not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swish_spawner.core.ssh_log.activity import Use, last_use, observe
from swish_spawner.core.ssh_log.chain import body_of
from swish_spawner.core.ssh_log.lines import (
    EVENTS,
    LONGEST,
    Event,
    LineError,
    Source,
    believed,
    gap,
    is_ours,
    missing_before,
    parse_line,
    record,
    unread,
    unreadable,
    whose,
)
from swish_spawner.core.ssh_log.stream import Position, account

SEEN = "2026-03-04T05:06:07.123456789Z"
SIDECAR = Source("sidecar", "swish-imaging", "jupyter-ada", "ada", "imaging", "ada", "atlas")
GATEWAY = Source("gateway", "swish", "ssh-gateway-1")
LOGIN: dict[str, Any] = {
    "swish": "ssh",
    "boot": "0a1b2c",
    "n": 2,
    "time": "2026-03-04T05:06:07.100Z",
    "environment": "ada",
    "team": "imaging",
    "user": "ada",
    "event": "login",
    "connection": 7,
    "address": "10.0.0.9",
    "fingerprint": "SHA256:abc",
    "key_type": "ED25519",
    "method": "publickey",
}


def line(**changed: Any) -> str:
    """A line of a log-in, with changes."""
    return json.dumps({**LOGIN, **changed})


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


@pytest.mark.claim("log-no-commands")
@pytest.mark.parametrize("name", ["command", "argv", "content", "password", "login", "source", "pod", "number", "hash"])
def test_what_is_not_known_is_dropped(name: str) -> None:
    """No text of a command, no content and nothing of the store's own gets in, whoever writes the line."""
    kept = record(parse_line(line(**{name: "rm -rf /secret"}), SIDECAR), SIDECAR, SEEN, "ada")
    assert "secret" not in json.dumps(kept)


@pytest.mark.parametrize(
    ("text", "reason", "why"),
    [
        ('{"swish":"ssh",', "json", "half a line"),
        ('["swish", "ssh"]', "json", "no object"),
        (line(swish="shh"), "json", "the mark stands elsewhere than it claims"),
        ("[" * 5000, "json", "nested so deep that the parser gives up"),
        (line(path="x" * LONGEST), "length", "a line that is too long"),
        (line(path="x" * 1025), "field", "a text that is too long"),
        (line(address=7), "field", "a number for a text"),
        (line(connection="7"), "field", "a text for a number"),
        (line(connection=-1), "field", "a negative number"),
        (line(connection=True), "field", "a truth for a number"),
        (line(bytes=2**53), "field", "a number that JSON does not hold exactly"),
        (line(seconds=float("nan")), "field", "no number"),
        (line(pty="yes"), "field", "a text for a truth"),
        (line(user=["ada"]), "identity", "a list for a name"),
        (line(boot="../x y"), "boot", "a start that is none"),
        (line(n=0), "number", "numbers begin with 1"),
        (line(n="2"), "number", "a text for the number"),
        (line(time="yesterday"), "time", "no time"),
        (line(time="2026-03-04T05:06:07"), "time", "no zone"),
        (line(time=5), "time", "a number for a time"),
        (line(event="sudo"), "event", "an event that there is not"),
        (line(event="gap"), "event", "what only the log itself says"),
        (line(event=["login"]), "event", "a list for a name"),
        (line(environment="grace"), "identity", "another's environment"),
        (line(team="genomics"), "identity", "another team"),
        (line(user="grace"), "identity", "another person"),
    ],
)
def test_a_malformed_line_is_refused(text: str, reason: str, why: str) -> None:
    """It is counted by its reason, and no record is made of it."""
    with pytest.raises(LineError) as refused:
        parse_line(text, SIDECAR)
    assert refused.value.reason == reason, why


@pytest.mark.parametrize(
    ("text", "ours"),
    [
        (line(), True),
        (json.dumps(LOGIN, separators=(",", ":")), True),
        ("[I 2026-03-04 ServerApp] 200 GET /api", False),
        ("", False),
        (" " * 300 + line(), False),
    ],
)
def test_other_lines_are_passed_over(text: str, ours: bool) -> None:
    """In an environment's own container JupyterLab writes to the same output."""
    assert is_ours(text) is ours


def test_what_would_forge_the_look_of_a_page_is_replaced() -> None:
    """Controls, half characters and marks that turn the direction of text around."""
    kept = record(parse_line(line(path="a\nb\u202ec\ud800d"), SIDECAR), SIDECAR, SEEN, "ada")
    assert kept["path"] == "a\ufffdb\ufffdc\ufffdd"
    kept["path"].encode()


def test_a_serial_number_may_be_larger_than_json_numbers() -> None:
    """A certificate's is 64 bits."""
    assert parse_line(line(serial=12), SIDECAR).fields["serial"] == "12"
    assert parse_line(line(serial=str(2**64 - 1)), SIDECAR).fields["serial"] == str(2**64 - 1)


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


@pytest.mark.parametrize("users", ["ada", {"ada": 1}, [1], ["ada"] * 101])
def test_people_are_a_short_list_of_names(users: object) -> None:
    """Whatever else there is in its place makes the line malformed."""
    with pytest.raises(LineError):
        parse_line(line(users=users), GATEWAY)


def event(boot: str, n: int) -> Event:
    """An event of a number."""
    return replace(parse_line(line(), SIDECAR), boot=boot, n=n)


@pytest.mark.claim("log-gap")
@pytest.mark.parametrize(
    ("boot", "n", "missing", "why"),
    [
        ("a", 6, False, "the next"),
        ("a", 7, True, "one is left out"),
        ("a", 5, True, "the same again"),
        ("a", 1, True, "back to the beginning of the same start"),
        ("b", 1, False, "a new start"),
        ("b", 2, True, "a new start without its first line"),
    ],
)
def test_numbers_tell_what_is_missing(boot: str, n: int, missing: bool, why: str) -> None:
    """After number 5 of start a."""
    assert missing_before(event(boot, n), "a", 5) is missing, why


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


MADE = datetime(2026, 3, 4, 5, tzinfo=UTC)
GOT = MADE + timedelta(minutes=10)


@pytest.mark.claim("log-time-believed")
@pytest.mark.parametrize(
    ("said", "time"),
    [
        ("2026-03-04T05:09:59Z", GOT - timedelta(seconds=1)),
        ("2026-03-04T05:10:04Z", GOT + timedelta(seconds=4)),
        ("2026-03-04T06:00:00Z", GOT + timedelta(seconds=5)),
        ("2026-03-04T04:59:00Z", MADE),
        ("0001-01-01T00:00:00+00:00", MADE),
        ("0001-01-01T00:00:00+14:00", MADE),
        ("9999-12-31T23:59:59-14:00", GOT + timedelta(seconds=5)),
    ],
)
def test_a_time_is_believed_within_the_life_of_its_pod(said: str, time: datetime) -> None:
    """The node's own clock, and the API server's, bound what a program says."""
    assert believed(parse_line(line(time=said), SIDECAR), MADE, GOT).time == time


@pytest.mark.claim("log-time-believed")
@pytest.mark.parametrize(("said", "kept"), [(60, 60), (86_400, 600), (2**52, 600)])
@pytest.mark.parametrize("name", ["idle", "seconds"])
def test_nothing_lasts_longer_than_its_pod(name: str, said: int, kept: int) -> None:
    """As the time of a line that says so."""
    event = parse_line(line(time="2026-03-04T05:10:00Z", **{name: said}), SIDECAR)
    assert believed(event, MADE, GOT).fields[name] == kept


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
    last_use(observe(Use(), event), timedelta(hours=2))
    for one in account(event, source, SEEN, Position())[1]:
        assert json.loads(body_of(one))
