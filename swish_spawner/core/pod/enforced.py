"""A pod's manifest after every hook has had it, and whether Kubernetes gave it what its pool promises."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from swish_spawner.core.labels import GPU_RESOURCE, NOTEBOOK, PACKAGES
from swish_spawner.core.launch.plan import ServerPlan
from swish_spawner.core.launch.taints import opens_a_pool, pool_toleration
from swish_spawner.core.pod.traits import (
    SECURITY_CONTEXT,
    container_resources,
    every_term,
    grace_seconds,
    kubernetes_annotations,
    kubernetes_labels,
    required_labels,
)
from swish_spawner.core.ssh import sshd
from swish_spawner.core.ssh.sshd import sidecar_resources
from swish_spawner.errors import LaunchFailed

Manifest = Mapping[str, Any]

#: What opens something where it is left out, or where a hook sets it; each is so in every environment, for a reason.
CLOSED: Final[Manifest] = MappingProxyType(
    {
        # rights in the cluster
        "automountServiceAccountToken": False,
        # variables for each Service of the namespace: who works there now, and names that people chose. With some
        # thousands no program starts any more
        "enableServiceLinks": False,
        # the node's network, past every NetworkPolicy
        "hostNetwork": False,
        # the node's processes, and those of others on it
        "hostPID": False,
        "hostIPC": False,
        # sshd's processes in a container of its own
        "shareProcessNamespace": False,
    }
)
_REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"
#: Parts of a container's security context that can only loosen ours.
_LOOSE: Final = ("privileged", "procMount")


def enforced(pod: Manifest, plan: ServerPlan) -> dict[str, Any]:
    """Return the pod with everything that the policy decides put back as the plan has it.

    An administrator's hook may change anything else; the pod that it was given is left as it is.

    Args:
        pod: the manifest, camelCase, as the last hook left it.
        plan: what was decided.

    Raises:
        LaunchFailed: it has no container of the environment's own any more.
    """
    result = copy.deepcopy(dict(pod))
    metadata, spec = result.setdefault("metadata", {}), result["spec"]
    metadata["labels"] = {**(metadata.get("labels") or {}), **kubernetes_labels(plan)}
    metadata["annotations"] = {**(metadata.get("annotations") or {}), **kubernetes_annotations(plan)}
    spec["terminationGracePeriodSeconds"] = grace_seconds(plan)
    spec.update(CLOSED)
    _place(spec, plan)
    if NOTEBOOK not in (container["name"] for container in spec["containers"]):
        raise LaunchFailed(
            "A hook of this hub has removed the environment's own container; ask an administrator.",
            kind="hook",
            blame="cluster",
        )
    ours = _resources(plan)
    for container in (*(spec.get("initContainers") or ()), *spec["containers"]):
        _bound(container, ours.get(container["name"], {}))
        if container["name"] in ours:
            container["image"] = plan.image.image
            container["securityContext"] = _restricted(container.get("securityContext") or {})
            # what it said last is what the person reads when it does not start
            container.setdefault("terminationMessagePolicy", "FallbackToLogsOnError")
    if plan.ssh:
        _let_in(spec, plan)
    return result


def _resources(plan: ServerPlan) -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """Return what each container of ours is given, by its name."""
    own = container_resources(plan)
    packages = {PACKAGES: own} if plan.packages else {}
    return {NOTEBOOK: own, **packages, **({sshd.CONTAINER: sidecar_resources(plan)} if plan.sidecar else {})}


def _let_in(spec: dict[str, Any], plan: ServerPlan) -> None:
    """Give sshd the volumes that the environment's own container has, whoever added them, and those of its own."""
    (notebook,) = (container for container in spec["containers"] if container["name"] == NOTEBOOK)
    where = sshd.CONTAINER if plan.sidecar else NOTEBOOK
    extra = sshd.ssh_mounts(plan)
    places = {mount["mountPath"] for mount in extra}
    theirs = [mount for mount in notebook.get("volumeMounts") or () if mount["mountPath"] not in places]
    taken = {mount["mountPath"] for mount in theirs}
    extra += [mount for mount in sshd.temporary_mounts(plan) if mount["mountPath"] not in taken]
    for container in (*(spec.get("initContainers") or ()), *spec["containers"]):
        if container["name"] == where:
            container["volumeMounts"] = [*copy.deepcopy(theirs), *extra]


def _place(spec: dict[str, Any], plan: ServerPlan) -> None:
    """Let the scheduler alone choose the node, among those of the plan."""
    spec.pop("nodeName", None)
    others = [toleration for toleration in spec.get("tolerations") or () if not opens_a_pool(toleration)]
    ours = pool_toleration(plan.pool)
    spec["tolerations"] = [*others, *([ours] if ours else [])]
    if required := required_labels(plan):
        affinity = spec["affinity"] = {**(spec.get("affinity") or {})}
        nodes = affinity["nodeAffinity"] = {**(affinity.get("nodeAffinity") or {})}
        selector = nodes.get(_REQUIRED) or {}
        nodes[_REQUIRED] = {
            **selector,
            "nodeSelectorTerms": every_term(selector.get("nodeSelectorTerms") or (), required),
        }


def _bound(container: dict[str, Any], ours: Mapping[str, Mapping[str, str]]) -> None:
    """Give a container our share of its resources; GPUs are for those that the plan gives any."""
    theirs = container.get("resources") or {}
    bounded = dict(theirs)
    for kind in ("limits", "requests"):
        kept = {name: amount for name, amount in (theirs.get(kind) or {}).items() if name != GPU_RESOURCE}
        if kind in ours or kind in theirs:
            bounded[kind] = {**kept, **ours.get(kind, {})}
    if bounded:
        container["resources"] = bounded


def _restricted(theirs: Mapping[str, Any]) -> dict[str, Any]:
    """Return a security context that is as strict as ours, and stricter where theirs is."""
    unconfined = {
        key for key, value in theirs.items() if isinstance(value, Mapping) and value.get("type") == "Unconfined"
    }
    kept = {key: value for key, value in theirs.items() if key not in _LOOSE and key not in unconfined}
    return {**kept, **SECURITY_CONTEXT}


def quality_problems(pod: Manifest, plan: ServerPlan) -> Iterator[str]:
    """Yield why a pod that should be Guaranteed is not, a sentence for each container.

    Kubernetes' rule: every container, init containers included, has limits for CPU and memory that equal its requests
    (https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/); requests that are left out equal the limits.
    """
    if plan.pool.qos != "guaranteed":
        return
    spec = pod["spec"]
    for container in (*spec.get("initContainers", ()), *spec["containers"]):
        resources = container.get("resources") or {}
        limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
        for resource in ("cpu", "memory"):
            limit = limits.get(resource)
            if limit is None or requests.get(resource, limit) != limit:
                yield f"container {container['name']} has no {resource} limit that equals its request"


def quality_lost(pod: Manifest, plan: ServerPlan) -> str | None:
    """Return a sentence if Kubernetes gave a pod less than the guarantee of its pool, or else None.

    A LimitRange or an admission plugin can change a pod after it was sent, and then only its status tells.
    """
    given = (pod.get("status") or {}).get("qosClass")
    if plan.pool.qos != "guaranteed" or given in (None, "Guaranteed"):
        return None
    return f"The cluster made this environment {given}, not Guaranteed; an administrator should look at its LimitRange."


def packages_run(pod: Manifest | None) -> bool:
    """Say whether the packages of an environment are being installed now."""
    statuses = ((pod or {}).get("status") or {}).get("initContainerStatuses") or ()
    return any(status.get("name") == PACKAGES and "running" in (status.get("state") or {}) for status in statuses)
