"""What is measured: how many starts, among what, under what conditions."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Final

_CROWD: Final = 1000
_CROWD_REPEATS: Final = 3


@dataclass(frozen=True)
class Scenario:
    """One row of the report.

    Attributes:
        count: starts, all asked for at the same moment.
        pods: others that run in the namespace.
        events: others that are in the namespace.
        progress: whether a page follows each start.
        latency_seconds: that the API server takes for each request.
        hold_seconds: from the last start's end to the first stop, in which nothing happens.
    """

    count: int
    pods: int = 0
    events: int = 0
    progress: bool = True
    latency_seconds: float = 0.0
    hold_seconds: float = 0.0

    def repeats(self, asked: int) -> int:
        """Return how often to run it: as often as asked, but a crowd, which is a sample in itself, thrice at most."""
        return min(asked, _CROWD_REPEATS) if self.count >= _CROWD else asked

    @property
    def namespace(self) -> str:
        """The namespace that is filled so; scenarios share it."""
        return f"bench-{self.pods}-{self.events}"

    @property
    def name(self) -> str:
        """Tells it from all others, in words."""
        parts = [f"{self.count} start{'s' if self.count > 1 else ''}"]
        if self.pods or self.events:
            parts.append(f"{_short(self.pods)} pods, {_short(self.events)} events")
        if not self.progress:
            parts.append("no pages open")
        if self.latency_seconds:
            parts.append(f"API {self.latency_seconds:g} s late")
        if self.hold_seconds:
            parts.append(f"{self.hold_seconds:g} s of rest")
        return ", ".join(parts)


def _short(number: int) -> str:
    return f"{number // 1000}k" if number >= 1000 else str(number)


#: About 45 minutes on two cores, five times each.
DEFAULT: Final = (
    Scenario(1),
    Scenario(20, pods=1000, hold_seconds=20),
    Scenario(200),
    Scenario(1000),
    Scenario(100, pods=1000, events=10_000),
    Scenario(100, pods=5000, events=10_000),
    Scenario(200, pods=1000, events=35_000),
    Scenario(200, pods=1000, events=35_000, progress=False),
    Scenario(20, latency_seconds=1),
    Scenario(20, latency_seconds=4),
)

_COUNTS: Final = (1, 20, 100, 200, 1000)
#: Every combination without latency, and every latency in an empty namespace; hours.
FULL: Final = (
    *(
        Scenario(count, pods=pods, events=events, progress=progress)
        for count, pods, events, progress in itertools.product(
            _COUNTS, (0, 1000, 5000), (0, 10_000, 35_000), (True, False)
        )
    ),
    *(Scenario(count, latency_seconds=latency) for count, latency in itertools.product(_COUNTS, (1, 4))),
    Scenario(20, pods=1000, hold_seconds=30),
)
