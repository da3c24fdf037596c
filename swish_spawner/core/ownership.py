"""Whose a pod is, and whether somebody may have worked in it: asked before anything ends, replaces or takes one up.

Both are answered by the pod alone, which a hub that lost its memory or its database still has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from swish_spawner.core import labels

_STAMPS: Final = (labels.HUB, labels.USER, labels.SERVER)
#: How long Kubernetes gives a pod that does not say how long it needs (seconds).
_GRACE: Final = 30

Pod = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Whose:
    """One server of one person at one installation.

    Attributes:
        installation: what tells this hub's pods from another's.
        user: the exact JupyterHub user name.
        server: the server's name at the hub; empty for the default one.
    """

    installation: str
    user: str
    server: str

    def has(self, pod: Pod) -> bool:
        """Say whether a pod is this server's: by Swish's stamps, or by KubeSpawner's word where there are none."""
        marks = _annotations(pod)
        if any(stamp in marks for stamp in _STAMPS):
            return all(marks.get(stamp) == mine for stamp, mine in zip(_STAMPS, self._marks, strict=True))
        return (marks.get(labels.KUBESPAWNER_USER), marks.get(labels.KUBESPAWNER_SERVER, "")) == (
            self.user,
            self.server,
        )

    @property
    def _marks(self) -> tuple[str, str, str]:
        return self.installation, self.user, self.server


def has_ended(pod: Pod) -> bool:
    """Say whether a pod has ended for good: nothing in it runs, and nothing will."""
    return _status(pod).get("phase") in ("Failed", "Succeeded")


def is_ready(pod: Pod) -> bool:
    """Say whether a pod runs, with all its containers ready; a status that is not complete yet is no error."""
    status = _status(pod)
    containers = status.get("containerStatuses") or ()
    return bool(
        status.get("phase") == "Running"
        and status.get("podIP")
        and "deletionTimestamp" not in pod["metadata"]
        and containers
        and all(container["ready"] for container in containers)
    )


def ending(pod: Pod) -> str:
    """Return why a pod has ended, in Kubernetes' words."""
    status = _status(pod)
    return f"{status.get('phase')} {status.get('reason') or ''} {status.get('message') or ''}".strip()


def has_worked(pod: Pod) -> bool:
    """Say whether somebody may have worked in a pod: its environment's own container has run, if only once."""
    own = _own_container(pod)
    state = own.get("state") or {}
    return bool("running" in state or "terminated" in state or own.get("restartCount") or own.get("lastState"))


def exit_code(pod: Pod) -> int | None:
    """Return how the environment's own container has ended; None if it runs, waits, or is started again."""
    ended = (_own_container(pod).get("state") or {}).get("terminated")
    if ended is None:
        return 1 if has_ended(pod) else None
    code = int(ended.get("exitCode", 1))
    policy = (pod.get("spec") or {}).get("restartPolicy", "OnFailure")
    starts_again = policy == "Always" or (policy == "OnFailure" and code != 0)
    return None if starts_again and not has_ended(pod) else code


def grace_of(pod: Pod) -> int:
    """Return how long a pod may take to end by itself (seconds), by its own word."""
    return int((pod.get("spec") or {}).get("terminationGracePeriodSeconds", _GRACE))


def start_of(pod: Pod) -> str:
    """Return the id of the start that made a pod, or nothing."""
    return str(_annotations(pod).get(labels.SPAWN_ID, ""))


def _annotations(pod: Pod) -> Mapping[str, str]:
    return pod["metadata"].get("annotations") or {}


def _status(pod: Pod) -> Mapping[str, Any]:
    return pod.get("status") or {}


def _own_container(pod: Pod) -> Mapping[str, Any]:
    statuses = _status(pod).get("containerStatuses") or ()
    return next((one for one in statuses if one.get("name") == labels.NOTEBOOK), {})
