"""Containers that cannot be made, end, or are killed for their memory: what each status of the kubelet means.

Reasons are those of pkg/kubelet/kuberuntime/kuberuntime_container.go, pkg/kubelet/container/sync_result.go and, for
containers that ended, of containerd. A container that serves the environment from beside it never ends a start.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from swish_spawner.core.labels import NOTEBOOK, PACKAGES
from swish_spawner.core.progress.images import image_trouble
from swish_spawner.core.progress.kinds import CLUSTER, PERSON, Circumstances, Trouble
from swish_spawner.core.quoting import quoted, says
from swish_spawner.core.reading import Document, number, part, parts, text

#: A Secret or ConfigMap may be made a moment after the pod, and a kubelet that just began has not read them all yet.
_CONFIG: Final = 10.0
#: What a runtime could not do once it may do at its next tries, e.g. while a device or an earlier container is freed.
_RUNTIME: Final = 60.0
_LAST_WORDS: Final = 400
_NEVER_STARTS: Final = re.compile(
    r"executable file not found|no such file or directory|permission denied|exec format error|run as (?:non-)?root|"
    r"runAsNonRoot",
    re.IGNORECASE,
)
_RUNTIME_FAILED: Final = (
    "CreateContainerError",
    "RunContainerError",
    "PreCreateHookError",
    "PreStartHookError",
    "PostStartHookError",
)
_ASK: Final = "Choose another image, or ask an administrator."


def container_troubles(pod: Document, events: Sequence[Document], known: Circumstances) -> Iterator[Trouble]:
    """Yield what is wrong with each container of a pod, those that run before the others first."""
    beside = {
        text(spec, "name")
        for spec in parts(part(pod, "spec"), "initContainers")
        if text(spec, "restartPolicy") == "Always"
    }
    status = part(pod, "status")
    for key in ("initContainerStatuses", "containerStatuses"):
        for container in parts(status, key):
            name = text(container, "name")
            trouble = image_trouble(container, events, known, name == NOTEBOOK) or _never_made(container)
            if trouble is None and key == "initContainerStatuses" and name not in beside:
                trouble = _first_failed(container, known)
            elif trouble is None:
                trouble = _failed(container, known) if name == NOTEBOOK else _beside_failed(container)
            if trouble is not None:
                yield trouble


def _never_made(container: Document) -> Trouble | None:
    waiting = part(container, "state", "waiting")
    reason, said = text(waiting, "reason"), text(waiting, "message")
    words = says("The node", said)
    if reason == "CreateContainerConfigError":
        if _NEVER_STARTS.search(said):
            return Trouble("start_error", CLUSTER, f"The image may not run as it is made. {_ASK}{words}")
        sentence = f"Something that the environment is configured with is not there; ask an administrator.{words}"
        return Trouble("config", CLUSTER, sentence, _CONFIG)
    if reason in _RUNTIME_FAILED:
        if _NEVER_STARTS.search(said):
            return Trouble("start_error", CLUSTER, f"The image has nothing that can be started. {_ASK}{words}")
        # what a hook printed is not for everyone
        words = "" if reason == "PostStartHookError" else words
        sentence = f"The node could not start {_called(container)} so far. Try again, or ask an administrator.{words}"
        return Trouble("container_start", CLUSTER, sentence, _RUNTIME)
    return None


def _called(container: Document) -> str:
    name = text(container, "name")
    return "the environment" if name in (NOTEBOOK, "") else f"container {quoted(name, 63)}"


def _ending(container: Document) -> Document:
    """Return how a container ended last; one that ended well, or never, is empty."""
    for state in ("state", "lastState"):
        ended = part(container, state, "terminated")
        if number(ended, "exitCode") or text(ended, "reason") == "OOMKilled":
            return ended
    return {}


def _crash_loops(container: Document) -> bool:
    return text(part(container, "state", "waiting"), "reason") == "CrashLoopBackOff"


def _first_failed(container: Document, known: Circumstances) -> Trouble | None:
    """Say what went wrong in a container that has to end before the environment starts."""
    ended = _ending(container)
    if text(container, "name") == PACKAGES and ended and text(ended, "reason") != "OOMKilled":
        words = text(ended, "message") or f"it ended with status {number(ended, 'exitCode')}"
        sentence = (
            "The packages could not be installed; your files are as they were. Correct the list of packages, or launch "
            f"without them.{says('pip', words, 600)}"
        )
        return Trouble("packages", PERSON, sentence)
    return _failed(container, known)


def _failed(container: Document, known: Circumstances) -> Trouble | None:
    """Say what went wrong in a container that the environment cannot be without."""
    ended = _ending(container)
    if not ended and not _crash_loops(container):
        return None
    # what an administrator put before the environment is not the person's to mend
    theirs = text(container, "name") in (NOTEBOOK, PACKAGES)
    blame = PERSON if theirs else CLUSTER
    if text(ended, "reason") == "OOMKilled":
        had = f" ({known.memory})" if known.memory and theirs else ""
        sentence = f"{_called(container).capitalize()} ran out of memory as it started: it used all it may{had}."
        return Trouble("oom", blame, f"{sentence} {'Choose more memory.' if theirs else _ASK}")
    if text(ended, "reason") in ("StartError", "ContainerCannotRun"):
        sentence = f"The image has nothing that can be started. {_ASK}{says('The node', text(ended, 'message'))}"
        return Trouble("start_error", CLUSTER, sentence)
    return Trouble("crash", blame, _crash(container, ended, theirs), _crash_seconds(container))


def _crash(container: Document, ended: Document, theirs: bool) -> str:
    status = number(ended, "exitCode")
    how = f"with status {status}" if status else "at once"
    again = "every time it is started" if _crash_loops(container) else "as it started"
    advice = "Choose another image, or look at what your own files start with it." if theirs else _ASK
    # of a log the end tells most
    words = says("It", text(ended, "message")[-_LAST_WORDS:], _LAST_WORDS)
    return f"{_called(container).capitalize()} ended {how}, {again}. {advice}{words}"


def _crash_seconds(container: Document) -> float | None:
    """Return how long a crash may last: the kubelet starts it once more without a pause, and then it is a loop."""
    if "running" in part(container, "state"):
        return None
    return 0 if _crash_loops(container) or number(container, "restartCount") else _RUNTIME


def _beside_failed(container: Document) -> Trouble | None:
    """Something beside the environment keeps failing; that explains a wait, and ends none."""
    ended = _ending(container)
    if not ended and not _crash_loops(container):
        return None
    why = (
        "ran out of memory"
        if text(ended, "reason") == "OOMKilled"
        else f"ended with status {number(ended, 'exitCode')}"
    )
    name = quoted(text(container, "name"), 63) or "unnamed"
    sentence = f"The service {name} beside the environment {why} and is started again; tell an administrator."
    return Trouble("sidecar", CLUSTER, sentence, None)
