"""A plan as KubeSpawner traits: the same keys for every plan, and nothing of the outside world expanded."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import pytest

from swish_spawner.core import labels
from swish_spawner.core.plan import Person, ServerPlan, plan_server
from swish_spawner.core.policy import Policy
from swish_spawner.core.request import parse_request
from swish_spawner.core.traits import ADDED, added_to, kubespawner_traits, literal

REQUESTS: list[dict[str, Any]] = [{}, {"memory": "65Gi"}, {"gpu": "nvidia-v100", "gpu_count": 2}, {"pool": "shared"}]


def planned(policy: Policy, person: Person, options: dict[str, Any]) -> ServerPlan:
    """Plan one request."""
    return plan_server(person, parse_request(options), policy)


def test_every_plan_sets_the_same_traits(policy: Policy, ada: Person) -> None:
    """No plan leaves a trait to what the plan before it set."""
    keys = {frozenset(kubespawner_traits(planned(policy, ada, options))) for options in REQUESTS}
    assert len(keys) == 1
    assert keys.pop() >= ADDED


def test_guaranteed_means_requests_equal_limits(policy: Policy, ada: Person) -> None:
    """CPU and memory are asked for in full."""
    traits = kubespawner_traits(planned(policy, ada, {"cpu": "250m"}))
    assert (traits["cpu_guarantee"], traits["mem_guarantee"]) == (0.25, 2 * 2**30)
    assert (traits["cpu_limit"], traits["mem_limit"]) == (0.25, 2 * 2**30)


def test_burstable_asks_for_half(policy: Policy, ada: Person) -> None:
    """A burstable pool's requests are half of its limits."""
    traits = kubespawner_traits(planned(policy, ada, {"pool": "shared"}))
    assert (traits["cpu_limit"], traits["cpu_guarantee"]) == (0.2, 0.1)
    assert traits["mem_guarantee"] * 2 == traits["mem_limit"]


def test_labels_say_who_pays(policy: Policy, ada: Person) -> None:
    """The five labels hold the plan's slugs."""
    found = kubespawner_traits(planned(policy, ada, {"memory": "65Gi"}))["extra_labels"]
    assert found == {
        labels.TEAM: "imaging",
        labels.PROJECT: "atlas",
        labels.WORKLOAD: "high-memory",
        labels.ENVIRONMENT: "ada",
        labels.IMAGE: "python3",
    }


def test_annotations_keep_exact_text_through_expansion(policy: Policy, ada: Person) -> None:
    """After KubeSpawner's template expansion the annotations hold the exact name and a plan that is JSON."""
    person = replace(ada, name="{x.__class__}", server="{pod_name}")
    found = kubespawner_traits(planned(policy, person, {}))["extra_annotations"]
    assert found[labels.USER].format() == "{x.__class__}"
    assert found[labels.SERVER].format() == "{pod_name}"
    assert json.loads(found[labels.PLAN].format())["team"] == "imaging"


@pytest.mark.parametrize("text", ["", "plain", "{", "}", "{0}", "{{a}}", "a{b}c"])
def test_a_literal_survives_expansion(text: str) -> None:
    """Formatting a literal gives the text back."""
    assert literal(text).format() == text


def test_a_tainted_pool_is_tolerated_and_no_other(policy: Policy, ada: Person) -> None:
    """Only a plan for a tainted pool tolerates its taint."""
    tolerations = kubespawner_traits(planned(policy, ada, {"memory": "65Gi"}))["tolerations"]
    assert list(tolerations.values()) == [
        {"key": "swish.io/workload", "operator": "Equal", "value": "high-memory", "effect": "NoSchedule"}
    ]
    assert kubespawner_traits(planned(policy, ada, {}))["tolerations"] == {}


def test_gpus_are_requested_as_the_device_plugins_resource(policy: Policy, ada: Person) -> None:
    """Requests and limits of an extended resource are equal."""
    traits = kubespawner_traits(planned(policy, ada, {"gpu": "nvidia-v100", "gpu_count": 2}))
    assert traits["extra_resource_limits"] == traits["extra_resource_guarantees"] == {"nvidia.com/gpu": "2"}


def test_both_grace_periods_are_the_pools(policy: Policy, ada: Person) -> None:
    """The pod's own grace and the one that is sent with the delete agree."""
    traits = kubespawner_traits(planned(policy, ada, {"memory": "65Gi"}))
    assert traits["delete_grace_period"] == traits["extra_pod_config"]["terminationGracePeriodSeconds"] == 300


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ({}, {"b": 2}),
        ({"a": 1}, {"a": 1, "b": 2}),
        ({"b": 1}, {"b": 2}),
        ([], [2]),
        ([1], [1, 2]),
        (None, [2]),
    ],
)
def test_ours_is_added_to_what_is_there(base: Any, expected: Any) -> None:
    """Mappings and lists both grow, and neither input is changed."""
    before = copy.deepcopy(base)
    assert added_to(base, {"b": 2}) == expected
    assert base == before
