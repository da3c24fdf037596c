"""A plan as the KubeSpawner traits that Swish owns.

The keys are the same for every plan, so that no plan leaves a trace in the next. Most replace what was configured;
`merged` says how the rest goes together with it. KubeSpawner passes most text through ``str.format``, so text that
comes from outside is escaped (`literal`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from swish_spawner.core import labels
from swish_spawner.core.launch.plan import ServerPlan, record_of
from swish_spawner.core.launch.taints import pool_toleration
from swish_spawner.core.pod import volumes
from swish_spawner.core.ssh import sshd
from swish_spawner.core.units import format_cpu

_UID, _GID = 1000, 100
#: What keeps the containers of an environment from any right of the node's.
SECURITY_CONTEXT: Final[Mapping[str, Any]] = {
    "runAsUser": _UID,
    "runAsGroup": _GID,
    "runAsNonRoot": True,
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}
#: Runs the image's own installer, or plain pip in an image without one; the requirements are its arguments.
_INSTALL: Final = (
    'if command -v swish-packages >/dev/null 2>&1; then exec swish-packages "$@"; fi; '
    'exec python3 -m pip install --user --no-input --disable-pip-version-check -- "$@"'
)
#: Runs the image's own checkpoint, or the person's script alone in an image without one.
_CHECKPOINT: Final = (
    "if command -v swish-checkpoint >/dev/null 2>&1; then exec swish-checkpoint; fi; "
    'if [ -x "$HOME/.swish/checkpoint" ]; then exec "$HOME/.swish/checkpoint"; fi'
)
#: Beyond the grace period, what a stop may take until the pod is gone (seconds).
_STOP_MARGIN: Final = 60
_PREFERENCE_WEIGHT: Final = 100


def literal(text: str) -> str:
    """Escape a text so that KubeSpawner's template expansion gives it back unchanged."""
    return text.replace("{", "{{").replace("}", "}}")


def kubespawner_traits(plan: ServerPlan, namespace: str, spawn_id: str = "") -> dict[str, Any]:
    """Return the value of every trait that Swish owns, for one plan.

    Args:
        plan: as `plan_server` gives it.
        namespace: the installation's, for teams without one of their own.
        spawn_id: of the start, whose Secret is mounted where sshd runs.

    Returns:
        Trait name to value; the keys are the same for every plan. CPU is in cores, memory in bytes.
    """
    return {
        "namespace": plan.team.namespace or namespace,
        **_resources(plan),
        **_placement(plan),
        **_identity(plan),
        **_lifecycle(plan),
        **_storage(plan, spawn_id),
        **_security(),
    }


def _storage(plan: ServerPlan, spawn_id: str) -> dict[str, Any]:
    storage = volumes.storage(plan)
    return {**storage, "volumes": {**storage["volumes"], **sshd.ssh_volumes(plan, spawn_id)}}


def _resources(plan: ServerPlan) -> dict[str, Any]:
    cpu, memory = _requests(plan)
    gpus = _gpus(plan)
    return {
        "cpu_limit": float(plan.cpu),
        "cpu_guarantee": float(cpu),
        "mem_limit": plan.memory,
        "mem_guarantee": memory,
        "extra_resource_limits": gpus,
        "extra_resource_guarantees": gpus,
    }


def _gpus(plan: ServerPlan) -> dict[str, str]:
    return {labels.GPU_RESOURCE: str(plan.gpu_count)} if plan.gpu else {}


def _requests(plan: ServerPlan) -> tuple[Decimal, int]:
    """Return what is asked for, in cores and bytes: the limits themselves, or half of them in a burstable pool."""
    if plan.pool.qos == "guaranteed":
        return plan.cpu, plan.memory
    return plan.cpu / 2, plan.memory // 2


def container_resources(plan: ServerPlan) -> dict[str, dict[str, str]]:
    """Return what the environment's own container asks for, as a manifest has it."""
    cpu, memory = _requests(plan)
    gpus = _gpus(plan)
    return {
        "limits": {"cpu": format_cpu(plan.cpu), "memory": str(plan.memory), **gpus},
        "requests": {"cpu": format_cpu(cpu), "memory": str(memory), **gpus},
    }


def _placement(plan: ServerPlan) -> dict[str, Any]:
    preferred = {
        key: {"weight": _PREFERENCE_WEIGHT, "preference": {"matchExpressions": [_labelled(key, value)]}}
        for key, value, strength in _node_labels(plan)
        if strength == "preferred"
    }
    return {
        "image": plan.image.image,
        "tolerations": {"swish-workload": toleration} if (toleration := pool_toleration(plan.pool)) else {},
        "node_affinity_required": required_labels(plan),
        "node_affinity_preferred": preferred,
    }


def required_labels(plan: ServerPlan) -> list[dict[str, Any]]:
    """Return the expressions that the labels of an environment's node must match."""
    return [_labelled(key, value) for key, value, strength in _node_labels(plan) if strength == "required"]


def _labelled(key: str, value: str) -> dict[str, Any]:
    return {"key": key, "operator": "In", "values": [value]}


def _node_labels(plan: ServerPlan) -> list[tuple[str, str, str]]:
    return [
        (labels.TEAM, plan.team.name, plan.team.affinity.team),
        (labels.PROJECT, plan.project, plan.team.affinity.project),
        # preferred alone: a GPU's own resource, or a size that only those nodes have, decides
        (labels.WORKLOAD, plan.workload, "preferred" if plan.pool.taint else "none"),
    ]


def kubernetes_labels(plan: ServerPlan) -> dict[str, str]:
    """Return the labels of everything that is made for one environment."""
    return {
        labels.TEAM: plan.team.name,
        labels.PROJECT: plan.project,
        labels.WORKLOAD: plan.workload,
        labels.ENVIRONMENT: plan.person.environment,
        labels.IMAGE: plan.image.name,
        labels.SSH: plan.pool.ssh if plan.ssh else "none",
    }


def kubernetes_annotations(plan: ServerPlan) -> dict[str, str]:
    """Return the annotations of an environment's pod, but for the stamps of one start."""
    protection = {labels.KARPENTER_KEEP: "true", labels.AUTOSCALER_EVICT: "false"} if plan.pool.protect else {}
    return {
        labels.USER: plan.person.name,
        labels.SERVER: plan.person.server,
        labels.PLAN: json.dumps(record_of(plan).document(), sort_keys=True),
        **({labels.SSH: plan.pool.ssh} if plan.ssh else {}),
        **protection,
    }


def _identity(plan: ServerPlan) -> dict[str, Any]:
    return {
        "extra_labels": kubernetes_labels(plan),
        "extra_annotations": {key: literal(text) for key, text in kubernetes_annotations(plan).items()},
    }


def grace_seconds(plan: ServerPlan) -> int:
    """Return how long an environment may take to save its work when it is stopped."""
    return int(plan.pool.stop_grace.total_seconds())


def _lifecycle(plan: ServerPlan) -> dict[str, Any]:
    grace = grace_seconds(plan)
    hooks = {"preStop": {"exec": {"command": ["sh", "-c", _CHECKPOINT]}}}
    return {
        "init_containers": _init_containers(plan),
        "lifecycle_hooks": hooks | ({"postStart": sshd.beside(None)} if _is_beside(plan) else {}),
        "environment": {"SWISH_STOP_GRACE": str(grace), "PYTHONUSERBASE": _user_base(plan)},
        "delete_grace_period": grace,
        "extra_pod_config": {"terminationGracePeriodSeconds": grace},
        # how long KubeSpawner waits for a pod to start, and for one to be gone
        "start_timeout": grace + _STOP_MARGIN,
    }


def _is_beside(plan: ServerPlan) -> bool:
    """Say whether sshd runs in the environment's own container."""
    return plan.ssh is not None and plan.sidecar is None


def _init_containers(plan: ServerPlan) -> dict[str, Any]:
    """Return the containers that start before the environment's own; KubeSpawner starts them by their keys."""
    containers = {"swish-packages": _package_installer(plan)} if plan.packages else {}
    if plan.sidecar:
        containers["swish-ssh"] = sshd.sidecar(plan, {"PYTHONUSERBASE": _user_base(plan)})
    return containers


def _user_base(plan: ServerPlan) -> str:
    """Packages of different images do not mix: they are for different Pythons."""
    return f"{plan.home_mount}/.swish/packages/{plan.image.name}"


def _package_installer(plan: ServerPlan) -> dict[str, Any]:
    """Return the init container; it asks for as much as the environment, so that the pod asks for no more."""
    return {
        "name": "packages",
        "image": plan.image.image,
        "command": ["sh", "-c", _INSTALL, "packages", *map(literal, plan.packages)],
        "env": [{"name": "PYTHONUSERBASE", "value": _user_base(plan)}],
        "resources": container_resources(plan),
        "securityContext": dict(SECURITY_CONTEXT),
        # pip's own last words become the container's termination message, which the person is shown
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [{"name": "home", "mountPath": plan.home_mount}],
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
        "container_security_context": dict(SECURITY_CONTEXT),
    }


def merged(name: str, base: Any, ours: Any) -> Any:
    """Return the value of a trait, given what was configured and Swish's part; neither is changed.

    Args:
        name: the trait.
        base: what the administrator configured.
        ours: Swish's part, as `kubespawner_traits` gives it.
    """
    how = MERGED.get(name)
    return ours if how is None else how(base, ours)


def _added(base: Any, ours: Mapping[str, Any]) -> Any:
    """Add to a mapping, whose keys ours win over, or to a list."""
    return {**base, **ours} if isinstance(base, Mapping) else [*(base or ()), *ours.values()]


def _filled(base: Mapping[str, Any], ours: Mapping[str, Any]) -> Any:
    """Add only what the administrator did not configure."""
    return {**ours, **base}


def _with_hooks(base: Mapping[str, Any], ours: Mapping[str, Any]) -> Any:
    """Add only what the administrator did not configure, but for sshd's start, which comes before theirs."""
    hooks = {**ours, **base}
    return hooks | ({"postStart": sshd.beside(base.get("postStart"))} if "postStart" in ours else {})


def _every_term(base: Any, ours: list[Any]) -> Any:
    return every_term(list(base.values()) if isinstance(base, Mapping) else list(base or ()), ours)


def every_term(terms: Sequence[Mapping[str, Any]], ours: Sequence[Any]) -> list[dict[str, Any]]:
    """Return the terms of a node selector, which are alternatives, each with our expressions in it once."""
    if not ours:
        return [dict(term) for term in terms]
    grown = []
    for term in terms:
        theirs = [expression for expression in term.get("matchExpressions") or () if expression not in ours]
        grown.append({**term, "matchExpressions": [*theirs, *ours]})
    return grown or [{"matchExpressions": list(ours)}]


#: How a trait goes together with what the administrator configured; all others are replaced.
MERGED: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "environment": _filled,
    "extra_annotations": _added,
    "extra_labels": _added,
    "extra_pod_config": _added,
    "extra_resource_guarantees": _added,
    "extra_resource_limits": _added,
    "init_containers": _added,
    "lifecycle_hooks": _with_hooks,
    "node_affinity_preferred": _added,
    "node_affinity_required": _every_term,
    "start_timeout": max,
    "tolerations": _added,
    "volume_mounts": _added,
    "volumes": _added,
}
