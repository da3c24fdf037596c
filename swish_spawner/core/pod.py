"""A pod's manifest after every hook has had it, and whether Kubernetes gave it what its pool promises."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any, Final

from swish_spawner.core.plan import ServerPlan
from swish_spawner.core.traits import container_resources, kubernetes_labels

Manifest = Mapping[str, Any]

NOTEBOOK: Final = "notebook"
PACKAGES: Final = "packages"


def enforced(pod: Manifest, plan: ServerPlan) -> dict[str, Any]:
    """Return the pod with everything that the policy decides put back as the plan has it.

    An administrator's hook may change anything else; the pod that it was given is left as it is.

    Args:
        pod: the manifest, camelCase, as the last hook left it.
        plan: what was decided.
    """
    result = copy.deepcopy(dict(pod))
    metadata = result.setdefault("metadata", {})
    metadata["labels"] = {**(metadata.get("labels") or {}), **kubernetes_labels(plan)}
    for container in result["spec"]["containers"]:
        if container["name"] == NOTEBOOK:
            container["image"] = plan.image.image
            # what it said last is what the person reads when it does not start
            container.setdefault("terminationMessagePolicy", "FallbackToLogsOnError")
            others = container.get("resources") or {}
            container["resources"] = {
                key: {**(others.get(key) or {}), **ours} for key, ours in container_resources(plan).items()
            }
    return result


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
