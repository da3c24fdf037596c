"""Since when an environment is idle, of what was seen of it: each kind of use counts as long as it can be believed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Kind(StrEnum):
    """What a sign of use is.

    Attributes:
        INTERACTION: a person did something: ran a cell, typed, logged in, moved a file.
        PRESENCE: somebody was connected: a tab, an editor, a session.
        WORK: something ran: a busy kernel, CPU, a GPU, the network.
    """

    INTERACTION = "interaction"
    PRESENCE = "presence"
    WORK = "work"


@dataclass(frozen=True, slots=True)
class Signal:
    """What one source says of one environment; a source that should speak of it and does not is one without moments.

    Attributes:
        source: who says it, as metrics and words name it, e.g. ``kernels``.
        kind: what it is a sign of.
        last_seen: when it last saw any; None if it never has.
        known_until: up to when it has looked; None if it never has.
        blind_until: the end of the last stretch of which it knows nothing.
        is_own: whether the environment itself says it, so that its owner can have it say anything.
    """

    source: str
    kind: Kind
    last_seen: datetime | None = None
    known_until: datetime | None = None
    blind_until: datetime | None = None
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class Terms:
    """By what terms an environment counts as used.

    Attributes:
        ready: when it could first be used.
        presence_cap: how long after the last interaction presence counts.
        work_cap: how long after the last interaction work counts.
        stale: how old what a source knows may be.
        is_scarce: whether nothing but an interaction that is not of its own making holds it for longer than
            `work_cap`, as on a GPU.
    """

    ready: datetime
    presence_cap: timedelta
    work_cap: timedelta
    stale: timedelta
    is_scarce: bool = False


@dataclass(frozen=True, slots=True)
class LastUse:
    """Until when an environment was used.

    Attributes:
        attended: the last interaction that its owner's programs cannot have made up.
        acted: the last interaction of all that counts.
        since: when the last use of any kind was; it is idle from then on.
    """

    attended: datetime
    acted: datetime
    since: datetime


@dataclass(frozen=True, slots=True)
class Idleness:
    """What was seen, and what may have been.

    Attributes:
        seen: the use that was seen.
        at_most: the use that there was if each source saw somebody whenever it knows nothing; never earlier.
        unknown: the sources that know nothing of now.
        decisive: the signal that `seen.since` comes from; None if that is when it was ready, or known from before.
    """

    seen: LastUse
    at_most: LastUse
    unknown: tuple[str, ...]
    decisive: Signal | None


def idleness(signals: Iterable[Signal], terms: Terms, now: datetime, before: LastUse | None = None) -> Idleness:
    """Return since when an environment is idle.

    Missing data make nothing idle: a moment that was known stays known, unless it is to come, as after a clock was
    wrong; what may have been is told apart.

    Args:
        signals: one for each source that should know of it.
        terms: by which they count.
        now: the time; what is said to be later is now.
        before: the use that was seen when it was last asked.
    """
    given = tuple(signals)
    known = None if before is None else LastUse(*(min(moment, now) for moment in _moments(before)))
    seen = _used(given, lambda one: _clipped(one.last_seen, now), terms, known)
    at_most = _used(given, lambda one: _latest(_clipped(one.last_seen, now), _blind(one, terms, now)), terms, seen)
    unknown = tuple(one.source for one in given if _is_unknown(one, terms, now))
    return Idleness(seen, at_most, unknown, _decisive(given, seen, terms, now))


def _moments(use: LastUse) -> tuple[datetime, datetime, datetime]:
    return use.attended, use.acted, use.since


def _used(
    signals: tuple[Signal, ...], moment: Callable[[Signal], datetime | None], terms: Terms, before: LastUse | None
) -> LastUse:
    """Return the use that signals tell of, each by a moment of its own, and not less than was known before."""
    known = before or LastUse(terms.ready, terms.ready, terms.ready)
    by_people = (moment(one) for one in signals if one.kind == Kind.INTERACTION and not one.is_own)
    attended = _at_least(max(terms.ready, known.attended), *by_people)
    counted = LastUse(attended, attended, attended)
    by_all = (_counted(moment(one), one.kind, counted, terms) for one in signals if one.kind == Kind.INTERACTION)
    acted = _at_least(max(attended, known.acted), *by_all)
    counted = LastUse(attended, acted, acted)
    return LastUse(
        attended,
        acted,
        _at_least(max(acted, known.since), *(_counted(moment(one), one.kind, counted, terms) for one in signals)),
    )


def _counted(moment: datetime | None, kind: Kind, use: LastUse, terms: Terms) -> datetime | None:
    """Return until when a sign of use counts."""
    if moment is None:
        return None
    caps = {Kind.PRESENCE: use.acted + terms.presence_cap, Kind.WORK: use.acted + terms.work_cap}
    # whoever holds a scarce node is asked for more than programs of theirs can make up, whatever these say
    believed = use.attended + terms.work_cap if terms.is_scarce else moment
    return min(moment, caps.get(kind, moment), believed)


def _is_unknown(signal: Signal, terms: Terms, now: datetime) -> bool:
    """Say whether a source knows nothing of now; one that says that it knows of a time to come has a wrong clock."""
    return signal.known_until is None or abs(now - signal.known_until) > terms.stale


def _blind(signal: Signal, terms: Terms, now: datetime) -> datetime | None:
    """Return until when a source may have missed something."""
    return now if _is_unknown(signal, terms, now) else _clipped(signal.blind_until, now)


def _decisive(signals: tuple[Signal, ...], seen: LastUse, terms: Terms, now: datetime) -> Signal | None:
    """Return the signal that the last use comes from; of several the one that saw any last."""
    last = [
        (moment, one)
        for one in signals
        if (moment := _clipped(one.last_seen, now)) and _counted(moment, one.kind, seen, terms) == seen.since
    ]
    return max(last, key=lambda pair: pair[0])[1] if last else None


def _clipped(moment: datetime | None, now: datetime) -> datetime | None:
    return None if moment is None else min(moment, now)


def _latest(*moments: datetime | None) -> datetime | None:
    return max((one for one in moments if one is not None), default=None)


def _at_least(floor: datetime, *moments: datetime | None) -> datetime:
    return _latest(floor, *moments) or floor
