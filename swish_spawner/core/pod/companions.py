"""The objects beside a pod, as plain camelCase manifests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from swish_spawner.core import labels
from swish_spawner.core.launch.plan import ServerPlan
from swish_spawner.core.pod.token import ITEM, token_secret_name
from swish_spawner.core.pod.traits import kubernetes_labels
from swish_spawner.core.pod.volumes import scratch_claim_name, scratch_claim_spec
from swish_spawner.core.ssh.sshd import PORT, PUBLIC_PORT, HostKey, host_name, start_files, start_secret_name

Manifest = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Owner:
    """The pod that companions belong to, and are garbage-collected with."""

    name: str
    uid: str
    namespace: str


@dataclass(frozen=True, slots=True)
class SshStart:
    """What sshd of one start is given: the start's id, and the environment's host key; and its Service's name."""

    spawn_id: str
    key: HostKey
    service: str


def companion_manifests(plan: ServerPlan, owner: Owner, start: SshStart | None = None) -> tuple[Manifest, ...]:
    """Return what must be there beside the pod; all of it goes when the pod goes.

    Args:
        plan: as `plan_server` gives it.
        owner: the pod, which is there already.
        start: for sshd, in an environment with ssh.
    """
    # the pod's containers wait for the Secret, so it comes first
    secrets = (make_ssh_secret(plan, owner, start),) if plan.ssh and start else ()
    return (*secrets, *((make_pod_disruption_budget(plan, owner),) if plan.pool.protect else ()))


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
    return {key: marks[key] for key in (labels.KUBESPAWNER_USER, labels.KUBESPAWNER_SERVER) if key in marks}


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


def make_ssh_secret(plan: ServerPlan, owner: Owner, start: SshStart) -> Manifest:
    """Return the Secret that sshd of one start reads; it goes with the pod."""
    return _secret(plan, owner, start_secret_name(start.spawn_id), start_files(plan, start.key))


def make_token_secret(plan: ServerPlan, owner: Owner, spawn_id: str, token: str) -> Manifest:
    """Return the Secret from which the containers of one start take their token for the hub; it goes with the pod."""
    return _secret(plan, owner, token_secret_name(spawn_id), {ITEM: token})


def _secret(plan: ServerPlan, owner: Owner, name: str, items: Mapping[str, str]) -> Manifest:
    metadata = {**_metadata(plan, owner), "name": name}
    return {"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "metadata": metadata, "stringData": dict(items)}


def make_ssh_service(plan: ServerPlan, owner: Owner, name: str) -> Manifest:
    """Return the Service of this name by which an environment is reached."""
    if plan.ssh is None:
        raise ValueError("an environment without ssh has no Service")
    ssh = plan.ssh
    annotations = {**ssh.service_annotations, **_names(plan)}
    spec: dict[str, Any] = {
        "type": ssh.service,
        "selector": {labels.ENVIRONMENT: plan.person.environment},
        "ports": [{"name": "ssh", "port": PUBLIC_PORT, "targetPort": PORT, "protocol": "TCP"}],
    }
    if ssh.service != "ClusterIP":
        # so that sshd, and the networks that it lets in, see the person's own address
        spec["externalTrafficPolicy"] = "Local"
    if ssh.service == "LoadBalancer":
        spec["loadBalancerSourceRanges"] = [str(network) for network in ssh.allow_cidrs]
    if ssh.load_balancer_class:
        spec["loadBalancerClass"] = ssh.load_balancer_class
    metadata = {**_metadata(plan, owner), "name": name, "annotations": annotations}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def _names(plan: ServerPlan) -> dict[str, str]:
    """Return what ExternalDNS makes an environment's name of; one inside the cluster's network has another key."""
    host = host_name(plan)
    if plan.ssh is None or host is None:
        return {}
    key = "internal-hostname" if plan.ssh.service == "ClusterIP" else "hostname"
    values = {key: host, "ttl": str(plan.ssh.ttl)}
    return {f"{prefix}{name}": value for prefix in labels.EXTERNAL_DNS for name, value in values.items()}


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
