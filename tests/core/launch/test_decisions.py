"""The table of decisions: who asks for what, and what they get or are told."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from swish_spawner.adapters.kubespawner import manifests
from swish_spawner.core.launch.plan import Person, plan_server
from swish_spawner.core.launch.quota import Use
from swish_spawner.core.launch.request import parse_request
from swish_spawner.core.policy.values import Policy
from swish_spawner.core.units import format_cpu, format_memory, parse_cpu
from swish_spawner.errors import UserError

ROWS: list[dict[str, Any]] = yaml.load(
    (Path(__file__).parents[2] / "data" / "decisions.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader
)
IDS = [row["reason"] for row in ROWS]


def decide(row: dict[str, Any], policy: Policy) -> dict[str, Any]:
    """Return the facts of what a row's request makes."""
    person = Person("ada", frozenset(row["groups"]), "", "ada")
    uses = [
        Use("", user, f"environment-{n}", Decimal(cpu), memory * 2**30, gpus)
        for n, (user, cpu, memory, gpus) in enumerate(row.get("uses", ()))
    ]
    plan = plan_server(person, parse_request(row["options"]), policy, dict.fromkeys(policy.teams, uses))
    made = manifests(plan, "swish")
    return facts(made)


def facts(made: list[dict[str, Any]]) -> dict[str, Any]:
    """Read the facts off the manifests themselves, not off the plan."""
    pod = next(manifest for manifest in made if manifest["kind"] == "Pod")
    spec, labels = pod["spec"], pod["metadata"]["labels"]
    annotations = pod["metadata"]["annotations"]
    notebook, inits = spec["containers"][0], spec.get("initContainers", ())
    limits, requests = notebook["resources"]["limits"], notebook["resources"]["requests"]
    mounts = {mount["mountPath"] for mount in notebook["volumeMounts"]}
    return {
        "team": labels["swish.io/team"],
        "project": labels["swish.io/project"],
        "workload": labels["swish.io/workload"],
        "pool": yaml.safe_load(annotations["swish.io/plan"])["pool"],
        "image": notebook["image"].split("@")[0].rsplit("/", 1)[-1],
        "namespace": pod["metadata"]["namespace"],
        "cpu": format_cpu(parse_cpu(limits["cpu"])),
        "cpu_request": format_cpu(parse_cpu(requests["cpu"])),
        "memory": format_memory(int(limits["memory"])),
        "gpus": int(limits.get("nvidia.com/gpu", 0)),
        "qos": "Guaranteed" if requests == limits else "Burstable",
        "tolerates": spec["tolerations"][0]["value"] if spec.get("tolerations") else "none",
        "budget": any(manifest["kind"] == "PodDisruptionBudget" for manifest in made),
        "keep": annotations.get("karpenter.sh/do-not-disrupt"),
        "evict": annotations.get("cluster-autoscaler.kubernetes.io/safe-to-evict"),
        "grace": spec["terminationGracePeriodSeconds"],
        "scratch": "/data" if "/data" in mounts else None,
        "shm": "/dev/shm" in mounts,  # noqa: S108
        "installs": [arg for init in inits if init["name"] == "packages" for arg in init["command"][4:]],
        "ssh": annotations.get("swish.io/ssh"),
        "sshd": [init["name"] for init in inits if init.get("restartPolicy") == "Always"],
        "starts": "postStart" in notebook["lifecycle"],
        "service": [manifest["spec"]["type"] for manifest in made if manifest["kind"] == "Service"],
    }


@pytest.mark.claim("teams-are-groups", "pools-by-request", "protected")
@pytest.mark.parametrize("row", [row for row in ROWS if "gets" in row], ids=lambda row: row["reason"])
def test_what_is_given(policy: Policy, row: dict[str, Any]) -> None:
    """The pod, and what belongs to it, has the facts of the row."""
    found = decide(row, policy)
    assert {key: found[key] for key in row["gets"]} == row["gets"]


@pytest.mark.claim("one-set-of-rules")
@pytest.mark.parametrize("row", [row for row in ROWS if "refused" in row], ids=lambda row: row["reason"])
def test_what_is_refused(policy: Policy, row: dict[str, Any]) -> None:
    """The sentence has the words of the row."""
    with pytest.raises(UserError) as caught:
        decide(row, policy)
    assert row["refused"] in str(caught.value)


def test_each_row_has_a_reason_of_its_own() -> None:
    """A row that says why nobody else does is worth its place."""
    assert len(set(IDS)) == len(IDS) >= 80
