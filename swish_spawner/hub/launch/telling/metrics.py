"""What Prometheus gets to know of launches, on the hub's own ``/hub/metrics``.

Labels are names of the policy and words of the code, so that no person can make a series.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Final

from prometheus_client import Counter, Histogram

from swish_spawner.core.progress.phases import durations

READY, CANCELLED, FAILED = "ready", "cancelled", "failed"
OTHER: Final = "other"

PHASE_SECONDS: Final = Histogram(
    "swish_launch_phase_seconds",
    "How long each phase of the launches took that became ready",
    ["phase", "pool", "image"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600, 1200),
)
LAUNCHES: Final = Counter(
    "swish_launch_total", "Launches that have ended: `ready`, `failed` or `cancelled`", ["outcome", "pool", "image"]
)
FAILURES: Final = Counter("swish_launch_failed_total", "Launches that have failed, by why", ["reason"])


@dataclass(frozen=True, slots=True)
class What:
    """What was launched.

    Attributes:
        pool: its name in the policy.
        image: likewise.
    """

    pool: str = OTHER
    image: str = OTHER


def known(name: str | None, names: Container[str]) -> str:
    """Return a name if it is one of the policy's, or else `OTHER`."""
    return name if name is not None and name in names else OTHER


def launched(what: What, outcome: str, marks: Mapping[str, float]) -> None:
    """Count a launch that has ended.

    Args:
        what: was launched.
        outcome: `READY`, `CANCELLED`, or the kind of failure as the code has it.
        marks: of the phases that it went through.
    """
    LAUNCHES.labels(outcome if outcome in (READY, CANCELLED) else FAILED, what.pool, what.image).inc()
    if outcome == READY:
        for phase, seconds in durations(marks).items():
            PHASE_SECONDS.labels(phase, what.pool, what.image).observe(seconds)
    elif outcome != CANCELLED:
        FAILURES.labels(outcome).inc()
