"""Pods that ended, or are being ended, while they start: by the node, the scheduler, the cluster or somebody.

Reasons are those of a pod's status, its condition DisruptionTarget, and events: pkg/kubelet/{eviction,preemption,
nodeshutdown,lifecycle}, pkg/controller/{tainteviction,podgc} and pkg/util/node in kubernetes/kubernetes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from swish_spawner.core.progress.containers import container_troubles
from swish_spawner.core.progress.kinds import CAPACITY, CLUSTER, PERSON, Circumstances, Trouble
from swish_spawner.core.quoting import says
from swish_spawner.core.reading import Document, condition, part, text

#: A node that is away for a moment (seconds) may come back.
_AWAY: Final = 60.0
_AGAIN: Final = "Your files are as they were; try again."
_DELETED: Final = Trouble("deleted", CLUSTER, "The environment's pod was deleted while it started; try again.")
_PREEMPTED: Final = Trouble(
    "preempted", CAPACITY, f"The environment had to make way for something of higher priority. {_AGAIN}"
)
_NODE_LOST: Final = Trouble(
    "node_lost", CLUSTER, f"The node that the environment was starting on does not answer. {_AGAIN}"
)
_CAUSES: Final = {
    "Preempting": _PREEMPTED,
    "Preempted": _PREEMPTED,
    "PreemptionByScheduler": _PREEMPTED,
    "NodeLost": _NODE_LOST,
    "TaintManagerEviction": _NODE_LOST,
    "DeletionByTaintManager": _NODE_LOST,
    "DeletionByPodGC": _NODE_LOST,
    "Terminated": Trouble("node_shutdown", CLUSTER, f"The node was shut down while the environment started. {_AGAIN}"),
    "EvictionByEvictionAPI": Trouble("evicted", CLUSTER, f"The node is being emptied for maintenance. {_AGAIN}"),
}
#: A node looks at a pod once more before it takes it; what others took meanwhile makes it refuse.
_NOT_TAKEN: Final = ("OutOf", "Node", "UnexpectedAdmissionError", "Topology", "InvalidNodeInfo")
_SHORT: Final = re.compile(r"resource: ([a-z-]+)|condition: \[?(Disk|Memory|PID)Pressure")


def gone_trouble(events: Sequence[Document]) -> Trouble:
    """Say why a pod is gone, as far as the last events about it tell."""
    causes = [_CAUSES[text(event, "reason")] for event in events if text(event, "reason") in _CAUSES]
    return causes[-1] if causes else _DELETED


def lost_node(events: Sequence[Document], node: Document | None) -> Trouble | None:
    """Return what is wrong with the node that a pod was given to; None if nothing is known to be.

    Kubernetes says it of the node alone while the pod has not been ready yet, and takes the pod away minutes later.

    Args:
        events: of the pod.
        node: as the API server has it; empty if it is gone, None if that is not known.
    """
    ready = condition(node or {}, "Ready")
    if text(ready, "status") == "False":
        sentence = "The node that the environment was starting on is not ready. "
        sentence += f"{_AGAIN}{says('The node', text(ready, 'message'))}"
        return Trouble("node_not_ready", CLUSTER, sentence, _AWAY)
    said = bool(events) and text(events[-1], "reason") == "NodeNotReady"
    gone = node is not None and text(ready, "status") != "True"
    return replace(_NODE_LOST, after_seconds=_AWAY) if said or gone else None


def ending_trouble(pod: Document, events: Sequence[Document], known: Circumstances) -> Trouble | None:
    """Return why a pod has ended or is being ended; None if it is neither."""
    status, disrupted = part(pod, "status"), condition(pod, "DisruptionTarget")
    reason, phase = text(status, "reason"), text(status, "phase")
    # the condition comes first, and a pod without a node is gone the moment after
    causes = (text(disrupted, "reason") if text(disrupted, "status") == "True" else "", reason)
    if (known_cause := next((_CAUSES[cause] for cause in causes if cause in _CAUSES), None)) is not None:
        return known_cause
    if phase == "Failed":
        return _failure(pod, reason, known)
    if phase == "Succeeded":
        sentence = "The environment ended by itself as it started. Choose another image, or ask an administrator."
        return Trouble("ended", PERSON, sentence)
    return gone_trouble(events) if "deletionTimestamp" in part(pod, "metadata") else None


def _failure(pod: Document, reason: str, known: Circumstances) -> Trouble:
    said = text(part(pod, "status"), "message")
    words = says("The node", said)
    if reason == "Evicted":
        sentence = f"The node ran short of {_short_of(said)} and ended the environment. {_AGAIN}{words}"
        return Trouble("evicted", CAPACITY, sentence)
    if reason.startswith(_NOT_TAKEN):
        sentence = f"The node that was found for the environment did not take it. {_AGAIN}{words}"
        return Trouble("node_rejected", CAPACITY, sentence)
    if (crash := next(container_troubles(pod, (), known), None)) is not None:
        return replace(crash, after_seconds=0)
    return Trouble("failed", CLUSTER, f"The environment failed as it started. {_AGAIN}{words}")


def _short_of(said: str) -> str:
    found = _SHORT.search(said)
    words = (found[1] or found[2]).lower() if found else ""
    return {"memory": "memory", "pids": "processes", "pid": "processes"}.get(words, "disk" if words else "something")
