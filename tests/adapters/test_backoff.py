"""Pauses grow, end somewhere, and are spread."""

from __future__ import annotations

import pytest

from swish_spawner.adapters.backoff import Backoff


def test_each_pause_is_twice_as_long_up_to_a_bound() -> None:
    """Before it is spread."""
    pause = Backoff(1, 5, spread=(1, 1))
    assert [pause.take() for _ in range(5)] == [1, 2, 4, 5, 5]


def test_it_begins_anew_after_what_went_well() -> None:
    """With the first pause."""
    pause = Backoff(1, 5, spread=(1, 1))
    pause.take()
    pause.reset()
    assert (pause.seconds, pause.take()) == (1, 1)


@pytest.mark.parametrize(("spread", "least", "most"), [((0.8, 1.2), 8, 12), ((0, 1), 0, 10)])
def test_a_pause_is_spread(spread: tuple[float, float], least: float, most: float) -> None:
    """So that those who began together do not come back together."""
    pauses = [Backoff(10, 10, spread=spread).take() for _ in range(100)]
    assert least <= min(pauses) < max(pauses) <= most
