"""A plan as the KubeSpawner traits that Swish owns.

The keys are the same for every plan, so that no plan leaves a trace in the next.

Traits in `ADDED` hold only Swish's part; the spawner adds it to what the administrator configured (`added_to`).
KubeSpawner passes most text through ``str.format``, so text that comes from outside is escaped (`literal`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from swish_spawner.core import labels
from swish_spawner.core.plan import ServerPlan, plan_document

#: Traits whose value is added to the administrator's instead of replacing it.
ADDED: Final = frozenset(
    {
        "extra_labels",
        "extra_annotations",
        "extra_resource_limits",
        "extra_resource_guarantees",
        "extra_pod_config",
        "tolerations",
        "volumes",
        "volume_mounts",
    }
)
_GPU_RESOURCE: Final = "nvidia.com/gpu"
_UID, _GID = 1000, 100


def literal(text: str) -> str:
    """Escape a text so that KubeSpawner's template expansion gives it back unchanged."""
    return text.replace("{", "{{").replace("}", "}}")


def kubespawner_traits(plan: ServerPlan) -> dict[str, Any]:
    """Return the value of every trait that Swish owns, for one plan.

    Args:
        plan: as `plan_server` gives it.

    Returns:
        Trait name to value; the keys are the same for every plan. CPU is in cores, memory in bytes.
    """
    return _resources(plan) | _placement(plan) | _identity(plan) | _storage(plan) | _security()


def _resources(plan: ServerPlan) -> dict[str, Any]:
    guaranteed = plan.pool.qos == "guaranteed"
    gpus = {_GPU_RESOURCE: str(plan.gpu_count)} if plan.gpu else {}
    return {
        "cpu_limit": float(plan.cpu),
        "cpu_guarantee": float(plan.cpu if guaranteed else plan.cpu / Decimal(2)),
        "mem_limit": plan.memory,
        "mem_guarantee": plan.memory if guaranteed else plan.memory // 2,
        "extra_resource_limits": gpus,
        "extra_resource_guarantees": gpus,
    }


def _placement(plan: ServerPlan) -> dict[str, Any]:
    taint = plan.pool.taint
    toleration = {"key": labels.TAINT, "operator": "Equal", "value": taint, "effect": "NoSchedule"}
    return {
        "image": plan.image.image,
        "tolerations": {"swish-workload": toleration} if taint else {},
        "delete_grace_period": int(plan.pool.stop_grace.total_seconds()),
        "extra_pod_config": {"terminationGracePeriodSeconds": int(plan.pool.stop_grace.total_seconds())},
    }


def _identity(plan: ServerPlan) -> dict[str, Any]:
    return {
        "extra_labels": {
            labels.TEAM: plan.team.name,
            labels.PROJECT: plan.project,
            labels.WORKLOAD: plan.workload,
            labels.ENVIRONMENT: plan.person.environment,
            labels.IMAGE: plan.image.name,
        },
        "extra_annotations": {
            labels.USER: literal(plan.person.name),
            labels.SERVER: literal(plan.person.server),
            labels.PLAN: literal(json.dumps(plan_document(plan), sort_keys=True)),
        },
    }


def _storage(plan: ServerPlan) -> dict[str, Any]:
    return {
        "storage_pvc_ensure": True,
        "storage_capacity": str(plan.home_bytes),
        "storage_class": plan.home_class,
        "volumes": {"swish-home": {"name": "home", "persistentVolumeClaim": {"claimName": "{pvc_name}"}}},
        "volume_mounts": {"swish-home": {"name": "home", "mountPath": plan.home_mount}},
    }


def _security() -> dict[str, Any]:
    """Satisfy the ``restricted`` pod security standard, whatever the plan."""
    return {
        "uid": _UID,
        "gid": _GID,
        "fs_gid": _GID,
        "privileged": False,
        "allow_privilege_escalation": False,
        "automount_service_account_token": False,
        "container_security_context": {
            "runAsNonRoot": True,
            "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }


def added_to(base: Any, ours: Mapping[str, Any]) -> Any:
    """Return what the administrator configured with Swish's part added; neither input is changed.

    Args:
        base: the trait's own value, a mapping or a list.
        ours: Swish's part by name; its key wins over the same key of a mapping.
    """
    if isinstance(base, Mapping):
        return {**base, **ours}
    return [*(base or ()), *ours.values()]
