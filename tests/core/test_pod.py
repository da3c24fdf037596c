"""The pod after all hooks, and what Kubernetes gave it."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from swish_spawner.core.plan import Person, ServerPlan, plan_server
from swish_spawner.core.pod import enforced, quality_lost, quality_problems
from swish_spawner.core.policy import Policy
from swish_spawner.core.request import parse_request

FULL = {"limits": {"cpu": "1", "memory": "1"}, "requests": {"cpu": "1", "memory": "1"}}


@pytest.fixture
def plan(policy: Policy, ada: Person) -> ServerPlan:
    """The plan of somebody who asked for nothing in particular."""
    return plan_server(ada, parse_request({}), policy)


def pod(*containers: dict[str, Any], **spec: Any) -> dict[str, Any]:
    """A pod's manifest."""
    return {"metadata": {"name": "jupyter-ada"}, "spec": {"containers": list(containers), **spec}}


def test_what_a_hook_raised_is_put_back(plan: ServerPlan) -> None:
    """Image, CPU, memory and labels are the plan's whatever a hook made of them."""
    changed = pod({"name": "notebook", "image": "miner", "resources": {"limits": {"memory": "1Ti"}}})
    changed["metadata"]["labels"] = {"swish.io/team": "somebody-else", "theirs": "kept"}
    before = copy.deepcopy(changed)
    result = enforced(changed, plan)
    (notebook,) = result["spec"]["containers"]
    assert notebook["image"] == "swish-python3"
    assert (
        notebook["resources"]["limits"] == notebook["resources"]["requests"] == {"cpu": "1", "memory": str(2 * 2**30)}
    )
    assert result["metadata"]["labels"]["swish.io/team"] == "imaging"
    assert result["metadata"]["labels"]["theirs"] == "kept"
    assert changed == before


def test_other_containers_are_the_administrators(plan: ServerPlan) -> None:
    """A sidecar of a hook stays as the hook made it."""
    sidecar = {"name": "sidecar", "image": "theirs"}
    assert enforced(pod({"name": "notebook"}, sidecar), plan)["spec"]["containers"][1] == sidecar


@pytest.mark.parametrize(
    ("container", "count", "reason"),
    [
        ({"resources": FULL}, 0, "requests equal limits"),
        ({"resources": {"limits": FULL["limits"]}}, 0, "requests left out equal limits"),
        ({}, 2, "no resources"),
        ({"resources": {"requests": FULL["requests"]}}, 2, "no limits"),
        ({"resources": {**FULL, "requests": {"cpu": "500m", "memory": "1"}}}, 1, "less asked than allowed"),
    ],
)
def test_what_makes_a_pod_less_than_guaranteed_is_said(
    plan: ServerPlan, container: dict[str, Any], count: int, reason: str
) -> None:
    """Init containers count as well."""
    notebook = {"name": "notebook", "resources": FULL}
    manifest = pod(notebook, initContainers=[{"name": "init", **container}])
    assert len(list(quality_problems(manifest, plan))) == count


def test_a_burstable_pool_promises_nothing(policy: Policy, ada: Person) -> None:
    """Where the policy says burstable there is nothing to say."""
    burstable = plan_server(ada, parse_request({"pool": "shared"}), policy)
    assert list(quality_problems(pod({"name": "notebook"}), burstable)) == []


@pytest.mark.parametrize(
    ("observed", "said"),
    [
        ({}, False),
        ({"qosClass": "Guaranteed"}, False),
        ({"qosClass": "Burstable"}, True),
        ({"qosClass": "BestEffort"}, True),
    ],
)
def test_what_the_cluster_took_away_is_said(plan: ServerPlan, observed: dict[str, Any], said: bool) -> None:
    """The status tells what a LimitRange or an admission plugin made of the pod."""
    assert (quality_lost({"status": observed}, plan) is not None) == said
