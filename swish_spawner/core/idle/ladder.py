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

#: Said between a rung and the stop.
WARN: Final = "warn"
STOP: Final = "stop"
#: Rungs that change something for whoever might be at work.
FIRM: Final = frozenset(("shrink", WARN, STOP))


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
        keep_until: until when its owner has asked to keep it.
    """

    since: datetime
    done: Mapping[str, datetime] = field(default_factory=lambda: MappingProxyType({}))
    keep_until: datetime | None = None

    def with_done(self, do: str, at: datetime) -> Episode:
        """Return the episode after a rung."""
        return replace(self, done=MappingProxyType({**self.done, do: at}))

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
        do: the rung to climb now; None for nothing.
        is_back: whether somebody is back since a rung was climbed, so that a shrink is undone.
        next_do: the rung after that.
        next_at: when it is due, as things are; None where that depends on the rung to climb now, or if there is none.
    """

    episode: Episode
    do: str | None
    is_back: bool
    next_do: str | None
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Oversight:
    """What a verdict looks at beside the use.

    Attributes:
        watched_since: since when somebody has looked without a gap: a warning from before it is given again.
        allowed: from a moment, the first at which people may be warned; by quiet hours.
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
    current, is_back = _current(idle, episode)
    current = _still_warned(current, max(about.watched_since, idle.at_most.since))
    left = [rung for rung in ladder if rung.do not in current.done]
    if not left:
        return NextStep(current, None, is_back, None, None)
    due = _due(left[0], idle, current, about, now)
    if now < due:
        return NextStep(current, None, is_back, left[0].do, due)
    following = left[1].do if len(left) > 1 else None
    return NextStep(current, left[0].do, is_back, following, None)


def _current(idle: Idleness, episode: Episode | None) -> tuple[Episode, bool]:
    """Return the episode that runs: another one, with nothing done, once there was use after it began."""
    if episode is None or idle.seen.since > episode.since:
        return Episode(idle.seen.since), bool(episode and episode.done)
    return episode, False


def _still_warned(episode: Episode, since: datetime) -> Episode:
    """Take back a warning from before a moment.

    After it somebody may have used the environment, or nobody watched, so that its page and its link may not have
    worked.
    """
    warned = episode.done.get(WARN)
    return episode if warned is None or warned >= since else episode.without_warning()


def _due(rung: Rung, idle: Idleness, episode: Episode, about: Oversight, now: datetime) -> datetime:
    since = idle.at_most.since if rung.do in FIRM else episode.since
    due = since + rung.after
    if rung.do in FIRM and episode.keep_until is not None:
        due = max(due, episode.keep_until)
    if rung.do == STOP:
        # rungs are climbed in their order, and so it was delivered
        due = max(due, episode.done[WARN] + rung.notice)
    return about.allowed(max(due, now)) if rung.do == WARN and now >= due else due
