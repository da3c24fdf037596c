"""Teams that have a namespace of their own get there what the hub and their environments need."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.chart.rendering import Helm, Manifest, one
from tests.conftest import WIDE_POLICY

NAMESPACE = "swish-imaging"


@pytest.fixture(scope="module")
def values() -> dict[str, Any]:
    """The wide policy, in which the team imaging has a namespace."""
    return {"policy": yaml.safe_load(WIDE_POLICY.read_text(encoding="utf-8"))}


@pytest.fixture(scope="module")
def teams(helm: Helm, values: dict[str, Any]) -> list[Manifest]:
    """What is made in the team's namespace, and the namespace."""
    made = helm.template(values)
    return [m for m in made if m["metadata"].get("namespace") == NAMESPACE or m["kind"] == "Namespace"]


@pytest.mark.claim("files-after-a-team")
def test_the_namespace_is_restricted_and_kept(teams: list[Manifest]) -> None:
    """Uninstalling must not take the team's volumes away."""
    metadata = one(teams, "Namespace", NAMESPACE)["metadata"]
    assert metadata["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert metadata["annotations"]["helm.sh/resource-policy"] == "keep"


@pytest.mark.claim("hub-role")
def test_the_hub_may_do_there_what_it_may_do_at_home(helm: Helm, teams: list[Manifest]) -> None:
    """The rules are the same, and bound to the hub's account in the release's namespace."""
    assert one(teams, "Role", "hub")["rules"] == one(helm.template(), "Role", "hub")["rules"]
    (subject,) = one(teams, "RoleBinding", "hub")["subjects"]
    assert (subject["name"], subject["namespace"]) == ("hub", "swish")


def test_the_quota_is_the_policys(teams: list[Manifest]) -> None:
    """Requests and limits both are held, GPUs by their resource."""
    assert one(teams, "ResourceQuota", "team")["spec"]["hard"] == {
        "requests.cpu": "64",
        "limits.cpu": "64",
        "requests.memory": "300Gi",
        "limits.memory": "300Gi",
        "requests.nvidia.com/gpu": "4",
    }


def test_a_container_that_says_nothing_stays_guaranteed(teams: list[Manifest]) -> None:
    """The defaults for requests and limits are equal."""
    (limit,) = one(teams, "LimitRange", "team")["spec"]["limits"]
    assert limit["default"] == limit["defaultRequest"]


def test_environments_there_are_reached_from_the_releases_namespace(teams: list[Manifest]) -> None:
    """A pod that only calls itself proxy or hub, in another namespace, gets in nowhere."""
    (rule,) = one(teams, "NetworkPolicy", "environments")["spec"]["ingress"]
    home = {"matchLabels": {"kubernetes.io/metadata.name": "swish"}}
    assert [peer["namespaceSelector"] for peer in rule["from"]] == [home, home]


def test_hub_and_proxy_reach_environments_in_each_namespace(helm: Helm, values: dict[str, Any]) -> None:
    """At home without a namespace selector, and in the team's namespace."""
    made = helm.template(values)
    there = {"matchLabels": {"kubernetes.io/metadata.name": NAMESPACE}}
    for name in ("hub", "proxy"):
        (rule,) = [
            rule
            for rule in one(made, "NetworkPolicy", name)["spec"]["egress"]
            if {"protocol": "TCP", "port": 8888} in rule["ports"]
        ]
        assert [peer.get("namespaceSelector") for peer in rule["to"]] == [None, there]


def test_somebody_else_can_make_the_namespaces(helm: Helm, values: dict[str, Any]) -> None:
    """Then the chart makes everything in them, and not the namespaces."""
    made = helm.template(values | {"teams": {"createNamespaces": False}})
    kinds = [manifest["kind"] for manifest in made]
    assert "Namespace" not in kinds
    assert "ResourceQuota" in kinds


def test_without_such_teams_nothing_is_made(default: list[Manifest]) -> None:
    """The default policy's teams share the release's namespace."""
    assert not {"Namespace", "ResourceQuota", "LimitRange"} & {manifest["kind"] for manifest in default}
