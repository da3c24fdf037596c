"""When what is missing counts as gone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from swish_spawner.core.upkeep.absence import Rules

NOW = datetime(2026, 11, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("missing", "everybody", "blown"),
    [(0, 0, False), (1, 1, False), (2, 2, True), (1, 2, False), (5, 6, False), (6, 60, False), (6, 59, True)],
)
def test_fuse(missing: int, everybody: int, blown: bool) -> None:
    """More than five and more than a tenth, or all of several, are too many to be gone at once."""
    names = [str(number) for number in range(everybody)]
    assert Rules().is_fuse_blown(names[:missing], names[:everybody]) is blown


def test_wait() -> None:
    """A week."""
    assert not Rules().is_over(NOW - timedelta(days=6, hours=23), NOW)
    assert Rules().is_over(NOW - timedelta(days=7), NOW)
