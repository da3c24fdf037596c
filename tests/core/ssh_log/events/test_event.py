"""How far an event is believed, and which numbers follow each other."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from swish_spawner.core.ssh_log.events.event import Event, believed, missing_before
from swish_spawner.core.ssh_log.events.lines import parse_line
from tests.core.ssh_log.log_ins import GOT, MADE, SIDECAR, line


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
