"""Memory over many starts is told at even steps."""

import pytest

from benchmarks.soak import even_steps, slope, soak_of

GROWS = {"at_once": 500, "memory_mib": [100, 140, 150, 151, 152, 153], "failed": 1, "left": 2}


def test_first_and_last_are_of_a_thousand_starts():
    """Two rounds of five hundred each."""
    soak = soak_of(GROWS)
    assert (soak.starts, soak.first, soak.last) == (3000, 120, 152.5)


def test_growth_is_counted_after_the_first_thousand():
    """What a process takes once is no growth; one more for each five hundred is two for each thousand."""
    assert soak_of(GROWS).slope == pytest.approx(2)


def test_a_short_soak_has_no_slope():
    """Nothing is made up of one point."""
    assert soak_of(GROWS | {"memory_mib": [100, 140, 150]}).slope is None
    assert slope([]) is None


STEPS = [
    (3, [1, 2, 3]),
    (10, list(range(1, 11))),
    (100, list(range(10, 101, 10))),
    (25, [2, 5, 7, 10, 12, 15, 17, 20, 22, 25]),
]


@pytest.mark.parametrize(("rounds", "expected"), STEPS)
def test_steps_are_even(rounds, expected):
    """Ten of them, the last at the end."""
    assert [n for n, _ in even_steps([(n + 1, 0.0) for n in range(rounds)])] == expected
