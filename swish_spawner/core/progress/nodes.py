"""Pods that no node takes: how long to wait, why, and whether a node may still be added for them.

The scheduler's words are those of pkg/scheduler/framework/types.go (`FitError`) and its plugins; the autoscalers' those
of Cluster Autoscaler (processors/status/eventing_scale_up_processor.go) and Karpenter (scheduling/events.go).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from swish_spawner.core.progress.kinds import CAPACITY, CLUSTER, Circumstances, Trouble, roughly
from swish_spawner.core.quoting import says
from swish_spawner.core.reading import Document, condition, part, text

#: Room may come free in a moment: a pod that ends, or one of lower priority that makes way.
_MOMENT: Final = 15.0
#: An autoscaler that sees no way may see one at its next rounds, e.g. in another zone.
_AUTOSCALER: Final = 180.0
#: An autoscaler says what it does within a minute.
_SILENCE: Final = 150.0
_NODES: Final = re.compile(r"0/(\d+) nodes are available:?(.*?)(?:\.? preemption:.*)?$", re.DOTALL)
_COUNTED: Final = re.compile(r"(\d+) ((?:Insufficient|node\(s\)|Too many pods|cannot)[^,]*)")
#: Scheduler's reasons, and how they read after a number of nodes; the first that is found counts.
_REASONS: Final = (
    (re.compile(r"Insufficient memory"), "with too little memory free"),
    (re.compile(r"Insufficient cpu"), "with too little CPU free"),
    (re.compile(r"Insufficient ephemeral-storage"), "with too little disk free"),
    (re.compile(r"Insufficient pods|Too many pods"), "with no place for another pod"),
    (re.compile(r"Insufficient \S*gpu\S*"), "with no GPU free"),
    (re.compile(r"Insufficient "), "without something that it asks for"),
    (re.compile(r"taint.*(not-ready|unreachable|uninitialized|network-unavailable)"), "not ready"),
    (re.compile(r"taint.*pressure"), "short of disk or memory"),
    (re.compile(r"unschedulable"), "closed for maintenance"),
    (re.compile(r"taint"), "not open to it"),
    (re.compile(r"[Vv]olume|storage|disk"), "out of reach of its volume"),
    (re.compile(r"node affinity/selector|node name"), "of another kind"),
)
#: What the scheduler says while a claim has no volume: no node is looked at before, so it is not room that is short.
_OF_CLAIMS: Final = re.compile(r"unbound immediate PersistentVolumeClaims|persistentvolumeclaim \"")
_SMALLER: Final = "Choose a smaller size or another pool, stop an environment that you do not need, or try later."


def summary(message: str) -> str:
    """Return what the scheduler found, by its counts, as a phrase; empty if it counts nothing."""
    found = _NODES.search(message)
    if found is None:
        return "there is no node" if "no nodes available" in message else ""
    counts: Counter[str] = Counter()
    for number, reason in _COUNTED.findall(found[2]):
        phrase = next((words for pattern, words in _REASONS if pattern.search(reason)), "unfit for other reasons")
        counts[phrase] += int(number[:6])
    why = ", ".join(f"{number} {phrase}" for phrase, number in counts.most_common(4))
    total = found[1][:6]
    if not int(total):
        return "there is no node"
    # before a volume is known the scheduler counts nothing, and says more in a moment
    return f"of {total} node{'s' if total != '1' else ''} {why}" if why else ""


def node_trouble(pod: Document, events: Sequence[Document], known: Circumstances) -> Trouble | None:
    """Return what keeps a pod from being given to a node, or None.

    Args:
        pod: as the watch has it.
        events: of the pod, in the order in which they came.
        known: of the launch.
    """
    scheduled = condition(pod, "PodScheduled")
    if text(scheduled, "status") != "False":
        return None
    said = text(scheduled, "message")
    if text(scheduled, "reason") == "SchedulingGated":
        return Trouble("gated", CAPACITY, "The cluster holds the environment back until it is its turn.", None)
    if text(scheduled, "reason") == "SchedulerError":
        sentence = f"Kubernetes could not look for a node so far. Try again later.{says('It', said)}"
        return Trouble("scheduler", CLUSTER, sentence, _AUTOSCALER)
    if _OF_CLAIMS.search(said):
        return None
    if text(part(pod, "status"), "nominatedNodeName"):
        return Trouble("preempting", CAPACITY, "Room is being made on a node; this takes a moment.", None)
    return _waiting(events, known) if known.can_grow else _full(said)


def _full(said: str) -> Trouble:
    why = summary(said)
    sentence = f"No node has room for this environment{f' ({why})' if why else ''}. {_SMALLER}"
    return Trouble("unschedulable", CAPACITY, sentence, _MOMENT)


def _waiting(events: Sequence[Document], known: Circumstances) -> Trouble:
    usual = f", usually about {roughly(known.usual_seconds)}" if known.usual_seconds is not None else ""
    wait = f"Waiting for a node: for {roughly(known.waited_seconds)} so far{usual}."
    refusal = _refusal(events)
    if refusal is None and known.waited_seconds > _SILENCE:
        wait += " Nothing is heard of a new one; an administrator can say whether this pool can grow."
    if not refusal:
        return Trouble("waiting_for_node", CAPACITY, wait, None)
    sentence = f"No node can be added for this environment at the moment. {_SMALLER}{says('The autoscaler', refusal)}"
    return Trouble("no_node", CAPACITY, sentence, _AUTOSCALER)


def _refusal(events: Sequence[Document]) -> str | None:
    """Return why an autoscaler cannot add a node, in the last of its words; empty if it can, None if it is silent."""
    for event in reversed(events):
        reason, said = text(event, "reason"), text(event, "message")
        if reason in ("TriggeredScaleUp", "Nominated"):
            return ""
        if reason == "NotTriggerScaleUp":
            return said.removeprefix("pod didn't trigger scale-up: ") or said
        if reason == "FailedScheduling" and said.startswith("Failed to schedule pod, "):
            return said.removeprefix("Failed to schedule pod, ")
    return None
