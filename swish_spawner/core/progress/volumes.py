"""Volumes that cannot be made, bound, attached or mounted, and the network of a pod that cannot be made.

Words are those of pkg/controller/volume/persistentvolume/pv_controller.go (about the claim, not the pod),
pkg/scheduler/framework/plugins/volumebinding, pkg/controller/volume/attachdetach and pkg/kubelet/kubelet.go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from swish_spawner.core.progress.kinds import CLUSTER, Trouble
from swish_spawner.core.quoting import quoted, says
from swish_spawner.core.reading import Document, condition, part, parts, text

#: A provisioner tries again, and an administrator's own volume may come a moment after its claim.
_PROVISIONING: Final = 60.0
#: Most volumes are there by then.
_QUICK: Final = 5.0
#: A node that went away is given up after six minutes, and its volumes are free then; a person need not wait for that.
_ATTACHING: Final = 180.0
_MOUNTING: Final = 120.0
#: A Secret or ConfigMap may be made a moment after the pod.
_MISSING_FILES: Final = 30.0
_SANDBOX: Final = 180.0
_YOURS: Final = "Your files are as they were."
_NO_CLASS: Final = re.compile(r'storageclass\S* "[^"]*" not found', re.IGNORECASE)
_NO_FILES: Final = re.compile(r'(?:secret|configmap) "?\S+"? not found|references non-existent', re.IGNORECASE)
#: What is read at all: most events say that something went well, and this is looked at with each change of a pod.
_TELLING: Final = frozenset(
    {
        *("ClaimLost", "ProvisioningFailed", "FailedBinding", "VolumeMismatch", "ClaimMisbound"),
        *("FailedAttachVolume", "FailedMount", "FailedMapVolume"),
        *("FailedCreatePodSandBox", "NetworkNotReady", "FailedCreatePodContainer"),
    }
)
_BEGINNING: Final = ("", "ContainerCreating", "PodInitializing")


def volume_troubles(pod: Document, events: Sequence[Document]) -> Iterator[Trouble]:
    """Yield what is wrong with a pod's volumes and its network, while no container of it has begun."""
    if _has_begun(pod):
        return
    bound = text(condition(pod, "PodScheduled"), "status") == "True"
    for event in (event for event in events if text(event, "reason") in _TELLING):
        of_claim = text(part(event, "involvedObject"), "kind") == "PersistentVolumeClaim"
        trouble = _claim(event) if of_claim else _pod(event)
        if trouble is not None and not (of_claim and bound):
            yield trouble
    if (trouble := _unbound(text(condition(pod, "PodScheduled"), "message"))) is not None and not bound:
        yield trouble


def _has_begun(pod: Document) -> bool:
    """Say whether a container runs or has run, or its image is fetched: then volumes and network are there."""
    status = part(pod, "status")
    for container in (*parts(status, "initContainerStatuses"), *parts(status, "containerStatuses")):
        waiting = part(container, "state", "waiting")
        if {"running", "terminated"} & set(part(container, "state")) or text(waiting, "reason") not in _BEGINNING:
            return True
    return text(condition(pod, "PodReadyToStartContainers"), "status") == "True"


def _claim(event: Document) -> Trouble | None:
    reason, said = text(event, "reason"), text(event, "message")
    words = says("Kubernetes", said)
    if reason == "ClaimLost":
        sentence = f"The volume with your files is gone from the cluster; ask an administrator before you go on.{words}"
        return Trouble("volume_lost", CLUSTER, sentence)
    if reason == "ProvisioningFailed" and _NO_CLASS.search(said):
        sentence = f"The storage class of a volume is not there; ask an administrator to correct it.{words}"
        return Trouble("storage_class", CLUSTER, sentence)
    if reason == "ProvisioningFailed":
        sentence = f"A volume could not be made so far. Try again later, or ask an administrator.{words}"
        return Trouble("volume_not_made", CLUSTER, sentence, _PROVISIONING)
    if reason in ("FailedBinding", "VolumeMismatch", "ClaimMisbound"):
        sentence = f"There is no volume for this environment; ask an administrator for one.{words}"
        return Trouble("volume_unbound", CLUSTER, sentence, _PROVISIONING)
    return None


def _unbound(said: str) -> Trouble | None:
    """Say what the scheduler says of a pod's claims, for when nothing is known of the claims themselves."""
    if "unbound immediate PersistentVolumeClaims" in said or "waiting for ephemeral volume controller" in said:
        sentence = "A volume of this environment is not there so far. Try again later, or ask an administrator."
        return Trouble("volume_unbound", CLUSTER, sentence, _PROVISIONING, _QUICK)
    if found := re.search(r'persistentvolumeclaim "([^"]*)" (not found|is being deleted)', said):
        sentence = f"The volume {quoted(found[1], 80)} {found[2].replace('not found', 'is not there')}; try again."
        return Trouble("volume_unbound", CLUSTER, sentence, _PROVISIONING)
    return None


def _pod(event: Document) -> Trouble | None:
    reason, said = text(event, "reason"), text(event, "message")
    words = says("Kubernetes", said)
    if reason == "FailedAttachVolume" and "Multi-Attach" in said:
        sentence = (
            f"A volume is still in use on another node. {_YOURS} Stop what uses it, or wait until it is free.{words}"
        )
        return Trouble("volume_in_use", CLUSTER, sentence, _ATTACHING)
    if reason == "FailedAttachVolume":
        sentence = (
            f"A volume could not be brought to the node so far. {_YOURS} Try again, or ask an administrator.{words}"
        )
        return Trouble("volume_not_attached", CLUSTER, sentence, _ATTACHING)
    if reason in ("FailedMount", "FailedMapVolume") and _NO_FILES.search(said):
        sentence = f"Something that the environment is configured with is not there; ask an administrator.{words}"
        return Trouble("config", CLUSTER, sentence, _MISSING_FILES)
    if reason in ("FailedMount", "FailedMapVolume"):
        sentence = f"A volume could not be mounted so far. {_YOURS} Try again, or ask an administrator.{words}"
        return Trouble("volume_not_mounted", CLUSTER, sentence, _MOUNTING)
    if reason in ("FailedCreatePodSandBox", "NetworkNotReady", "FailedCreatePodContainer"):
        sentence = f"The environment has no network so far. Try again later, or ask an administrator.{words}"
        return Trouble("sandbox", CLUSTER, sentence, _SANDBOX)
    return None
