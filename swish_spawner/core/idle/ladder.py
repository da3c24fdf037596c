"""What is to be done about an idle environment, one rung after the other, and when the next is due.

A rung is climbed once in an idle episode and none is left out. Before a stop is a rung of its own, the warning; the
stop is due no earlier than the policy's time after that was delivered. From shrinking on, what may have been use counts
as use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from swish_spawner.core.idle.signals import Idleness
from swish_spawner.core.policy.values import IdleStep

#: The rung before a stop, and the stop.
WARN: Final = "warn"
STOP: Final = "stop"
SHRINK: Final = "shrink"
#: What is done when somebody is back and has less than they had.
RESTORE: Final = "restore"
#: Rungs that change something for whoever might be at work.
FIRM: Final = frozenset((SHRINK, WARN, STOP))
#: Rungs that wait for the end of quiet hours.
_LOUD: Final = frozenset((WARN, STOP))


@dataclass(frozen=True, slots=True)
class Rung:
    """One rung: what is done, after how long without use, and for a stop how long after its warning."""

    do: str
    after: timedelta
    notice: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Episode:
    """One time without use, as it is stored.

    Attributes:
        since: when it began.
        done: when each rung was climbed; for a warning, when it was delivered.
        keep_until: until when its owner has asked to keep the environment, whatever use there is meanwhile.
        is_shrunk: whether the environment has less than it was started with, by this episode or one before.
    """

    since: datetime
    done: Mapping[str, datetime] = field(default_factory=lambda: MappingProxyType({}))
    keep_until: datetime | None = None
    is_shrunk: bool = False

    def with_done(self, do: str, at: datetime) -> Episode:
        """Return the episode after something was done."""
        if do == RESTORE:
            return replace(self, is_shrunk=False)
        return replace(self, done=MappingProxyType({**self.done, do: at}), is_shrunk=self.is_shrunk or do == SHRINK)

    def without_warning(self) -> Episode:
        """Return the episode as if nobody had been warned in it; what has been stopped was warned of."""
        if STOP in self.done:
            return self
        return replace(self, done=MappingProxyType({do: at for do, at in self.done.items() if do != WARN}))

    def kept(self, until: datetime) -> Episode:
        """Return the episode after its owner asked to keep the environment: before a stop they are warned again."""
        later = until if self.keep_until is None else max(until, self.keep_until)
        return replace(self.without_warning(), keep_until=later)


@dataclass(frozen=True, slots=True)
class NextStep:
    """What is to be done.

    Attributes:
        episode: as it is to be stored, before anything of it is done.
        do: what to do now: a rung, or `RESTORE`; None for nothing.
        next_do: the rung after that.
        next_at: when it is due, as things are; None if there is none.
    """

    episode: Episode
    do: str | None
    next_do: str | None
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Oversight:
    """What a verdict looks at beside the use.

    Attributes:
        watched_since: since when somebody has looked without a gap: a warning from before it is given again.
        allowed: from a moment, the first at which people may be warned or stopped; by quiet hours.
    """

    watched_since: datetime
    allowed: Callable[[datetime], datetime] = lambda moment: moment


def rungs(steps: Sequence[IdleStep]) -> tuple[Rung, ...]:
    """Return the rungs of a policy's ladder, in the order in which they are climbed, warnings among them."""
    return tuple(sorted(_rungs(steps), key=lambda rung: rung.after))


def _rungs(steps: Sequence[IdleStep]) -> Iterator[Rung]:
    for step in steps:
        notice = step.warn or timedelta(0)
        if step.do == STOP:
            yield Rung(WARN, max(step.after - notice, timedelta(0)))
        yield Rung(step.do, step.after, notice)


def next_step(
    idle: Idleness, episode: Episode | None, ladder: Sequence[Rung], about: Oversight, now: datetime
) -> NextStep:
    """Decide what is to be done now.

    Args:
        idle: what is known of its use.
        episode: as it was stored; None for an environment that was never looked at.
        ladder: the rungs.
        about: what else counts.
        now: the time.
    """
    current = _still_warned(_current(idle, episode, now), idle, ladder, min(about.watched_since, now))
    left = [rung for rung in ladder if rung.do not in current.done]
    if current.is_shrunk and SHRINK not in current.done:
        return NextStep(current, RESTORE, *_coming(left, idle, current, about, now))
    if not left or now < _due(left[0], idle, current, about, now):
        return NextStep(current, None, *_coming(left, idle, current, about, now))
    climbed = current.with_done(left[0].do, now)
    return NextStep(current, left[0].do, *_coming(left[1:], idle, climbed, about, now))


def _coming(
    left: Sequence[Rung], idle: Idleness, episode: Episode, about: Oversight, now: datetime
) -> tuple[str | None, datetime | None]:
    """Return what comes after now, and when; of a stop, if its warning is delivered now."""
    return (left[0].do, _due(left[0], idle, episode, about, now)) if left else (None, None)


def _current(idle: Idleness, episode: Episode | None, now: datetime) -> Episode:
    """Return the episode that runs: another one, with nothing done, once there was use after it began."""
    if episode is None:
        return Episode(idle.seen.since)
    # one that has not begun yet was written when a clock was wrong
    if idle.seen.since > episode.since or episode.since > now:
        return Episode(idle.seen.since, keep_until=episode.keep_until, is_shrunk=episode.is_shrunk)
    return episode


def _still_warned(episode: Episode, idle: Idleness, ladder: Sequence[Rung], watched_since: datetime) -> Episode:
    """Take back a warning that does not say what is to come.

    Since it was delivered somebody may have used the environment, the ladder was made longer, or nobody watched, so
    that its page and its link may not have worked.
    """
    warned = episode.done.get(WARN)
    if warned is None:
        return episode
    owed = (_owed(rung, idle, episode) for rung in ladder if rung.do == WARN)
    return episode if warned >= max([watched_since, *owed]) else episode.without_warning()


def _owed(rung: Rung, idle: Idleness, episode: Episode) -> datetime:
    """Return when a rung is due by use and by what was asked for."""
    if rung.do not in FIRM:
        return episode.since + rung.after
    due = idle.at_most.since + rung.after
    return due if episode.keep_until is None else max(due, episode.keep_until)


def _due(rung: Rung, idle: Idleness, episode: Episode, about: Oversight, now: datetime) -> datetime:
    due = _owed(rung, idle, episode)
    if rung.do == STOP:
        # rungs are climbed in their order, and so it was delivered
        due = max(due, episode.done.get(WARN, now) + rung.notice)
    return about.allowed(max(due, now)) if rung.do in _LOUD else due
