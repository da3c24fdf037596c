"""Whoever is missing is not therefore gone: a list may be of before, of a part, or of a database that is new."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Rules:
    """When what is missing counts as gone.

    Attributes:
        count: up to so many that are missing, their share does not matter, unless nobody is left.
        share: with more of all than this, it is the list that is wrong.
        wait: how long something is only set aside, before it is given up for good.
    """

    count: int = 5
    share: float = 0.1
    wait: timedelta = timedelta(days=7)

    def is_fuse_blown(self, missing: Collection[str], everybody: Collection[str]) -> bool:
        """Say whether too many are missing at once for it to be true."""
        many = len(missing) > self.count and len(missing) > self.share * len(everybody)
        return many or (len(missing) > 1 and len(missing) == len(everybody))

    def is_over(self, since: datetime, now: datetime) -> bool:
        """Say whether something has been set aside for long enough."""
        return now - since >= self.wait
