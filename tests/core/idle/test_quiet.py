"""In quiet hours nobody is warned; they end when the wall's clock says so."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from swish_spawner.core.idle.quiet import QuietHours, first_allowed

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = QuietHours(time(20), time(8), BERLIN)
WEEKEND = QuietHours(time(0), time(0), BERLIN, frozenset((5, 6)))


def berlin(day: int, hour: int, minute: int = 0, month: int = 6) -> datetime:
    """Return a moment of 2026 by the clocks there."""
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("moment", "allowed", "reason"),
    [
        (berlin(10, 12), berlin(10, 12), "noon"),
        (berlin(10, 20), berlin(11, 8), "the first moment of a night"),
        (berlin(11, 3), berlin(11, 8), "after midnight"),
        (berlin(11, 8), berlin(11, 8), "the first moment after it"),
        (berlin(12, 21), berlin(15, 8), "a night before a weekend, and the night after that"),
        (berlin(13, 12), berlin(15, 8), "within a weekend"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_whoever_is_warned_is_awake(moment: datetime, allowed: datetime, reason: str) -> None:
    """Nights and weekends are waited for to their end."""
    assert first_allowed(moment, (NIGHT, WEEKEND)) == allowed, reason


def test_the_wall_is_what_counts_when_clocks_change() -> None:
    """The night of 25 October is an hour longer."""
    night = first_allowed(berlin(24, 20, month=10), (NIGHT,)) - berlin(24, 20, month=10).astimezone(UTC)
    assert night == timedelta(hours=13)


def test_an_hour_that_comes_twice_is_quiet_twice() -> None:
    """On 25 October, 2:15 is before the end of hours that end at 2:30, also the second time."""
    hours = QuietHours(time(22), time(2, 30), BERLIN)
    second = berlin(25, 2, 15, month=10).replace(fold=1)
    assert first_allowed(second.astimezone(UTC), (hours,)) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_a_moment_keeps_its_zone() -> None:
    """Whoever asks in UTC is answered in UTC."""
    assert first_allowed(datetime(2026, 6, 10, 23, tzinfo=UTC), (NIGHT,)) == datetime(2026, 6, 11, 6, tzinfo=UTC)


def test_hours_that_never_end_are_none() -> None:
    """Somebody has to be told at some time."""
    always = (QuietHours(time(0), time(12), UTC), QuietHours(time(12), time(0), UTC))
    assert first_allowed(berlin(10, 12), always) == berlin(10, 12)
