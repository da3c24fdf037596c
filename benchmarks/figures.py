"""From runs to rows: percentiles over all starts, medians over repeats."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.scenarios import Scenario


@dataclass(frozen=True)
class Spread:
    """Percentiles, in the unit of the values."""

    p50: float
    p95: float
    p99: float


@dataclass(frozen=True)
class Row:
    """One scenario by one contender, over all its repeats.

    Attributes:
        ready: seconds from the request until the environment is ready; None if none ever was.
        own: the same less the time from each one's pod being made to its being ready: the hub's part.
        plain: seconds from a pod's being made to its being ready, of as many pods that nobody spawned; the median.
        late: seconds from a pod's being ready until its start ends.
        cpu_ms: the hub's processor time for a start, by the median repeat.
        requests: to Kubernetes for one start and stop, by verb and kind.
        rest_lists: lists while nothing happened, in one minute.
        lag_ms: of the event loop, 99th percentile, by the worst repeat.
        memory_mib: at the peak, by the worst repeat.
        starts, failed, left: in all repeats.
    """

    scenario: Scenario
    contender: str
    ready: Spread | None
    own: Spread | None
    plain: float | None
    late: Spread | None
    cpu_ms: float
    requests: Mapping[str, float]
    rest_lists: float | None
    lag_ms: float
    memory_mib: float
    starts: int
    failed: int
    left: int


def percentile(values: Sequence[float], share: float) -> float:
    """Return the least value that at least this share of the values does not exceed.

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("nothing has no percentiles")
    ordered = sorted(values)
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


def spread(values: Sequence[float]) -> Spread | None:
    """Return the percentiles of values; None of no values."""
    return Spread(*(percentile(values, share) for share in (0.5, 0.95, 0.99))) if values else None


def rows(results: Mapping[str, Any]) -> list[Row]:
    """Return a row for each scenario and contender, in the order in which they were run."""
    groups: dict[tuple[Scenario, str], list[Mapping[str, Any]]] = {}
    for run in results["runs"]:
        groups.setdefault((Scenario(**run["scenario"]), run["contender"]), []).append(run)
    plain: dict[int, list[float]] = {}
    for run in results["plain"]:
        plain.setdefault(run["count"], []).extend(run["seconds"])
    ordered = sorted(groups, key=lambda key: ([k[0] for k in groups].index(key[0]), key[1]))
    return [_row(*key, groups[key], plain.get(key[0].count, [])) for key in ordered]


def _row(scenario: Scenario, contender: str, runs: Sequence[Mapping[str, Any]], plain: Sequence[float]) -> Row:
    ready = spread([seconds for run in runs for seconds in run["waited"]])
    starts = scenario.count * len(runs)
    hold = scenario.hold_seconds * len(runs)
    lists = sum(n for run in runs for what, n in run["requests"].get("rest", {}).items() if what.startswith("LIST"))
    return Row(
        scenario=scenario,
        contender=contender,
        ready=ready,
        own=spread([seconds for run in runs for seconds in run["own"]]),
        plain=percentile(plain, 0.5) if plain else None,
        late=spread([seconds for run in runs for seconds in run["late"]]),
        cpu_ms=statistics.median(run["start_cpu"] for run in runs) / scenario.count * 1000,
        requests={what: n / starts for what, n in _requests(runs).items()},
        rest_lists=lists / hold * 60 if hold else None,
        lag_ms=max(run["lag_p99"] for run in runs) * 1000,
        memory_mib=max(run["memory_peak"] for run in runs) / 2**20,
        starts=starts,
        failed=sum(_count(run["errors"]) + _count(run["stop_errors"]) for run in runs),
        left=sum(run["left"] for run in runs),
    )


def _requests(runs: Iterable[Mapping[str, Any]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for run in runs:
        for phase in ("start", "stop"):
            total.update(run["requests"].get(phase, {}))
    return total


def _count(errors: Mapping[str, int]) -> int:
    return sum(errors.values())
