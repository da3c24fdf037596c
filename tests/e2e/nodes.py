"""Machines and disks of which the control plane alone knows, so that a test can have it lose them.

Nothing runs on such a node, and a driver of such a volume is whatever the test answers for it. What Kubernetes makes of
that is its own: the scheduler's, the node lifecycle controller's and the attach/detach controller's.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from swish_spawner.core.labels import TAINT
from tests.e2e.install import Install, wait_until

DRIVER = "e2e.swish.io"
AMOUNTS = {"cpu": "8000", "memory": "1Ti", "pods": "10"}
#: Without it Kubernetes leaves the node's volumes to its kubelet.
ATTACHED_BY_KUBERNETES = {"volumes.kubernetes.io/controller-managed-attach-detach": "true"}


@contextmanager
def applied(install: Install, *manifests: dict[str, Any]) -> Iterator[None]:
    """Have objects in the cluster meanwhile."""
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": manifests})
    install.kubectl("apply", "--filename=-", stdin=text)
    try:
        yield
    finally:
        install.kubectl("delete", "--ignore-not-found", "--filename=-", stdin=text)


@contextmanager
def last_seen_now(install: Install, name: str) -> Iterator[None]:
    """Have a node, for the pool whose taint is its name, that is ready and says nothing any more.

    Kubernetes gives it pods until it notices, after 50 seconds.
    """
    taint = {"key": TAINT, "value": name, "effect": "NoSchedule"}
    metadata = {"name": name, "annotations": ATTACHED_BY_KUBERNETES}
    with applied(install, {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "spec": {"taints": [taint]}}):
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        ready = {"type": "Ready", "status": "True", "reason": "KubeletReady"}
        ready |= {"lastHeartbeatTime": now, "lastTransitionTime": now}
        say(install, "node", name, {"capacity": AMOUNTS, "allocatable": AMOUNTS, "conditions": [ready]})
        yield


def say(install: Install, kind: str, name: str, status: dict[str, Any]) -> None:
    """Write a status as a node, or the driver of a volume, writes it."""
    install.kubectl(
        "patch", kind, name, "--subresource=status", "--type=merge", f"--patch={json.dumps({'status': status})}"
    )


def storage_class(name: str) -> dict[str, Any]:
    """Return a class of volumes that are there, or are not: nothing makes them."""
    made_by_nobody = {"provisioner": "kubernetes.io/no-provisioner", "volumeBindingMode": "Immediate"}
    return {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": name}, **made_by_nobody}


def driver() -> dict[str, Any]:
    """Return the driver whose volumes have to be attached, which the test answers for."""
    spec = {"attachRequired": True, "podInfoOnMount": False}
    return {"apiVersion": "storage.k8s.io/v1", "kind": "CSIDriver", "metadata": {"name": DRIVER}, "spec": spec}


def volume(name: str, storage_class: str, disk: str, size: str = "1Gi") -> dict[str, Any]:
    """Return a volume on a disk of the driver's; two volumes may be on one disk."""
    spec = {
        "capacity": {"storage": size},
        "accessModes": ["ReadWriteOnce"],
        "persistentVolumeReclaimPolicy": "Retain",
        "storageClassName": storage_class,
        "csi": {"driver": DRIVER, "volumeHandle": disk},
    }
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}, "spec": spec}


def holder(name: str, node: str, volume: str, storage_class: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a claim of a volume and a pod that has it on a node."""
    claim = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": storage_class,
        "volumeName": volume,
        "resources": {"requests": {"storage": "1Gi"}},
    }
    container = {
        "name": "holder",
        "image": "none",
        "volumeMounts": [{"name": "disk", "mountPath": "/disk"}],
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    pod = {
        "nodeName": node,
        "containers": [container],
        "volumes": [{"name": "disk", "persistentVolumeClaim": {"claimName": name}}],
        "securityContext": {"runAsNonRoot": True, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}},
        "terminationGracePeriodSeconds": 0,
    }
    metadata = {"name": name}
    return (
        {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": claim},
        {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pod},
    )


def answer_attachment(install: Install, volume: str, **status: Any) -> None:
    """Answer Kubernetes' wish to attach a volume as its driver does: with ``attached``, and ``attachError`` if not."""

    def asked() -> str | None:
        wishes = install.get("volumeattachments")["items"]
        mine = [wish for wish in wishes if wish["spec"]["source"].get("persistentVolumeName") == volume]
        return mine[0]["metadata"]["name"] if mine else None

    say(install, "volumeattachment", wait_until(f"volume {volume} is to be attached", asked), status)
