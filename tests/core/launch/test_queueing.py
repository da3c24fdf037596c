"""Launches that wait get their turns fairly: between teams, in a team between people, and in their order."""

from __future__ import annotations

from collections import Counter
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swish_spawner.core.launch.queueing import FairOrder, Launch

#: Who asks, in order of coming -> who gets the turns, in order.
ORDERS = [
    pytest.param("", "", id="nobody waits"),
    pytest.param("aA aA aA", "aA aA aA", id="one person alone waits for nobody"),
    pytest.param("aA aA aA bB", "aA bB aA aA", id="a team's burst does not hold up another team"),
    pytest.param("aA aA aB", "aA aB aA", id="nor a person's burst another person of the team"),
    pytest.param("aA aA aB aB bC bC", "aA bC aB bC aA aB", id="a team of two gets no more turns than a team of one"),
    pytest.param("aA bB cC aA bB cC", "aA bB cC aA bB cC", id="equal teams in the order of coming"),
]


def waiting(people: str) -> FairOrder:
    """Return an order in which launches wait, e.g. ``aB`` of team a and person B; their numbers count up."""
    order = FairOrder()
    for number, who in enumerate(people.split()):
        order.add(Launch(who[0], who[1], number))
    return order


def all_of(order: FairOrder) -> list[Launch]:
    """Take every launch that waits."""
    return [order.take() for _ in range(len(order))]


@pytest.mark.parametrize(("asked", "turns"), ORDERS)
def test_turns_go_round(asked: str, turns: str) -> None:
    """The order is as the table says."""
    assert " ".join(launch.team + launch.person for launch in all_of(waiting(asked))) == turns


def test_nobody_is_left_to_be_taken() -> None:
    """To take of an empty order is an error of the caller's."""
    with pytest.raises(KeyError):
        FairOrder().take()


@pytest.mark.parametrize("launch", [Launch("a", "A", 7), Launch("a", "B", 0), Launch("b", "A", 0)])
def test_only_who_waits_can_leave(launch: Launch) -> None:
    """Another number, person or team is not the one that waits."""
    with pytest.raises(KeyError):
        waiting("aA").remove(launch)


ASKED = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("ABCD")), max_size=40)


@given(ASKED, st.data())
def test_the_order_that_is_shown_is_the_order_that_comes(asked: list[tuple[str, str]], data: st.DataObject) -> None:
    """Also after some have had their turns and others have left; and to look at it changes nothing."""
    order = waiting(" ".join(map("".join, asked)))
    for _ in range(data.draw(st.integers(0, len(asked)))):
        order.take()
    for launch in data.draw(st.permutations(order.order())) if len(order) else ():
        if data.draw(st.booleans()):
            order.remove(launch)
    shown = order.order()
    assert len(shown) == len(order)
    assert shown == order.order() == tuple(all_of(order))
    assert len(order) == 0


@given(ASKED)
def test_a_persons_own_launches_keep_their_order(asked: list[tuple[str, str]]) -> None:
    """First come, first served."""
    taken = all_of(waiting(" ".join(map("".join, asked))))
    for team, person in set(asked):
        numbers = [launch.number for launch in taken if (launch.team, launch.person) == (team, person)]
        assert numbers == sorted(numbers)


@given(ASKED, st.lists(st.one_of(st.none(), st.tuples(st.sampled_from("abc"), st.sampled_from("ABCD"))), max_size=60))
def test_no_launch_starves(asked: list[tuple[str, str]], then: list[tuple[str, str] | None]) -> None:
    """While others come and go, those who came later get at most the turns that a circle of all of them gives."""
    numbers, order = count(), FairOrder()
    for team, person in asked:
        order.add(Launch(team, person, next(numbers)))
    ahead = {launch: place for place, launch in enumerate(order.order())}
    since: Counter[str] = Counter()
    for what in then:
        if what is not None:
            order.add(Launch(*what, next(numbers)))
        elif len(order):
            taken = order.take()
            since[taken.team] += 1
            ahead.pop(taken, None)
        # between two turns of a team that waits, no other team has two
        for waits in {launch.team for launch in ahead}:
            assert all(since[other] <= since[waits] + 1 for other in since), (waits, since)


@given(st.integers(1, 30), st.integers(1, 5), st.integers(0, 30))
def test_the_first_launch_of_a_new_team_comes_within_one_round(burst: int, teams: int, later: int) -> None:
    """However many launches the others have asked for, and ask for afterwards."""
    order, numbers = FairOrder(), count()
    for team in range(teams):
        for _ in range(burst):
            order.add(Launch(str(team), "A", next(numbers)))
    mine = Launch("mine", "B", next(numbers))
    order.add(mine)
    for _ in range(later):
        order.add(Launch("0", "C", next(numbers)))
    assert order.order().index(mine) == teams
