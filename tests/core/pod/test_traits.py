"""A plan as KubeSpawner traits: the same keys for every plan, and nothing of the outside world expanded."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import pytest

from swish_spawner.core import labels
from swish_spawner.core.launch.plan import Person, ServerPlan, plan_server
from swish_spawner.core.launch.request import parse_request
from swish_spawner.core.pod.traits import MERGED, kubespawner_traits, literal, merged
from swish_spawner.core.policy.sections.teams import Strength
from swish_spawner.core.policy.values import Policy

REQUESTS: list[dict[str, Any]] = [{}, {"memory": "65Gi"}, {"gpu": "nvidia-v100", "gpu_count": 2}, {"pool": "shared"}]


def planned(policy: Policy, person: Person, options: dict[str, Any]) -> ServerPlan:
    """Plan one request."""
    return plan_server(person, parse_request(options), policy)


def traits(plan: ServerPlan) -> dict[str, Any]:
    """The traits of a plan in an installation's namespace."""
    return kubespawner_traits(plan, "swish")


def test_every_plan_sets_the_same_traits(policy: Policy, ada: Person) -> None:
    """No plan leaves a trait to what the plan before it set."""
    keys = {frozenset(traits(planned(policy, ada, options))) for options in REQUESTS}
    assert len(keys) == 1
    assert keys.pop() >= set(MERGED)


@pytest.mark.claim("guaranteed")
def test_guaranteed_means_requests_equal_limits(policy: Policy, ada: Person) -> None:
    """CPU and memory are asked for in full."""
    found = traits(planned(policy, ada, {"cpu": "250m"}))
    assert (found["cpu_guarantee"], found["mem_guarantee"]) == (0.25, 2 * 2**30)
    assert (found["cpu_limit"], found["mem_limit"]) == (0.25, 2 * 2**30)


@pytest.mark.claim("guaranteed")
def test_burstable_asks_for_half(policy: Policy, ada: Person) -> None:
    """A burstable pool's requests are half of its limits."""
    found = traits(planned(policy, ada, {"pool": "shared"}))
    assert (found["cpu_limit"], found["cpu_guarantee"]) == (0.2, 0.1)
    assert found["mem_guarantee"] * 2 == found["mem_limit"]


def test_labels_say_who_pays(policy: Policy, ada: Person) -> None:
    """The labels hold the plan's slugs."""
    found = traits(planned(policy, ada, {"memory": "65Gi"}))["extra_labels"]
    assert found == {
        labels.TEAM: "imaging",
        labels.PROJECT: "atlas",
        labels.WORKLOAD: "high-memory",
        labels.ENVIRONMENT: "ada",
        labels.IMAGE: "python3",
        labels.SSH: "none",
    }


def test_annotations_keep_exact_text_through_expansion(policy: Policy, ada: Person) -> None:
    """After KubeSpawner's template expansion the annotations hold the exact name and a plan that is JSON."""
    person = replace(ada, name="{x.__class__}", server="{pod_name}")
    found = traits(planned(policy, person, {}))["extra_annotations"]
    assert found[labels.USER].format() == "{x.__class__}"
    assert found[labels.SERVER].format() == "{pod_name}"
    assert json.loads(found[labels.PLAN].format())["team"] == "imaging"


@pytest.mark.parametrize("text", ["", "plain", "{", "}", "{0}", "{{a}}", "a{b}c"])
def test_a_literal_survives_expansion(text: str) -> None:
    """Formatting a literal gives the text back."""
    assert literal(text).format() == text


def test_a_tainted_pool_is_tolerated_and_no_other(policy: Policy, ada: Person) -> None:
    """Only a plan for a tainted pool tolerates its taint."""
    tolerations = traits(planned(policy, ada, {"memory": "65Gi"}))["tolerations"]
    assert list(tolerations.values()) == [
        {"key": "swish.io/workload", "operator": "Equal", "value": "high-memory", "effect": "NoSchedule"}
    ]
    assert traits(planned(policy, ada, {}))["tolerations"] == {}


def test_gpus_are_requested_as_the_device_plugins_resource(policy: Policy, ada: Person) -> None:
    """Requests and limits of an extended resource are equal."""
    found = traits(planned(policy, ada, {"gpu": "nvidia-v100", "gpu_count": 2}))
    assert found["extra_resource_limits"] == found["extra_resource_guarantees"] == {"nvidia.com/gpu": "2"}


def test_both_grace_periods_are_the_pools(policy: Policy, ada: Person) -> None:
    """The pod's own grace and the one that is sent with the delete agree."""
    found = traits(planned(policy, ada, {"memory": "65Gi"}))
    assert found["delete_grace_period"] == found["extra_pod_config"]["terminationGracePeriodSeconds"] == 300
    assert found["start_timeout"] > 300


@pytest.mark.claim("protected")
def test_protected_pools_tell_the_autoscalers(policy: Policy, ada: Person) -> None:
    """Both Karpenter and Cluster Autoscaler leave the node alone."""
    found = traits(planned(policy, ada, {"memory": "65Gi"}))["extra_annotations"]
    assert found["karpenter.sh/do-not-disrupt"] == "true"
    assert found["cluster-autoscaler.kubernetes.io/safe-to-evict"] == "false"
    assert "karpenter.sh/do-not-disrupt" not in traits(planned(policy, ada, {}))["extra_annotations"]


def test_a_teams_namespace_wins_over_the_installations(policy: Policy, ada: Person) -> None:
    """A team without one gets the installation's."""
    assert traits(planned(policy, ada, {}))["namespace"] == "swish-imaging"
    assert traits(planned(policy, ada, {"team": "genomics"}))["namespace"] == "swish"


@pytest.mark.claim("packages-before-the-start")
def test_packages_install_before_the_start_as_arguments(policy: Policy, ada: Person) -> None:
    """Requirements never become part of a shell script, and the installer asks for what the environment asks."""
    evil = "flask[a,b]>=3,<4"
    installer = traits(planned(policy, ada, {"packages": [evil, "numpy"]}))["init_containers"]["swish-packages"]
    assert [part.format() for part in installer["command"][4:]] == ["flask[a,b]<4,>=3", "numpy"]
    assert (
        installer["resources"]["limits"] == installer["resources"]["requests"] == {"cpu": "1", "memory": str(2 * 2**30)}
    )
    assert traits(planned(policy, ada, {}))["init_containers"] == {}


def test_packages_of_different_images_do_not_mix(policy: Policy, ada: Person) -> None:
    """The place on the home volume is the image's own."""
    bases = {traits(planned(policy, ada, {"image": i}))["environment"]["PYTHONUSERBASE"] for i in ("python3", "r")}
    assert len(bases) == 2


def test_scratch_goes_with_the_pod_unless_it_is_kept(policy: Policy, ada: Person) -> None:
    """The shipped kind is a generic ephemeral volume."""
    volume = traits(planned(policy, ada, {"memory": "65Gi"}))["volumes"]["swish-scratch"]
    spec = volume["ephemeral"]["volumeClaimTemplate"]["spec"]
    assert (spec["storageClassName"], spec["resources"]["requests"]["storage"]) == ("gp3", str(500 * 2**30))


@pytest.mark.claim("files-own-volumes")
def test_a_kept_scratch_is_a_claim(policy: Policy, ada: Person) -> None:
    """It outlives the pod under the environment's name."""
    plan = planned(policy, ada, {"memory": "65Gi"})
    assert plan.pool.scratch is not None
    kept = replace(plan, pool=replace(plan.pool, scratch=replace(plan.pool.scratch, keep=True)))
    assert traits(kept)["volumes"]["swish-scratch"]["persistentVolumeClaim"] == {"claimName": "scratch-ada"}


def test_shared_memory_is_as_large_as_the_pool_says(policy: Policy, ada: Person) -> None:
    """A sized tmpfs takes the place of the runtime's 64 MiB."""
    found = traits(planned(policy, ada, {"gpu": "nvidia-t4"}))
    assert found["volumes"]["swish-shm"]["emptyDir"] == {"medium": "Memory", "sizeLimit": str(2**30)}
    assert found["volume_mounts"]["swish-shm"]["mountPath"] == "/dev/shm"  # noqa: S108


@pytest.mark.parametrize(
    ("strength", "required", "preferred"), [("none", [], 0), ("preferred", [], 1), ("required", ["imaging"], 0)]
)
def test_nodes_of_the_team(
    policy: Policy, ada: Person, strength: Strength, required: list[str], preferred: int
) -> None:
    """The team says whether its labelled nodes are wanted or needed."""
    plan = planned(policy, ada, {})
    team = replace(plan.team, affinity=replace(plan.team.affinity, team=strength))
    found = traits(replace(plan, team=team))
    assert [value for term in found["node_affinity_required"] for value in term["values"]] == required
    assert len(found["node_affinity_preferred"]) == preferred


TERM = {"matchExpressions": [{"key": "theirs", "operator": "Exists"}]}
OURS = {"key": "ours", "operator": "Exists"}
MERGES: list[tuple[str, Any, Any, Any, str]] = [
    ("extra_labels", {}, {"b": 2}, {"b": 2}, "nothing was configured"),
    ("extra_labels", {"a": 1}, {"b": 2}, {"a": 1, "b": 2}, "mappings grow"),
    ("extra_labels", {"b": 1}, {"b": 2}, {"b": 2}, "what the policy decides wins"),
    ("tolerations", [], {"b": 2}, [2], "an empty list"),
    ("tolerations", [1], {"b": 2}, [1, 2], "lists grow"),
    ("environment", {"b": 1}, {"b": 2, "c": 3}, {"b": 1, "c": 3}, "the administrator's variables win"),
    ("start_timeout", 900, 90, 900, "the longer time is kept"),
    ("start_timeout", 60, 360, 360, "the longer time is taken"),
    ("node_affinity_required", [], [OURS], [{"matchExpressions": [OURS]}], "a first term"),
    ("node_affinity_required", [TERM], [], [TERM], "nothing to add"),
    (
        "node_affinity_required",
        [TERM, {"matchFields": []}],
        [OURS],
        [{"matchExpressions": [*TERM["matchExpressions"], OURS]}, {"matchFields": [], "matchExpressions": [OURS]}],
        "alternatives must each hold ours too",
    ),
    ("node_affinity_required", {"x": TERM}, [], [TERM], "a mapping of terms"),
    ("image", "theirs", "ours", "ours", "all else is replaced"),
]


@pytest.mark.parametrize(("name", "base", "ours", "expected", "reason"), MERGES, ids=[row[4] for row in MERGES])
def test_ours_goes_together_with_what_is_there(name: str, base: Any, ours: Any, expected: Any, reason: str) -> None:
    """The table says how, and neither input is changed."""
    before = copy.deepcopy((base, ours))
    assert merged(name, base, ours) == expected
    assert (base, ours) == before
