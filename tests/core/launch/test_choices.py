"""What is taken of a request, what is refused, and what is said of it; the table is in test_decisions.py."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from swish_spawner.core.launch.choices import teams_of
from swish_spawner.core.launch.plan import Person, ServerPlan, plan_server
from swish_spawner.core.launch.request import parse_request
from swish_spawner.core.policy.values import Policy
from swish_spawner.errors import Denied

IMAGING = {"imaging"}
GENOMICS = {"genomics-staff"}
BOTH = IMAGING | GENOMICS


def plan(groups: set[str], options: dict[str, Any], policy: Policy) -> ServerPlan:
    """Plan for a person in these groups."""
    return plan_server(Person("ada", frozenset(groups), "", "ada"), parse_request(options), policy)


def test_ssh_is_refused_where_it_is_off(policy: Policy) -> None:
    """Whoever asks for ssh is told, rather than given an environment without it."""
    without = replace(policy, ssh=replace(policy.ssh, enabled=False))
    with pytest.raises(Denied, match="ssh is switched off"):
        plan(IMAGING, {"ssh": True}, without)


def test_packages_are_refused_where_they_are_off(policy: Policy) -> None:
    """The person is told what to do instead."""
    without = replace(policy, packages=replace(policy.packages, enabled=False))
    with pytest.raises(Denied, match="use pip in a terminal"):
        plan(IMAGING, {"packages": ["flask"]}, without)


def test_a_refusal_does_not_tell_which_other_teams_there_are(policy: Policy) -> None:
    """A person learns of their own teams alone."""
    with pytest.raises(Denied) as caught:
        plan(GENOMICS, {"team": "x"}, policy)
    assert "imaging" not in str(caught.value)


def test_the_pools_reason_says_what_the_rule_did(policy: Policy) -> None:
    """Memory that chose the pool is named with the threshold."""
    reasons = {reason.rule: reason.effect for reason in plan(IMAGING, {"memory": "65Gi"}, policy).reasons}
    assert reasons["pool"] == "high-memory, since 65Gi is above 64Gi"


@pytest.mark.claim("teams-are-groups")
def test_teams_come_in_the_policys_order(policy: Policy) -> None:
    """A person's teams are those whose groups they are in."""
    assert [team.name for team in teams_of(BOTH, policy)] == ["imaging", "genomics"]
