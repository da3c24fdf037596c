"""The pod after all hooks, and what Kubernetes gave it."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest

from swish_spawner.core.launch.plan import Person, ServerPlan, plan_server
from swish_spawner.core.launch.request import parse_request
from swish_spawner.core.pod.enforced import CLOSED, enforced, quality_lost, quality_problems
from swish_spawner.core.pod.traits import SECURITY_CONTEXT
from swish_spawner.core.policy.values import Policy
from swish_spawner.errors import LaunchFailed

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


def affinity(*terms: dict[str, Any], **others: Any) -> dict[str, Any]:
    """A pod's affinity with these terms for its node."""
    required = "requiredDuringSchedulingIgnoredDuringExecution"
    return {"nodeAffinity": {required: {"nodeSelectorTerms": list(terms)}}, **others}


GENERAL: dict[str, Any] = {}
HIGH: dict[str, Any] = {"memory": "65Gi"}
GPU: dict[str, Any] = {"gpu": "nvidia-t4"}
TO_HIGH = {"key": "swish.io/workload", "operator": "Equal", "value": "high-memory", "effect": "NoSchedule"}
TO_ANY_POOL = {"key": "swish.io/workload", "operator": "Exists"}
TO_ALL = {"operator": "Exists"}
TO_BROKEN = {"operator": "Exists", "effect": "NoExecute"}
THEIRS = {"key": "example.org/theirs", "operator": "Exists"}
OURS = {"key": "swish.io/team", "operator": "In", "values": ["imaging"]}
THEIR_TERM = {"matchExpressions": [{"key": "zone", "operator": "Exists"}]}
OTHER_TEAM = {"matchExpressions": [{**OURS, "values": ["genomics"]}]}
BOTH = {"matchExpressions": [*THEIR_TERM["matchExpressions"], OURS]}

PLACES: list[tuple[dict[str, Any], dict[str, Any], str, Any, str]] = [
    (GENERAL, {}, "tolerations", [], "a pool without a taint"),
    (GENERAL, {"tolerations": [TO_HIGH]}, "tolerations", [], "another pool's"),
    (GENERAL, {"tolerations": [TO_ANY_POOL]}, "tolerations", [], "every pool's"),
    (GENERAL, {"tolerations": [TO_ALL]}, "tolerations", [], "every taint's"),
    (GENERAL, {"tolerations": [{**TO_ALL, "effect": "NoSchedule"}]}, "tolerations", [], "every such taint's"),
    (GENERAL, {"tolerations": [TO_BROKEN]}, "tolerations", [TO_BROKEN], "no pool's taint has that effect"),
    (GENERAL, {"tolerations": [THEIRS]}, "tolerations", [THEIRS], "the administrator's own"),
    (GENERAL, {"tolerations": None}, "tolerations", [], "null is none"),
    (HIGH, {}, "tolerations", [TO_HIGH], "taken away by the hook"),
    (HIGH, {"tolerations": [TO_HIGH, THEIRS]}, "tolerations", [THEIRS, TO_HIGH], "ours is there once"),
    (GENERAL, {"nodeName": "node-1"}, "nodeName", None, "past the scheduler no taint counts"),
    (GENERAL, {"nodeSelector": {"a": "b"}}, "nodeSelector", {"a": "b"}, "a hook may narrow the choice"),
    (GENERAL, {}, "affinity", affinity({"matchExpressions": [OURS]}), "taken away by the hook"),
    (GENERAL, {"affinity": None}, "affinity", affinity({"matchExpressions": [OURS]}), "null is none"),
    (GENERAL, {"affinity": affinity(BOTH)}, "affinity", affinity(BOTH), "ours is there once"),
    (
        GENERAL,
        {"affinity": affinity(THEIR_TERM, OTHER_TEAM, podAffinity={"a": 1})},
        "affinity",
        affinity(BOTH, {"matchExpressions": [*OTHER_TEAM["matchExpressions"], OURS]}, podAffinity={"a": 1}),
        "no alternative goes around it",
    ),
    (HIGH, {"terminationGracePeriodSeconds": 1}, "terminationGracePeriodSeconds", 300, "less time to save work"),
    (GENERAL, {"priorityClassName": "theirs"}, "priorityClassName", "theirs", "not the policy's"),
]


@pytest.mark.parametrize(("asked", "hooked", "part", "expected", "reason"), PLACES, ids=[row[4] for row in PLACES])
def test_the_pod_is_where_the_plan_has_it(
    policy: Policy, ada: Person, asked: dict[str, Any], hooked: dict[str, Any], part: str, expected: Any, reason: str
) -> None:
    """No hook opens another pool's nodes, or leaves the team's; the table says what becomes of each try."""
    plan = plan_server(ada, parse_request(asked), policy)
    team = replace(plan.team, affinity=replace(plan.team.affinity, team="required"))
    changed = pod({"name": "notebook"}, **hooked)
    before = copy.deepcopy(changed)
    assert enforced(changed, replace(plan, team=team))["spec"].get(part) == expected
    assert changed == before


@pytest.mark.parametrize("hooked", [{}, dict.fromkeys(CLOSED, True)], ids=["left out", "set by a hook"])
@pytest.mark.parametrize("field", CLOSED)
def test_what_opens_something_is_closed(plan: ServerPlan, field: str, hooked: dict[str, bool]) -> None:
    """In the pod that is sent, whether it was left out, and has Kubernetes' default, or was set."""
    assert enforced(pod({"name": "notebook"}, **hooked), plan)["spec"][field] is False


def test_an_affinity_that_the_plan_does_not_have_is_the_administrators(plan: ServerPlan) -> None:
    """Where the team requires no label, nothing is added."""
    theirs = affinity(THEIR_TERM)
    assert enforced(pod({"name": "notebook"}, affinity=theirs), plan)["spec"]["affinity"] == theirs
    assert "affinity" not in enforced(pod({"name": "notebook"}), plan)["spec"]


ONE_GPU = {"limits": {"nvidia.com/gpu": "1"}, "requests": {"nvidia.com/gpu": "1"}}
GPUS: list[tuple[dict[str, Any], str, dict[str, Any], str | None, str]] = [
    (GENERAL, "notebook", ONE_GPU, None, "no GPU was asked for"),
    (GPU, "notebook", {}, "1", "taken away by the hook"),
    (GPU, "notebook", {"limits": {"nvidia.com/gpu": "8"}}, "1", "more than was asked for"),
    (GENERAL, "sidecar", ONE_GPU, None, "by way of another container"),
    (GPU, "sidecar", ONE_GPU, None, "the plan's GPU is the environment's"),
    (GPU, "packages", {}, None, "an init container of that name, where no packages were asked for"),
    ({**GPU, "packages": ["flask"]}, "packages", {}, "1", "as much as the environment, so that the pod asks no more"),
]


@pytest.mark.parametrize(("asked", "name", "resources", "expected", "reason"), GPUS, ids=[row[4] for row in GPUS])
def test_gpus_are_the_plans(
    policy: Policy, ada: Person, asked: dict[str, Any], name: str, resources: Any, expected: str | None, reason: str
) -> None:
    """A GPU is where the plan has it, in limits and requests alike, and nowhere else."""
    plan = plan_server(ada, parse_request(asked), policy)
    container = {"name": name, "resources": resources}
    others = [] if name == "notebook" else [container]
    made = pod(container if name == "notebook" else {"name": "notebook"}, initContainers=others)
    spec = enforced(made, plan)["spec"]
    (found,) = (c for c in (*spec["initContainers"], *spec["containers"]) if c["name"] == name)
    kinds = found["resources"]
    assert {(kinds.get(kind) or {}).get("nvidia.com/gpu") for kind in ("limits", "requests")} == {expected}


def test_annotations_are_the_plans(policy: Policy, ada: Person) -> None:
    """Who it is, what was decided and its protection are put back; others stay."""
    plan = plan_server(ada, parse_request(HIGH), policy)
    changed = pod({"name": "notebook"})
    changed["metadata"]["annotations"] = {"swish.io/user": "eve", "karpenter.sh/do-not-disrupt": "false", "a": "b"}
    found = enforced(changed, plan)["metadata"]["annotations"]
    assert (found["swish.io/user"], found["karpenter.sh/do-not-disrupt"], found["a"]) == ("ada", "true", "b")
    assert '"pool": "high-memory"' in found["swish.io/plan"]


LOOSENED: list[tuple[dict[str, Any] | None, dict[str, Any], str]] = [
    (None, {}, "taken away"),
    ({"privileged": True}, {}, "every right of the node"),
    ({"runAsUser": 0, "runAsNonRoot": False}, {}, "root"),
    ({"allowPrivilegeEscalation": True}, {}, "a way to become root"),
    ({"capabilities": {"add": ["SYS_ADMIN"]}}, {}, "capabilities"),
    ({"seccompProfile": {"type": "Unconfined"}, "procMount": "Unmasked"}, {}, "the kernel's calls and files"),
    ({"appArmorProfile": {"type": "Unconfined"}}, {}, "no profile"),
    ({"readOnlyRootFilesystem": True}, {"readOnlyRootFilesystem": True}, "stricter than ours"),
    ({"appArmorProfile": {"type": "Localhost"}}, {"appArmorProfile": {"type": "Localhost"}}, "stricter than ours, too"),
]


@pytest.mark.claim("restricted", "sshd-has-no-rights")
@pytest.mark.parametrize(("hooked", "kept", "reason"), LOOSENED, ids=[row[2] for row in LOOSENED])
def test_the_environment_is_no_less_restricted(
    plan: ServerPlan, hooked: Any, kept: dict[str, Any], reason: str
) -> None:
    """The container's security context is ours, and what is stricter in theirs."""
    (notebook,) = enforced(pod({"name": "notebook", "securityContext": hooked}), plan)["spec"]["containers"]
    assert notebook["securityContext"] == {**SECURITY_CONTEXT, **kept}


def test_a_pod_without_the_environment_is_not_made(plan: ServerPlan) -> None:
    """A hook that takes the environment's container away would take its limits away with it."""
    with pytest.raises(LaunchFailed, match="hook"):
        enforced(pod({"name": "theirs"}), plan)


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
