"""What is made beside a pod: plain manifests that go when the pod goes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from swish_spawner.core.launch.plan import Person, ServerPlan, plan_server
from swish_spawner.core.launch.request import parse_request
from swish_spawner.core.pod.companions import Owner, companion_manifests, prerequisite_manifests
from swish_spawner.core.policy.values import Policy

OWNER = Owner("jupyter-ada", "uid-1", "swish-imaging")


@pytest.fixture
def large(policy: Policy, ada: Person) -> ServerPlan:
    """A plan in the protected pool."""
    return plan_server(ada, parse_request({"memory": "65Gi"}), policy)


def test_a_protected_pod_has_a_budget_of_its_own(large: ServerPlan) -> None:
    """It selects this environment alone."""
    (budget,) = companion_manifests(large, OWNER)
    assert budget["spec"]["minAvailable"] == 1
    assert budget["spec"]["selector"] == {"matchLabels": {"swish.io/environment": "ada"}}


@pytest.mark.claim("sweeper-owned")
def test_the_budget_belongs_to_the_pod(large: ServerPlan) -> None:
    """Kubernetes deletes it with the pod, and needs no right on the pod's finalizers for it."""
    (budget,) = companion_manifests(large, OWNER)
    (owner,) = budget["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["uid"], owner["blockOwnerDeletion"]) == ("Pod", "uid-1", False)


def test_other_pools_need_nothing_beside_the_pod(policy: Policy, ada: Person) -> None:
    """No object is made that nobody asked for."""
    plan = plan_server(ada, parse_request({}), policy)
    assert companion_manifests(plan, OWNER) == ()
    assert prerequisite_manifests(plan, "swish", {}) == ()


@pytest.mark.claim("files-outlive")
def test_a_kept_scratch_volume_is_claimed_before_the_pod(large: ServerPlan) -> None:
    """It belongs to nobody, and so outlives the pod."""
    assert large.pool.scratch is not None
    kept = replace(large, pool=replace(large.pool, scratch=replace(large.pool.scratch, keep=True)))
    whose = {"hub.jupyter.org/username": "ada"}
    home = {"labels": {**whose, "more": "1"}, "annotations": {**whose, "more": "1"}}
    (claim,) = prerequisite_manifests(kept, "swish-imaging", home)
    assert claim["metadata"]["annotations"] == whose
    assert claim["metadata"]["labels"].items() > whose.items()
    assert claim["metadata"]["name"] == "scratch-ada"
    assert "ownerReferences" not in claim["metadata"]
    assert claim["spec"]["storageClassName"] == "gp3"
