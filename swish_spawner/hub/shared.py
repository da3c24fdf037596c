"""What is shared by all spawners of one hub: the policy in force, and what runs or starts now."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping
from pathlib import Path
from statistics import median
from typing import Final, Protocol

from prometheus_client import Counter

from swish_spawner.adapters.kubernetes.node_looks import NodeLooks
from swish_spawner.adapters.kubernetes.nodes import NodeView
from swish_spawner.adapters.policy_file import PolicyFile
from swish_spawner.core.launch.quota import Use
from swish_spawner.core.policy.image_names import ImageNames
from swish_spawner.core.policy.values import Policy, with_image_references
from swish_spawner.errors import PolicyError

POLICY_REFUSED = Counter("swish_policy_refused_total", "Changes of the policy file that were refused")

#: Who waited for less (seconds) did not wait for a new node: a scheduler with room takes no second.
_NODE_SECONDS: Final = 20.0
_WAITS: Final = 20


class Log(Protocol):
    """What of a logger is used here."""

    def error(self, message: str, *args: object) -> None:
        """Log something that an operator must see."""


_policy_files: dict[str, PolicyFile] = {}


def policy_file(path: str, log: Log) -> PolicyFile:
    """Return the one PolicyFile of a path, which all spawners of this hub share.

    Raises:
        PolicyError: the file has no good content, and had none before.
    """

    def refused(error: PolicyError) -> None:
        POLICY_REFUSED.inc()
        log.error("The changed policy file is refused and the last good one stays in force: %s", error)

    if path not in _policy_files:
        _policy_files[path] = PolicyFile(Path(path), refused)
    return _policy_files[path]


_completed: dict[str, tuple[Policy, ImageNames, Policy]] = {}


def policy_in_force(path: str, names: ImageNames, log: Log) -> Policy:
    """Return the policy of a path with an installation's image references, which are put in once for each content.

    Raises:
        PolicyError: the file has no good content, and had none before.
    """
    policy = policy_file(path, log).current()
    known = _completed.get(path)
    if known is None or known[0] is not policy or known[1] != names:
        known = _completed[path] = (policy, names, with_image_references(policy, names.reference))
    return known[2]


class Uses:
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


USES = Uses()


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


NODE_WAITS = NodeWaits()

#: What the nodes have room for; one hub is one process, and looks once for all its people.
NODES = NodeView()

#: Whether the nodes answer on which starts take long.
NODE_LOOKS = NodeLooks()

#: The ids of starts that are over, by a person's word or because they failed, and whose pods may still be there.
OVER: set[str] = set()

#: The ids of all starts whose environment is there, or on its way. What carries another of this hub's is nobody's.
SPAWNS: set[str] = set()
