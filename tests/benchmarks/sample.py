"""Results as a run writes them, small enough to count by hand."""

from dataclasses import asdict
from typing import Any

from benchmarks.launch_marks import PHASES
from benchmarks.scenarios import Scenario


def run(scenario: Scenario, contender: str, waited: list[float], **more: Any) -> dict[str, Any]:
    """Return one run."""
    plain: dict[str, Any] = {
        "late": [0.01] * len(waited), "own": [0.25] * len(waited),
        "errors": {}, "stop_errors": {}, "left": 0, "start_cpu": 0.02, "cpu": 0.03,
        "requests": {"start": {"POST pods": 2}, "rest": {}, "stop": {}}, "lag_p99": 0.005, "lag_max": 0.01,
        "memory_before": 2**26, "memory_peak": 2**27,
    }  # fmt: skip
    return {"scenario": asdict(scenario), "contender": contender, "repeat": 0, "waited": waited} | plain | more


REST = Scenario(2, hold_seconds=15)
SLOW = Scenario(1, latency_seconds=4)
RESULTS: dict[str, Any] = {
    "when": "2026-01-02",
    "command": "make bench",
    "processor": "Abacus",
    "cores": 2,
    "memory_gib": 8,
    "python": "3.11.0",
    "ready_seconds": [4, 6],
    "start_seconds": 120,
    "versions": {"jupyterhub": "6.1.1"},
    "runs": [
        run(
            REST, "stock", [6.0, 7.0], late=[1.0, 2.0], start_cpu=0.1, lag_p99=0.001,
            requests={"start": {"POST pods": 2, "LIST pods": 1}, "rest": {"LIST pods": 3, "WATCH pods": 3}},
        ),
        run(
            REST, "stock", [9.0], late=[3.0], errors={"TimeoutError: no": 1}, left=1, start_cpu=0.1, lag_p99=0.001,
            requests={"start": {"POST pods": 4}, "stop": {"LIST pods": 1}},
        ),
        run(REST, "swish", [5.25, 5.5]),
        run(SLOW, "stock", []),
    ],
    "plain": [{"count": 2, "seconds": [5.0, 5.5]}],
    "soak": [{"contender": "swish", "at_once": 2, "memory_mib": [100.0, 101.0], "failed": 0, "left": 0}],
}  # fmt: skip


def launch(contender: str, *marks: float) -> dict[str, Any]:
    """Return one launch with the seconds of its marks."""
    return {"contender": contender, "repeat": 1, "seconds": dict(zip(PHASES, marks, strict=True))}


LAUNCHES: dict[str, Any] = {
    "when": "2026-01-03",
    "command": "python -m benchmarks.launches",
    "processor": "Abacus",
    "cores": 2,
    "memory_gib": 8,
    "image": "python3",
    "cpu": 0.5,
    "memory": 2**30,
    "launches": [
        launch("swish", 0.1, 0.2, 1.0, 4.0, 4.1, 4.3),
        launch("plain", 0.1, 0.2, 1.0, 7.0, 7.1, 7.2),
        launch("stock", 0.1, 0.2, 1.0, 4.0, 6.0, 6.5),
        launch("stock", 0.3, 0.4, 1.4, 4.0, 7.0, 7.1),
        launch("stock", 0.2, 0.3, 1.2, 4.5, 6.5, 6.6),
    ],
}
