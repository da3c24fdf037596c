"""A plan explains itself and keeps within the policy; the table of decisions is in test_decisions.py."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from swish_spawner.adapters.policy_file import read_policy
from swish_spawner.core.launch.plan import Person, plan_server, record_of
from swish_spawner.core.launch.request import OPTIONS, parse_request
from swish_spawner.core.policy.values import Policy
from swish_spawner.core.record import PlanRecord
from swish_spawner.errors import Denied, RequestError
from tests.conftest import WIDE_POLICY

IMAGING = {"imaging"}


def plan(groups: set[str], options: dict[str, Any], policy: Policy) -> Any:
    """Plan for a person in these groups."""
    return plan_server(Person("ada", frozenset(groups), "", "ada"), parse_request(options), policy)


def test_a_plan_says_why(policy: Policy) -> None:
    """Every decision has a reason, in the order it was made."""
    rules = [reason.rule for reason in plan(IMAGING, {"memory": "65Gi"}, policy).reasons]
    made = ["team", "project", "image", "pool", "cpu", "memory"]
    assert rules == [*made, "qos", "node", "protect", "scratch", "home", "price"]


def test_what_is_kept_is_json(policy: Policy) -> None:
    """Whatever annotation and state keep survives it exactly."""
    record = record_of(plan(IMAGING, {"gpu": "nvidia-t4"}, policy))
    assert PlanRecord.parse(json.loads(json.dumps(record.document()))) == record


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
