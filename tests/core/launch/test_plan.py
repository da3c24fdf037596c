"""A plan explains itself, is exact, and keeps within the policy; the table of decisions is in test_decisions.py."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swish_spawner.adapters.policy_file import read_policy
from swish_spawner.core.launch.plan import Person, plan_server, record_of, teams_of
from swish_spawner.core.launch.request import OPTIONS, parse_request
from swish_spawner.core.policy.values import Policy
from swish_spawner.core.record import PlanRecord
from swish_spawner.errors import Denied, RequestError
from tests.conftest import WIDE_POLICY

IMAGING = {"imaging"}
GENOMICS = {"genomics-staff"}
BOTH = IMAGING | GENOMICS


def plan(groups: set[str], options: dict[str, Any], policy: Policy) -> Any:
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


def test_the_price_is_exact(policy: Policy) -> None:
    """Cores, GiB and GPUs are multiplied as decimals and not rounded."""
    assert plan(IMAGING, {"gpu": "nvidia-t4"}, policy).hourly_price == (
        Decimal("0.03") * 4 + Decimal("0.004") * 16 + Decimal("0.95")
    )


def test_a_plan_says_why(policy: Policy) -> None:
    """Every decision has a reason, in the order it was made."""
    rules = [reason.rule for reason in plan(IMAGING, {"memory": "65Gi"}, policy).reasons]
    made = ["team", "project", "image", "pool", "cpu", "memory"]
    assert rules == [*made, "qos", "node", "protect", "scratch", "home", "price"]


def test_the_pools_reason_says_what_the_rule_did(policy: Policy) -> None:
    """Memory that chose the pool is named with the threshold."""
    reasons = {reason.rule: reason.effect for reason in plan(IMAGING, {"memory": "65Gi"}, policy).reasons}
    assert reasons["pool"] == "high-memory, since 65Gi is above 64Gi"


def test_what_is_kept_is_json(policy: Policy) -> None:
    """Whatever annotation and state keep survives it exactly."""
    record = record_of(plan(IMAGING, {"gpu": "nvidia-t4"}, policy))
    assert PlanRecord.parse(json.loads(json.dumps(record.document()))) == record


@pytest.mark.claim("teams-are-groups")
def test_teams_come_in_the_policys_order(policy: Policy) -> None:
    """A person's teams are those whose groups they are in."""
    assert [team.name for team in teams_of(BOTH, policy)] == ["imaging", "genomics"]


WIDE = read_policy(WIDE_POLICY)
likely = {
    "team": st.sampled_from(["imaging", "genomics", "x"]),
    "image": st.sampled_from(["python3", "r", "x"]),
    "pool": st.sampled_from(["auto", *WIDE.pools, "x"]),
    "cpu": st.sampled_from(["100m", "1", "8", "64"]),
    "memory": st.sampled_from(["1Gi", "64Gi", "65Gi", "900Gi"]),
    "gpu": st.sampled_from(["nvidia-t4", "x"]),
    "gpu_count": st.integers(-1, 20),
    "ssh": st.booleans(),
}


@given(
    options=st.fixed_dictionaries({}, optional=likely), groups=st.sets(st.sampled_from(["imaging", "genomics", "x"]))
)
def test_every_plan_keeps_within_the_policy(options: dict[str, Any], groups: set[str]) -> None:
    """Whatever is asked, the answer is a refusal or a plan inside its pool's bounds and its person's teams."""
    assert set(options) <= set(OPTIONS)
    try:
        made = plan(groups, options, WIDE)
    except (Denied, RequestError):
        return
    assert made.team.groups & groups
    assert made.pool.name in made.team.pools
    assert made.image.name in made.team.images
    assert made.pool.cpu.min <= made.cpu <= made.pool.cpu.max
    assert made.pool.memory.min <= made.memory <= made.pool.memory.max
    assert made.gpu_count <= made.pool.gpus.get(made.gpu or "", 0)
