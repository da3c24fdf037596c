"""Cards say in words what there is."""

from __future__ import annotations

import pytest

from swish_spawner.core.launch.capacity import State
from swish_spawner.hub.form.cards import state_words

WORDS: list[tuple[State, float | None, str]] = [
    (State.FREE, 240, "Free now"),
    (State.NEW_NODE, None, "Needs a new node"),
    (State.NEW_NODE, 20, "Needs a new node, about 1 minute"),
    (State.NEW_NODE, 220, "Needs a new node, about 4 minutes"),
    (State.FULL, None, "Full; waits until another stops"),
    (State.GROWS, 220, "Gets a new node if none is free"),
    (State.UNKNOWN, 220, ""),
]


@pytest.mark.parametrize(("state", "seconds", "words"), WORDS)
def test_what_is_free_is_said_in_words(state: State, seconds: float | None, words: str) -> None:
    """How long a node takes is said where it is known, and nothing is said where nothing is known."""
    assert state_words(state, seconds) == words
