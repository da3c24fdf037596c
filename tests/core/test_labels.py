"""Every key that Swish writes is among those that the reference page describes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from swish_spawner.core import labels
from swish_spawner.core.launch.plan import Person, ServerPlan, plan_server
from swish_spawner.core.launch.request import parse_request
from swish_spawner.core.pod.companions import Owner, SshStart, make_ssh_secret, make_ssh_service
from swish_spawner.core.pod.traits import kubernetes_labels, kubespawner_traits
from swish_spawner.core.policy.sections.ssh import ServiceType
from swish_spawner.core.policy.values import Policy
from swish_spawner.core.ssh.sshd import HostKey

OWNER = Owner("jupyter-ada", "0", "swish")


@pytest.fixture
def plan(policy: Policy, ada: Person) -> ServerPlan:
    """Of a protected environment with ssh, which has every label."""
    return plan_server(ada, parse_request({"memory": "65Gi", "ssh": True}), policy)


def test_each_label_and_annotation_is_described(plan: ServerPlan) -> None:
    """The pod has every label, and every annotation but the stamps of one start."""
    assert set(kubernetes_labels(plan)) == set(labels.LABELS)
    stamps = {labels.HUB, labels.SPAWN_ID}
    assert set(kubespawner_traits(plan, "swish")["extra_annotations"]) == set(labels.ANNOTATIONS) - stamps


def test_what_is_made_for_ssh_has_the_labels(plan: ServerPlan) -> None:
    """The Secret and the Service, and the Secret has no annotation."""
    secret = make_ssh_secret(plan, OWNER, SshStart("0123", HostKey("private", "ssh-ed25519 AAAA"), "env-x"))
    for manifest in (secret, make_ssh_service(plan, OWNER, "env-x")):
        assert set(manifest["metadata"]["labels"]) == set(labels.LABELS)
    assert "annotations" not in secret["metadata"]


@pytest.mark.parametrize(
    ("kind", "absent"),
    [("ClusterIP", "hostname"), ("NodePort", "internal-hostname"), ("LoadBalancer", "internal-hostname")],
)
def test_each_annotation_of_a_service_is_described(plan: ServerPlan, kind: ServiceType, absent: str) -> None:
    """It has all but the one of another type of Service, under both prefixes."""
    assert plan.ssh is not None
    service = make_ssh_service(replace(plan, ssh=replace(plan.ssh, service=kind)), OWNER, "env-x")
    keys = set(labels.NAMES) - {absent}
    assert set(service["metadata"]["annotations"]) == {
        f"{prefix}{key}" for prefix in labels.EXTERNAL_DNS for key in keys
    }
