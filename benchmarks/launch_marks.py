"""When one launch reached what, as seen from outside the hub, and the phases between."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from benchmarks.api_server import is_true

#: What a launch reaches, in order, and the name of the phase that ends there.
PHASES: Final[Mapping[str, str]] = {
    "made": "request to pod",
    "scheduled": "pod to node",
    "started": "volume, sandbox, image, container",
    "answers": "JupyterLab starts",
    "noticed": "until the hub has noticed",
    "usable": "until the page opens",
}
_CONTAINER: Final = "notebook"


@dataclass
class Marks:
    """What one launch has reached, in seconds of one monotonic clock; the first time that something is so counts.

    Attributes:
        seen: time by the names in `PHASES`.
        address: of the pod, as soon as it has one; empty before.
    """

    seen: dict[str, float] = field(default_factory=dict)
    address: str = ""
    _uid: str = ""

    def take_pod(self, pod: Mapping[str, Any], now: float) -> None:
        """Take in a change of the environment's pod; the first pod that is seen is the one."""
        uid = pod["metadata"]["uid"]
        self._uid = self._uid or uid
        if uid != self._uid:
            return
        self.reached("made", now)
        status = pod.get("status") or {}
        self.address = self.address or status.get("podIP") or ""
        if is_true(pod, "PodScheduled"):
            self.reached("scheduled", now)
        if any(_runs(container) for container in status.get("containerStatuses") or ()):
            self.reached("started", now)

    def take_event(self, event: Mapping[str, Any], now: float) -> None:
        """Take in an event: the kubelet says that the container has started before it is in the pod's status."""
        about = event["involvedObject"]
        is_ours = about.get("uid") == self._uid and about.get("fieldPath") == f"spec.containers{{{_CONTAINER}}}"
        if is_ours and event.get("reason") == "Started":
            self.reached("started", now)

    def reached(self, what: str, now: float) -> None:
        """Say that something is so."""
        self.seen.setdefault(what, now)

    def since(self, request: float) -> dict[str, float]:
        """Return the seconds from the request to each mark, never less than to the one before.

        Two watches and a probe see a launch, so that a later mark may be seen some thousandths of a second earlier.

        Raises:
            ValueError: a mark was not reached.
        """
        if missing := PHASES.keys() - self.seen.keys():
            raise ValueError(f"a launch never reached: {', '.join(sorted(missing))}")
        times = itertools.accumulate((self.seen[what] - request for what in PHASES), max)
        return {what: round(seconds, 3) for what, seconds in zip(PHASES, times, strict=True)}


def _runs(container: Mapping[str, Any]) -> bool:
    return container["name"] == _CONTAINER and "running" in (container.get("state") or {})


def durations(since: Mapping[str, float]) -> dict[str, float]:
    """Return how long each phase took (seconds), of marks as `Marks.since` gives them; they add up to the last."""
    times = [since[what] for what in PHASES]
    return {what: later - earlier for what, later, earlier in zip(PHASES, times, (0.0, *times[:-1]), strict=True)}
