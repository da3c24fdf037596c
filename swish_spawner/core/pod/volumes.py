"""The volumes of an environment: its home, a scratch volume for large data, and shared memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from swish_spawner.core.launch.plan import ServerPlan
from swish_spawner.core.policy.sections.pools import Scratch


def storage(plan: ServerPlan) -> dict[str, Any]:
    """Return KubeSpawner's storage traits for one plan; sizes are bytes."""
    parts = list(_parts(plan))
    return {
        "storage_pvc_ensure": True,
        "storage_capacity": str(plan.home_bytes),
        "storage_class": plan.home_class,
        "volumes": {f"swish-{volume['name']}": volume for volume, _ in parts},
        "volume_mounts": {
            f"swish-{volume['name']}": {"name": volume["name"], "mountPath": path} for volume, path in parts
        },
    }


def _parts(plan: ServerPlan) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield each volume with where it is mounted."""
    yield {"name": "home", "persistentVolumeClaim": {"claimName": "{pvc_name}"}}, plan.home_mount
    if plan.pool.scratch:
        yield _scratch(plan.pool.scratch, plan.person.environment), plan.pool.scratch.path
    if plan.pool.shm:
        # tmpfs counts towards the memory limit of the container that writes it, so no environment exceeds its size
        yield {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": str(plan.pool.shm)}}, "/dev/shm"  # noqa: S108


def _scratch(scratch: Scratch, environment: str) -> dict[str, Any]:
    """A kept scratch is a claim of its own; any other is made with the pod and goes with it."""
    if scratch.keep:
        return {"name": "scratch", "persistentVolumeClaim": {"claimName": scratch_claim_name(environment)}}
    return {"name": "scratch", "ephemeral": {"volumeClaimTemplate": {"spec": scratch_claim_spec(scratch)}}}


def scratch_claim_name(environment: str) -> str:
    """Return the name of the claim of a kept scratch volume."""
    return f"scratch-{environment}"


def scratch_claims(plan: ServerPlan, pod: str) -> Iterator[str]:
    """Yield the names of the claims of an environment's scratch volume; Kubernetes names one that goes with the pod."""
    if plan.pool.scratch:
        yield scratch_claim_name(plan.person.environment) if plan.pool.scratch.keep else f"{pod}-scratch"


def scratch_claim_spec(scratch: Scratch) -> dict[str, Any]:
    """Return the spec of the claim of a scratch volume."""
    storage_class = {"storageClassName": scratch.storage_class} if scratch.storage_class else {}
    return {
        "accessModes": [scratch.access],
        "resources": {"requests": {"storage": str(scratch.size)}},
        **storage_class,
    }
