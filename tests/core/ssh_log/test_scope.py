"""Who reads which entries of the ssh log."""

from __future__ import annotations

import dataclasses
from types import MappingProxyType

import pytest

from swish_spawner.adapters.policy_file import read_policy
from swish_spawner.core.policy.values import Policy
from swish_spawner.core.ssh_log.scope import LogScope, log_scope
from tests.conftest import WIDE_POLICY


@pytest.fixture
def policy() -> Policy:
    """A policy in which grace leads imaging, and so does whoever is in the group heads."""
    policy = read_policy(WIDE_POLICY)
    team = dataclasses.replace(policy.teams["imaging"], leads=("grace",), lead_groups=frozenset({"heads"}))
    return dataclasses.replace(policy, teams=MappingProxyType({**policy.teams, "imaging": team}))


@pytest.mark.parametrize(
    ("person", "groups", "admin", "scope", "reason"),
    [
        ("ada", ["imaging"], False, LogScope("ada"), "a member of a team reads of nobody else's environments"),
        ("grace", [], False, LogScope("grace", frozenset({"imaging"})), "a lead by name"),
        ("alan", ["heads"], False, LogScope("alan", frozenset({"imaging"})), "a lead by group"),
        ("root", [], True, LogScope("root", everything=True), "an administrator reads of all"),
    ],
)
def test_log_scope(policy: Policy, person: str, groups: list[str], admin: bool, scope: LogScope, reason: str) -> None:
    """Nobody reads more than their place lets them."""
    assert log_scope(person, groups, policy, admin=admin) == scope


def test_an_environment_narrows(policy: Policy) -> None:
    """Asking for one environment opens none that was shut."""
    assert log_scope("ada", [], policy, environment="x") == LogScope("ada", environment="x")
