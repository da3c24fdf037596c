"""The objects beside a pod, as plain camelCase manifests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from swish_spawner.core import kept, labels
from swish_spawner.core.plan import ServerPlan
from swish_spawner.core.traits import kubernetes_labels
from swish_spawner.core.volumes import scratch_claim_name, scratch_claim_spec

Manifest = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Owner:
    """The pod that companions belong to, and are garbage-collected with."""

    name: str
    uid: str
    namespace: str


def companion_manifests(plan: ServerPlan, owner: Owner) -> tuple[Manifest, ...]:
    """Return what must be there beside the pod; all of it goes when the pod goes.

    Args:
        plan: as `plan_server` gives it.
        owner: the pod, which is there already.
    """
    return (make_pod_disruption_budget(plan, owner),) if plan.pool.protect else ()


def prerequisite_manifests(plan: ServerPlan, namespace: str, home: Mapping[str, Any]) -> tuple[Manifest, ...]:
    """Return what must be there before the pod, and outlives it: the claim of a scratch volume that is kept.

    Args:
        plan: as `plan_server` gives it.
        namespace: of the environment.
        home: the home claim's metadata, which says whose it is as KubeSpawner says it.
    """
    scratch = plan.pool.scratch
    if scratch is None or not scratch.keep:
        return ()
    name = scratch_claim_name(plan.person.environment)
    metadata = {
        "name": name,
        "namespace": namespace,
        "labels": _whose(home.get("labels", {})) | kubernetes_labels(plan),
        "annotations": _whose(home.get("annotations", {})),
    }
    spec = scratch_claim_spec(scratch)
    return ({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec},)


def _whose(marks: Mapping[str, str]) -> dict[str, str]:
    return {key: marks[key] for key in (kept.USER, kept.SERVER) if key in marks}


def make_pod_disruption_budget(plan: ServerPlan, owner: Owner) -> Manifest:
    """Return a budget that keeps evictions away from this one pod.

    Each pod gets a budget of its own: a shared one protects a single pod a namespace. For a pod without a controller
    only an integer minAvailable counts (https://kubernetes.io/docs/tasks/run-application/configure-pdb/).
    """
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": _metadata(plan, owner),
        "spec": {
            "minAvailable": 1,
            "selector": {"matchLabels": {labels.ENVIRONMENT: plan.person.environment}},
            # a pod that is running but not ready holds work in memory just as well
            "unhealthyPodEvictionPolicy": "IfHealthyBudget",
        },
    }


def _metadata(plan: ServerPlan, owner: Owner) -> dict[str, Any]:
    return {
        "name": owner.name,
        "namespace": owner.namespace,
        "labels": kubernetes_labels(plan),
        "ownerReferences": [
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "name": owner.name,
                "uid": owner.uid,
                "controller": False,
                # clusters that enforce it would want update on pods/finalizers, for nothing we need
                "blockOwnerDeletion": False,
            }
        ],
    }
