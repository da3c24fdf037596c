"""Since when an environment is idle, by what was seen, what may have been, and what no longer counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swish_spawner.core.idle.signals import Kind, LastUse, Signal, Terms, idleness

READY = datetime(2026, 6, 1, 8, tzinfo=UTC)
TERMS = Terms(READY, timedelta(hours=2), timedelta(hours=24), timedelta(minutes=3))
SCARCE = replace(TERMS, is_scarce=True)


def at(hours: float) -> datetime:
    """Return a moment so many hours after the environment was ready."""
    return READY + timedelta(hours=hours)


def signal(kind: str, seen: float | None, known: float | None = 100, *, own: bool = False, source: str = "") -> Signal:
    """Return what a source says, at hours after the environment was ready."""
    last_seen, known_until = (None if one is None else at(one) for one in (seen, known))
    return Signal(source or kind, Kind(kind), last_seen, known_until, is_own=own)


# what was seen (kind, hours, own), terms, hours until when it counts as used, reason
SEEN: list[tuple[list[tuple[str, float | None, bool]], Terms, float, str]] = [
    ([], TERMS, 0, "nothing but its start"),
    ([("interaction", None, False)], TERMS, 0, "a source that never saw any"),
    ([("interaction", 3, True)], TERMS, 3, "somebody did something"),
    ([("interaction", -3, False)], TERMS, 0, "before it was ready"),
    ([("presence", 1, False)], TERMS, 1, "a tab was open"),
    ([("presence", 9, False)], TERMS, 2, "a tab was left open"),
    ([("interaction", 5, True), ("presence", 9, False)], TERMS, 7, "a tab was left open after work in it"),
    ([("work", 20, False)], TERMS, 20, "a kernel computes and says nothing"),
    ([("work", 50, False)], TERMS, 24, "a loop without end"),
    ([("interaction", 30, True), ("work", 50, False)], TERMS, 50, "a long computation that somebody looks after"),
    ([("interaction", 200, True)], TERMS, 100, "a moment that has not come"),
    ([("interaction", 90, True)], SCARCE, 24, "on a GPU, a program that plays a person"),
    ([("interaction", 80, False), ("interaction", 90, True)], SCARCE, 90, "on a GPU, a person who comes by ssh"),
    ([("interaction", 90, True), ("presence", 95, True)], SCARCE, 24, "on a GPU, presence after what does not count"),
    ([("interaction", 20, True), ("work", 90, False)], SCARCE, 24, "on a GPU, a loop after what a program did"),
]


@pytest.mark.parametrize(("seen", "terms", "since", "reason"), SEEN, ids=[row[3] for row in SEEN])
def test_each_kind_of_use_counts_for_its_time(
    seen: list[tuple[str, float | None, bool]], terms: Terms, since: float, reason: str
) -> None:
    """At 100 hours, with sources that all know of now."""
    signals = [signal(kind, hours, own=own) for kind, hours, own in seen]
    found = idleness(signals, terms, at(100))
    assert found.seen.since == at(since), reason
    assert (found.at_most, found.unknown) == (found.seen, ())


def test_the_decisive_signal_is_the_one_that_it_comes_from() -> None:
    """The last that was seen, capped or not."""
    signals = [signal("interaction", 5), signal("presence", 9, source="hub"), signal("work", 1)]
    found = idleness(signals, TERMS, at(100)).decisive
    assert found is not None
    assert found.source == "hub"


def test_a_signal_that_no_longer_counts_decides_nothing() -> None:
    """The tab is open later, and counts until 2; the kernel was busy until 3."""
    found = idleness(
        [signal("presence", 9, source="hub"), signal("work", 3, source="kernels")], TERMS, at(100)
    ).decisive
    assert found is not None
    assert found.source == "kernels"


def test_nobody_has_used_it() -> None:
    """Then no signal decides."""
    assert idleness([signal("work", None)], TERMS, at(1)).decisive is None


@pytest.mark.parametrize("known", [None, 99.9, 124])
def test_a_source_that_knows_nothing_may_have_missed_a_person(known: float | None) -> None:
    """What was seen stays; what may have been is now. One that knows the future has a wrong clock."""
    found = idleness([signal("interaction", 4, known, source="ssh")], TERMS, at(100))
    assert (found.seen.since, found.at_most.since, found.unknown) == (at(4), at(100), ("ssh",))


@pytest.mark.parametrize(("kind", "since"), [("presence", 6), ("work", 28)])
def test_what_may_have_been_counts_no_longer_than_what_was_seen(kind: str, since: float) -> None:
    """A Prometheus that is away for a week holds nothing that it could not hold if it were there."""
    signals = [signal("interaction", 4), signal(kind, None, None)]
    assert idleness(signals, TERMS, at(100)).at_most.since == at(since)


def test_a_gap_counts_as_use_when_data_are_back() -> None:
    """Nobody knows what was in it."""
    gap = replace(signal("work", 1), blind_until=at(12))
    found = idleness([gap], TERMS, at(100))
    assert (found.seen.since, found.at_most.since, found.unknown) == (at(1), at(12), ())


def test_what_was_known_stays_known() -> None:
    """Also by a service that was started again, and whose sources have forgotten."""
    before = LastUse(at(1), at(5), at(9))
    assert idleness([signal("interaction", None)], TERMS, at(100), before).seen == before


def test_what_was_known_of_the_future_is_now() -> None:
    """A clock was wrong, and would keep it in use until then."""
    before = LastUse(at(1), at(5), at(900))
    assert idleness([signal("interaction", None)], TERMS, at(100), before).seen == LastUse(at(1), at(5), at(100))


moments = st.none() | st.floats(-10, 110)
signals_of_anything = st.lists(
    st.builds(
        lambda kind, seen, known, blind, own: replace(
            signal(kind, seen, known, own=own), blind_until=None if blind is None else at(blind)
        ),
        st.sampled_from(["interaction", "presence", "work"]),
        moments,
        moments,
        moments,
        st.booleans(),
    ),
    max_size=6,
)
terms_of_anything = st.builds(
    lambda presence, work, scarce: Terms(
        READY, timedelta(hours=presence), timedelta(hours=work), timedelta(minutes=3), scarce
    ),
    st.floats(0, 30),
    st.floats(0, 60),
    st.booleans(),
)


@given(signals_of_anything, terms_of_anything, st.floats(0, 120), st.data())
def test_missing_signals_never_make_it_more_idle(
    signals: list[Signal], terms: Terms, now: float, data: st.DataObject
) -> None:
    """A source that falls silent leaves what was seen as it is, and what may have been no earlier."""
    whole = idleness(signals, terms, at(now))
    silent = [replace(one, known_until=None) if data.draw(st.booleans()) else one for one in signals]
    found = idleness(silent, terms, at(now))
    assert found.seen == whole.seen
    assert found.at_most.since >= whole.at_most.since
    lost = [replace(one, known_until=None, last_seen=None) for one in signals]
    found = idleness(lost, terms, at(now), whole.seen)
    assert found.seen.since >= whole.seen.since
    assert found.at_most.since >= whole.at_most.since


@given(signals_of_anything, terms_of_anything, st.floats(0, 120), st.floats(0, 120))
def test_time_makes_nothing_used_less(signals: list[Signal], terms: Terms, one: float, other: float) -> None:
    """And no clock that jumps ahead or back."""
    first = idleness(signals, terms, at(one))
    second = idleness(signals, terms, at(other), first.seen)
    assert second.seen.since >= min(first.seen.since, max(at(other), READY))
    assert second.seen.since <= max(at(other), READY)


@given(signals_of_anything, terms_of_anything, st.floats(0, 120), st.data())
def test_more_use_makes_nothing_more_idle(signals: list[Signal], terms: Terms, now: float, data: st.DataObject) -> None:
    """Whatever any source saw later than it did."""
    later = [
        replace(one, last_seen=max(one.last_seen or READY, at(data.draw(st.floats(0, 110)))))
        if data.draw(st.booleans())
        else one
        for one in signals
    ]
    before, after = idleness(signals, terms, at(now)), idleness(later, terms, at(now))
    assert after.seen.since >= before.seen.since
    assert after.at_most.since >= before.at_most.since


@given(signals_of_anything, terms_of_anything, st.floats(0, 120))
def test_what_may_have_been_is_no_less_than_what_was_seen(signals: list[Signal], terms: Terms, now: float) -> None:
    """In each of its moments, none of which is to come."""
    found = idleness(signals, terms, at(now))
    assert found.at_most.attended >= found.seen.attended
    assert found.at_most.acted >= found.seen.acted
    assert found.at_most.since >= found.seen.since >= READY
    assert found.at_most.since <= max(at(now), READY)


@given(signals_of_anything, terms_of_anything, st.floats(0, 120))
def test_on_scarce_nodes_what_it_says_of_itself_holds_it_no_longer_than_work(
    signals: list[Signal], terms: Terms, now: float
) -> None:
    """However much of it there is, from the last that only a person can have done."""
    scarce = replace(terms, is_scarce=True)
    own = [replace(one, is_own=True) for one in signals]
    assert idleness(own, scarce, at(now)).at_most.since <= READY + scarce.work_cap
