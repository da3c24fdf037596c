"""Whose entries of the ssh log a person may read: owners their own environments', leads their team's, admins all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from swish_spawner.core.policy.sections.teams import is_lead
from swish_spawner.core.policy.values import Policy


@dataclass(frozen=True, slots=True)
class LogScope:
    """Which entries are meant; an entry is in it that any of the first three lets in, and `environment` does not bar.

    Attributes:
        owner: of this person's environments, by the exact JupyterHub user name.
        teams: of these teams' environments, by their names in the policy.
        everything: of everybody's.
        environment: only of the environment of this name; None is any.
    """

    owner: str
    teams: frozenset[str] = frozenset()
    everything: bool = False
    environment: str | None = None


def log_scope(
    person: str, groups: Iterable[str], policy: Policy, *, admin: bool = False, environment: str | None = None
) -> LogScope:
    """Return what a person may read of the log.

    Args:
        person: the exact JupyterHub user name.
        groups: the JupyterHub groups that the person is in.
        policy: in force now.
        admin: whether the person administers the hub.
        environment: what the person asks for; it widens nothing.
    """
    member = frozenset(groups)
    led = frozenset(name for name, team in policy.teams.items() if is_lead(team, person, member))
    return LogScope(person, led, admin, environment)
