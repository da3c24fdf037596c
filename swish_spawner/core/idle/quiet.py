"""Hours in which nobody is to be warned, in a team's own time zone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo


@dataclass(frozen=True, slots=True)
class QuietHours:
    """A time of day at which people are left alone; one that ends before it begins goes over midnight.

    Attributes:
        begin: its first moment, by the clock on the wall.
        end: the first moment after it.
        zone: whose clock that is.
        weekdays: the days that it begins on, Monday is 0.
    """

    begin: time
    end: time
    zone: tzinfo
    weekdays: frozenset[int] = frozenset(range(7))

    def end_of(self, moment: datetime) -> datetime | None:
        """Return the end of the quiet hours that a moment is in; None if it is in none."""
        local = moment.astimezone(self.zone)
        # the day before, for hours that go over midnight
        for day in (local.date() - timedelta(days=1), local.date()):
            begin = datetime.combine(day, self.begin, self.zone)
            length = 0 if self.begin < self.end else 1
            # of an hour that comes twice, the second: it is quiet until the last of them
            end = datetime.combine(day + timedelta(days=length), self.end, self.zone).replace(fold=1)
            if day.weekday() in self.weekdays and begin.timestamp() <= moment.timestamp() < end.timestamp():
                return end.astimezone(moment.tzinfo)
        return None


def first_allowed(moment: datetime, quiet: Sequence[QuietHours]) -> datetime:
    """Return the first moment, from one on, that is in no quiet hours.

    Hours that together leave no moment of a week are as none: somebody has to be told at some time. A week is eight
    days here, since clocks change.
    """
    allowed = moment
    while ends := [end for hours in quiet if (end := hours.end_of(allowed)) is not None]:
        allowed = max(ends)
        if allowed - moment > timedelta(days=8):
            return moment
    return allowed
