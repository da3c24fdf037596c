"""Cards say in words what there is."""

from __future__ import annotations

import pytest

from swish_spawner.core.launch.capacity import PoolState
from swish_spawner.hub.form.cards import state_words

WORDS: list[tuple[PoolState, float | None, str]] = [
    (PoolState.FREE, 240, "Free now"),
    (PoolState.NEW_NODE, None, "Needs a new node"),
    (PoolState.NEW_NODE, 20, "Needs a new node, about 1 minute"),
    (PoolState.NEW_NODE, 220, "Needs a new node, about 4 minutes"),
    (PoolState.FULL, None, "Full; waits until another stops"),
    (PoolState.GROWS, 220, "Gets a new node if none is free"),
    (PoolState.UNKNOWN, 220, ""),
]


@pytest.mark.parametrize(("state", "seconds", "words"), WORDS)
def test_what_is_free_is_said_in_words(state: PoolState, seconds: float | None, words: str) -> None:
    """How long a node takes is said where it is known, and nothing is said where nothing is known."""
    assert state_words(state, seconds) == words
