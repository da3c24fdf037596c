"""A free turn is always somebody's who waits."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swish_spawner.hub.shared.queue import Place, StartQueue


@pytest.mark.parametrize("limit", [0, -1])
async def test_without_a_limit_nobody_waits(limit: int) -> None:
    """As JupyterHub means its own limit."""
    queue = StartQueue(limit)
    assert all(queue.ask("a", "A").came.is_set() for _ in range(50))


async def test_a_turn_that_ends_is_the_next_ones() -> None:
    """And to end it again changes nothing."""
    queue = StartQueue(1)
    first, second, third = (queue.ask("a", "A") for _ in range(3))
    first.end()
    first.end()
    assert (second.came.is_set(), third.came.is_set()) == (True, False)


async def test_who_leaves_the_queue_leaves_no_gap() -> None:
    """The one behind moves up."""
    queue = StartQueue(1)
    first, second, third = (queue.ask("a", "A") for _ in range(3))
    assert third.sentence == "1 launch is ahead of yours."
    second.end()
    assert third.sentence == "Many environments are starting; yours is the next."
    first.end()
    assert third.came.is_set()
    assert not third.sentence


STEPS = st.lists(
    st.one_of(st.tuples(st.sampled_from("ab"), st.sampled_from("AB")), st.integers(0, 40)), min_size=1, max_size=60
)


@given(STEPS, st.integers(1, 4))
@settings(deadline=None)
def test_no_more_than_the_limit_start_and_none_is_forgotten(steps: list[Any], limit: int) -> None:
    """Whoever comes, ends and leaves, in whatever order: a free turn is always somebody's who waits."""
    queue, places, over = StartQueue(limit), list[Place](), set[Place]()
    for step in steps:
        if isinstance(step, tuple):
            places.append(queue.ask(*step))
        elif step < len(places):
            places[step].end()
            over.add(places[step])
        starting = [place for place in places if place.came.is_set() and place not in over]
        waiting = [place for place in places if not place.came.is_set() and place not in over]
        assert len(starting) == min(limit, len(starting) + len(waiting))
        assert len(queue) == len(waiting)
        assert {place.sentence for place in starting} <= {""}
