"""Every key that a pod carries is among those that the reference page describes."""

from __future__ import annotations

from swish_spawner.core import labels
from swish_spawner.core.plan import Person, plan_server
from swish_spawner.core.policy import Policy
from swish_spawner.core.request import parse_request
from swish_spawner.core.traits import kubernetes_labels, kubespawner_traits


def test_each_label_and_annotation_is_described(policy: Policy, ada: Person) -> None:
    """A protected environment with ssh has every label, and every annotation but the stamps of one start."""
    plan = plan_server(ada, parse_request({"memory": "65Gi", "ssh": True}), policy)
    assert set(kubernetes_labels(plan)) == set(labels.LABELS)
    stamps = {labels.HUB, labels.SPAWN_ID}
    assert set(kubespawner_traits(plan, "swish")["extra_annotations"]) == set(labels.ANNOTATIONS) - stamps
