"""Somebody who is about to launch, as the form sees them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from swish_spawner.core.launch.capacity import Amounts, PoolState, pool_state, seat_of
from swish_spawner.core.launch.choices import teams_of
from swish_spawner.core.launch.plan import Person
from swish_spawner.core.policy.sections.pools import Pool
from swish_spawner.core.policy.values import Policy
from swish_spawner.hub.shared.shared import Shared


@dataclass(frozen=True, slots=True)
class Launcher:
    """One person, for one server.

    Attributes:
        policy: in force.
        person: whose environment it will be.
        user_options: what the last launch was asked with; not trusted.
        tolerations: of the administrator, for all pods.
        shared: what the hub knows of its nodes.
    """

    policy: Policy
    person: Person
    user_options: object
    tolerations: Sequence[Mapping[str, Any]]
    shared: Shared

    def pool_state(self, pool: Pool, need: Amounts) -> PoolState:
        """Say what a pool has for an environment of this person's that asks for so much of a node."""
        teams = [team for team in teams_of(self.person.groups, self.policy) if pool.name in team.pools]
        return pool_state(pool, seat_of(pool, need, teams, self.tolerations), self.shared.nodes.nodes())

    def node_seconds(self, pool: Pool) -> float | None:
        """Return how long a start usually takes that waits for a new node of a pool, if that is known."""
        return self.shared.node_waits.usual(pool.name)
