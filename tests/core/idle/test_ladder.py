"""Which rung is climbed when: none twice, none left out, and no stop that was not warned of in time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swish_spawner.core.idle.ladder import Episode, NextStep, Oversight, Rung, next_step, rungs
from swish_spawner.core.idle.signals import Idleness, LastUse
from swish_spawner.core.idle.state import IdleState
from swish_spawner.core.policy.values import IdleStep, Policy

START = datetime(2026, 6, 1, 8, tzinfo=UTC)
ALWAYS = Oversight(START)


def at(hours: float) -> datetime:
    """Return a moment so many hours after the start."""
    return START + timedelta(hours=hours)


@pytest.fixture
def ladder(policy: Policy) -> tuple[Rung, ...]:
    """The shipped one: 30 min, 2 h, 8 h, 24 h with a warning of 1 h."""
    return rungs(policy.idle["standard"])


def idle(since: float, at_most: float | None = None) -> Idleness:
    """Return what is known of an environment that was used until an hour, and perhaps until another."""
    seen, most = at(since), at(since if at_most is None else at_most)
    return Idleness(LastUse(seen, seen, seen), LastUse(most, most, most), (), None)


def climbed(ladder: tuple[Rung, ...], hours: dict[str, float], since: float = 0) -> Episode:
    """Return an episode in which rungs were climbed at hours."""
    return Episode(at(since), {do: at(hour) for do, hour in hours.items()})


ALL_BEFORE = {"alert": 0.5, "notify": 2.0, "shrink": 8.0}


def test_a_warning_is_a_rung_before_the_stop(ladder: tuple[Rung, ...]) -> None:
    """As long before it as the policy says."""
    assert [(rung.do, rung.after / timedelta(hours=1)) for rung in ladder] == [
        ("alert", 0.5),
        ("notify", 2),
        ("shrink", 8),
        ("warn", 23),
        ("stop", 24),
    ]


# hour, what was done before (hours), idle since, at most since; the rung to climb, the next and its hour, reason
STEPS: list[tuple[float, dict[str, float], float, float, str | None, str | None, float | None, str]] = [
    (0.4, {}, 0, 0, None, "alert", 0.5, "too early for any"),
    (0.5, {}, 0, 0, "alert", "notify", 2, "the first"),
    (9, {}, 0, 0, "alert", "notify", 2, "late for three, and still the first"),
    (9, {"alert": 9.0}, 0, 0, "notify", "shrink", 8, "then the second"),
    (9, {"alert": 0.5, "notify": 2.0}, 0, 0, "shrink", "warn", 23, "then the third"),
    (9, {"alert": 0.5, "notify": 2.0}, 0, 8.5, None, "shrink", 16.5, "somebody may have been there"),
    (3, {"alert": 0.5}, 0, 3, "notify", "shrink", 11, "a notice takes nothing away"),
    (22, ALL_BEFORE, 0, 0, None, "warn", 23, "smaller, and an hour early"),
    (23, ALL_BEFORE, 0, 0, "warn", "stop", 24, "the warning"),
    (30, ALL_BEFORE, 0, 0, "warn", "stop", 31, "the warning, late: the stop is as much later"),
    (24, {**ALL_BEFORE, "warn": 23.0}, 0, 0, "stop", None, None, "warned in time"),
    (24, {**ALL_BEFORE, "warn": 23.5}, 0, 0, None, "stop", 24.5, "warned late"),
    (50, {**ALL_BEFORE, "warn": 49.5}, 0, 0, None, "stop", 50.5, "warned a day late"),
    (25, {**ALL_BEFORE, "warn": 23.0}, 0, 24.5, None, "warn", 47.5, "warned, and nothing known after that"),
    (24, {**ALL_BEFORE, "warn": 23.0}, 0, 0.1, "warn", "stop", 25, "warned a little early for what may have been"),
    (90, {**ALL_BEFORE, "warn": 23.0, "stop": 24.0}, 0, 0, None, None, None, "stopped"),
]


@pytest.mark.parametrize(
    ("hour", "done", "since", "at_most", "do", "following", "due", "reason"), STEPS, ids=[row[7] for row in STEPS]
)
def test_the_next_rung(
    ladder: tuple[Rung, ...],
    hour: float,
    done: dict[str, float],
    since: float,
    at_most: float,
    do: str | None,
    following: str | None,
    due: float | None,
    reason: str,
) -> None:
    """Of the shipped ladder."""
    found = next_step(idle(since, at_most), climbed(ladder, done), ladder, ALWAYS, at(hour))
    assert (found.do, found.next_do, found.next_at) == (do, following, None if due is None else at(due)), reason


def test_use_begins_another_episode(ladder: tuple[Rung, ...]) -> None:
    """With nothing done."""
    found = next_step(idle(9), climbed(ladder, {"alert": 0.5, "notify": 2}), ladder, ALWAYS, at(9.1))
    assert found == NextStep(Episode(at(9)), None, "alert", at(9.5))


def test_what_was_shrunk_is_restored_at_the_first_use(ladder: tuple[Rung, ...]) -> None:
    """As often as it takes until that is done, whatever was climbed meanwhile, and then no more."""
    shrunk = climbed(ladder, {"alert": 0.5, "notify": 2}).with_done("shrink", at(8))
    first = next_step(idle(9), shrunk, ladder, ALWAYS, at(9.1))
    assert (first.do, first.next_do) == ("restore", "alert")
    again = next_step(idle(9), first.episode, ladder, ALWAYS, at(9.6))
    assert again.do == "restore"
    assert next_step(idle(9), again.episode.with_done("restore", at(9.6)), ladder, ALWAYS, at(9.6)).do == "alert"


def test_what_is_shrunk_and_idle_stays_so(ladder: tuple[Rung, ...]) -> None:
    """Until somebody is back."""
    shrunk = climbed(ladder, {"alert": 0.5, "notify": 2}).with_done("shrink", at(8))
    assert next_step(idle(0), shrunk, ladder, ALWAYS, at(9)).do is None


def test_what_may_have_been_begins_no_other_episode(ladder: tuple[Rung, ...]) -> None:
    """A gap in the data holds what is taken away; it does not tell everybody everything again."""
    found = next_step(idle(0, 9), climbed(ladder, ALL_BEFORE), ladder, ALWAYS, at(9))
    assert found.episode.done.keys() == ALL_BEFORE.keys()


def test_what_is_kept_is_warned_of_again(ladder: tuple[Rung, ...]) -> None:
    """Its owner said until when; then there is another warning, and its time."""
    kept = climbed(ladder, {**ALL_BEFORE, "warn": 23.0}).kept(at(40))
    assert next_step(idle(0), kept, ladder, ALWAYS, at(39)).next_at == at(40)
    assert next_step(idle(0), kept, ladder, ALWAYS, at(40)).do == "warn"
    assert next_step(idle(0), kept.with_done("warn", at(40)), ladder, ALWAYS, at(40.5)).next_at == at(41)


def test_what_is_kept_is_not_shrunk(ladder: tuple[Rung, ...]) -> None:
    """Nor told less often of."""
    kept = climbed(ladder, {"alert": 0.5}).kept(at(12))
    assert next_step(idle(0), kept, ladder, ALWAYS, at(2)).do == "notify"
    assert next_step(idle(0), kept.with_done("notify", at(2)), ladder, ALWAYS, at(9)).next_at == at(12)


def test_who_keeps_it_twice_keeps_it_until_the_later() -> None:
    """A second click on an older link takes nothing back."""
    assert Episode(at(0)).kept(at(12)).kept(at(10)).keep_until == at(12)


def test_what_is_kept_is_kept_whatever_use_there_is(ladder: tuple[Rung, ...]) -> None:
    """To say so on a page is use itself; a line more must not take back what was promised."""
    kept = climbed(ladder, ALL_BEFORE).kept(at(40))
    found = next_step(idle(10), kept, ladder, ALWAYS, at(10))
    assert found.episode == Episode(at(10), keep_until=at(40))
    done = {do: at(hour) for do, hour in {"alert": 10.5, "notify": 12.0}.items()}
    assert next_step(idle(10), replace(found.episode, done=done), ladder, ALWAYS, at(39)).next_at == at(40)


def test_a_warning_by_a_shorter_ladder_is_none(ladder: tuple[Rung, ...]) -> None:
    """It told of another stop: when the policy gives more time, somebody is warned again at the end of that."""
    long = rungs([IdleStep(timedelta(days=30), "stop", timedelta(hours=1))])
    warned = Episode(at(0), {"warn": at(23)})
    assert next_step(idle(0), warned, long, ALWAYS, at(30 * 24)).do == "warn"


def test_an_episode_that_has_not_begun_is_none(ladder: tuple[Rung, ...]) -> None:
    """A clock was wrong when it was written."""
    assert next_step(idle(0), Episode(at(900), {"alert": at(901)}), ladder, ALWAYS, at(1)).episode == Episode(at(0))


def test_a_clock_that_was_set_back_warns_once(ladder: tuple[Rung, ...]) -> None:
    """Not at each look until it has caught up."""
    about = Oversight(watched_since=at(30))
    warned = next_step(idle(0), climbed(ladder, ALL_BEFORE), ladder, about, at(23))
    assert warned.do == "warn"
    later = warned.episode.with_done("warn", at(23))
    assert next_step(idle(0), later, ladder, Oversight(at(23)), at(23.1)).do is None


def test_nobody_is_stopped_in_quiet_hours(ladder: tuple[Rung, ...]) -> None:
    """Whoever was warned just before them has to be able to answer."""
    quiet = replace(ALWAYS, allowed=lambda moment: max(moment, at(32)) if moment > at(23) else moment)
    warned = climbed(ladder, {**ALL_BEFORE, "warn": 23.0})
    assert next_step(idle(0), warned, ladder, quiet, at(24)).next_at == at(32)
    assert next_step(idle(0), warned, ladder, quiet, at(32)).do == "stop"


def test_a_warning_that_nobody_stood_by_is_given_again(ladder: tuple[Rung, ...]) -> None:
    """Its link and its page may not have worked, when the hub or the service was away."""
    warned = climbed(ladder, {**ALL_BEFORE, "warn": 23.0})
    found = next_step(idle(0), warned, ladder, Oversight(watched_since=at(23.8)), at(24))
    assert found.do == "warn"


def test_nobody_is_warned_in_quiet_hours(ladder: tuple[Rung, ...]) -> None:
    """The warning waits for their end, and the hour counts from there."""
    quiet = Oversight(START, lambda moment: max(moment, at(30)))
    found = next_step(idle(0), climbed(ladder, ALL_BEFORE), ladder, quiet, at(24))
    assert (found.do, found.next_do, found.next_at) == (None, "warn", at(30))
    assert next_step(idle(0), climbed(ladder, ALL_BEFORE), ladder, quiet, at(30)).do == "warn"


steps_of_a_policy = st.builds(
    lambda gaps, dos, notice: tuple(
        IdleStep(timedelta(hours=sum(gaps[: n + 1])), do, timedelta(hours=notice * gaps[n]) if do == "stop" else None)
        for n, do in enumerate(dos)
    ),
    st.lists(st.floats(0.1, 20), min_size=4, max_size=4),
    st.sampled_from([("alert", "notify", "shrink", "stop"), ("notify", "stop"), ("stop",), ("alert", "shrink")]),
    st.floats(0, 1),
)


class Service:
    """Looks at one environment again and again, and climbs what it is told to; ``used`` is when it was last used."""

    def __init__(self, ladder: tuple[Rung, ...]) -> None:
        self.ladder, self.used, self.blind, self.watched, self.keep = ladder, 0.0, 0.0, 0.0, 0.0
        self.episode: Episode | None = None
        self.climbed: list[tuple[str, datetime]] = []

    def look(self, hour: float, *, delivered: bool = True) -> NextStep:
        """Look, and climb what is due, unless that cannot be delivered."""
        about = Oversight(at(self.watched))
        found = next_step(idle(self.used, max(self.used, self.blind)), self.episode, self.ladder, about, at(hour))
        self.episode = found.episode
        if found.do is not None and delivered:
            self.episode = self.episode.with_done(found.do, at(hour))
            self.climbed.append((found.do, at(hour)))
        return found


looks = st.lists(
    st.tuples(st.floats(0, 12), st.sampled_from(["", "", "", "used", "blind", "away", "undelivered", "kept"])),
    max_size=40,
)


def happens(
    ladder: tuple[Rung, ...], events: list[tuple[float, str]], *, is_restarted: bool = False
) -> Iterator[tuple[Service, float, NextStep]]:
    """Yield the service after each look, with its hour, and what was found; it may be another one for each."""
    service, hour = Service(ladder), 0.0
    for gap, event in events:
        hour += gap
        match event:
            case "used":
                service.used = hour
            case "blind":
                service.blind = hour
            case "away":
                service.watched = hour
            case "kept" if service.episode is not None:
                service.episode, service.keep = service.episode.kept(at(hour + 5)), hour + 5
        if is_restarted:
            service = again(service)
        yield service, hour, service.look(hour, delivered=event != "undelivered")


def again(service: Service) -> Service:
    """Return another service, which knows what was stored and no more."""
    other = Service(service.ladder)
    other.used, other.blind, other.watched, other.keep = service.used, service.blind, service.watched, service.keep
    if service.episode is not None:
        use = LastUse(at(0), at(0), at(0))
        state = IdleState.load(IdleState(use, service.episode, at(0), at(0)).dump())
        assert state is not None
        other.episode = state.episode
    other.climbed = service.climbed
    return other


@settings(max_examples=300)
@given(steps_of_a_policy, looks)
def test_no_stop_without_a_warning_in_time(steps: tuple[IdleStep, ...], events: list[tuple[float, str]]) -> None:
    """Delivered after the last use, at least as long before as the policy says, while somebody watched."""
    for service, hour, found in happens(rungs(steps), events):
        if found.do == "stop":
            notice = next(step.warn for step in steps if step.do == "stop")
            warned = max(moment for do, moment in service.climbed if do == "warn")
            assert notice is not None
            assert at(hour) - warned >= notice
            assert warned >= max(at(service.used), at(service.watched), at(service.keep))


@settings(max_examples=300)
@given(steps_of_a_policy, looks)
def test_no_rung_is_left_out_and_none_climbed_twice(
    steps: tuple[IdleStep, ...], events: list[tuple[float, str]]
) -> None:
    """In each episode; only a warning is given again, to those who kept it or could not answer."""
    order = [rung.do for rung in rungs(steps)]
    for _, _, found in happens(rungs(steps), events):
        episode = found.episode
        done = [do for do in order if do in episode.done]
        assert done == order[: len(done)]
        assert found.do in (None, "restore", order[len(done)] if len(done) < len(order) else None)
        assert all(moment >= episode.since for moment in episode.done.values())


@given(steps_of_a_policy, st.floats(0, 60), st.floats(0, 60), st.floats(0, 60))
def test_later_is_never_a_lower_rung(steps: tuple[IdleStep, ...], since: float, one: float, gap: float) -> None:
    """With nothing else changed."""
    ladder = rungs(steps)
    order: list[str | None] = [None, *(rung.do for rung in ladder)]

    def climb(hour: float) -> int:
        service = Service(ladder)
        service.used = since
        for _ in ladder:
            service.look(hour)
        return max((order.index(do) for do, _ in service.climbed), default=0)

    assert climb(one + gap) >= climb(one)


@given(steps_of_a_policy, looks)
def test_a_service_that_was_started_again_decides_the_same(
    steps: tuple[IdleStep, ...], events: list[tuple[float, str]]
) -> None:
    """What it stored is all that it needs, before each look."""
    kept_on = [found for _, _, found in happens(rungs(steps), events)]
    assert [found for _, _, found in happens(rungs(steps), events, is_restarted=True)] == kept_on


def test_quiet_hours_move_no_other_rung(ladder: tuple[Rung, ...]) -> None:
    """An operator's alert and a shrink need nobody awake."""
    quiet = replace(ALWAYS, allowed=lambda moment: moment + timedelta(hours=9))
    assert next_step(idle(0), climbed(ladder, {"alert": 0.5, "notify": 2}), ladder, quiet, at(8)).do == "shrink"
