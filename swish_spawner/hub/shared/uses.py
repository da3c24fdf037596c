"""What a hub's environments take, and how long they wait: what the next launch has to know of all others."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping
from statistics import median
from typing import Final

from swish_spawner.core.launch.quota import Use

#: Who waited for less (seconds) did not wait for a new node: a scheduler with room takes no second.
_NODE_SECONDS: Final = 20.0
_WAITS: Final = 20


class QuotaUsage:
    """What runs or starts now, by team and environment. The hub is one process, so this is all of it."""

    def __init__(self) -> None:
        self._by_team: dict[str, dict[str, Use]] = {}

    def by_team(self) -> Mapping[str, Collection[Use]]:
        """Return what counts towards each team's quota, as views that no launch has to copy."""
        return {team: uses.values() for team, uses in self._by_team.items()}

    def hold(self, use: Use) -> None:
        """Count an environment towards its team's quota until it is released; it counts once."""
        self.release(use.environment)
        self._by_team.setdefault(use.team, {})[use.environment] = use

    def release(self, environment: str) -> None:
        """Count an environment no longer."""
        for uses in self._by_team.values():
            uses.pop(environment, None)


class NodeWaits:
    """How long environments lately waited for a node, by pool; it is forgotten with the hub's process."""

    def __init__(self) -> None:
        self._by_pool: dict[str, deque[float]] = {}

    def record(self, pool: str, seconds: float) -> None:
        """Take down that one waited so long, if that was for a new node; of each pool the last 20 count."""
        if seconds < _NODE_SECONDS:
            return
        self._by_pool.setdefault(pool, deque(maxlen=_WAITS)).append(seconds)

    def usual(self, pool: str) -> float | None:
        """Return the median wait in seconds, or None while there was none."""
        return median(waits) if (waits := self._by_pool.get(pool)) else None
