"""What is taken of a line of ``swish-sshd``, and what is not."""

from __future__ import annotations

import json

import pytest

from swish_spawner.core.ssh_log.entries import record
from swish_spawner.core.ssh_log.events.lines import LONGEST, LineError, is_ours, parse_line
from tests.core.ssh_log.log_ins import GATEWAY, LOGIN, SEEN, SIDECAR, line


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


@pytest.mark.parametrize("users", ["ada", {"ada": 1}, [1], ["ada"] * 101])
def test_people_are_a_short_list_of_names(users: object) -> None:
    """Whatever else there is in its place makes the line malformed."""
    with pytest.raises(LineError):
        parse_line(line(users=users), GATEWAY)
