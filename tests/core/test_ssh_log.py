"""What is taken of a line of ``swish-sshd``, and what is not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from swish_spawner.core.ssh_log import (
    LONGEST,
    Event,
    LineError,
    Source,
    gap,
    is_ours,
    missing_before,
    parse_line,
    record,
    unread,
)

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
    kept = record(parse_line(line(environment="", team=None), SIDECAR), SIDECAR, SEEN)
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


@pytest.mark.parametrize("name", ["command", "argv", "content", "password", "login", "source", "pod", "number", "hash"])
def test_what_is_not_known_is_dropped(name: str) -> None:
    """No text of a command, no content and nothing of the store's own gets in, whoever writes the line."""
    kept = record(parse_line(line(**{name: "rm -rf /secret"}), SIDECAR), SIDECAR, SEEN)
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
        (line(user=["ada"]), "field", "a list for a name"),
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
    kept = record(parse_line(line(path="a\nb\u202ec\ud800d"), SIDECAR), SIDECAR, SEEN)
    assert kept["path"] == "a\ufffdb\ufffdc\ufffdd"
    kept["path"].encode()


def test_a_serial_number_may_be_larger_than_json_numbers() -> None:
    """A certificate's is 64 bits."""
    assert parse_line(line(serial=12), SIDECAR).fields["serial"] == "12"
    assert parse_line(line(serial=str(2**64 - 1)), SIDECAR).fields["serial"] == str(2**64 - 1)


def test_a_gateway_says_whose_key_it_was() -> None:
    """Nobody has a shell there; the environment is the one that the tunnel leads to."""
    text = line(event="tunnel", environment="", team="", user="grace", host="grace-x.swish.svc", port=22)
    kept = record(parse_line(text, GATEWAY), GATEWAY, SEEN)
    assert (kept["user"], kept["environment"], kept["source"]) == ("grace", "grace-x", "gateway")


def event(boot: str, n: int) -> Event:
    """An event of a number."""
    return replace(parse_line(line(), SIDECAR), boot=boot, n=n)


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
