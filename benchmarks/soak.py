"""What a process holds after many starts, at even steps, and whether it grows."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

_STEPS: Final = 10
_THOUSAND: Final = 1000


@dataclass(frozen=True)
class Soak:
    """Memory over many starts and stops in one process.

    Attributes:
        starts: in all.
        at_once: how many at a time.
        steps: starts so far and MiB held then, ten at even distances, or fewer if there were fewer rounds.
        first, last: MiB held in the first thousand starts and in the last; the median.
        slope: MiB more for each thousand starts, by least squares over all rounds after the first thousand; None if
            there are not two such rounds.
        failed, left: starts and stops that failed, and pods that stayed.
    """

    starts: int
    at_once: int
    steps: tuple[tuple[int, float], ...]
    first: float
    last: float
    slope: float | None
    failed: int
    left: int


def soak_of(document: Mapping[str, Any]) -> Soak:
    """Return what a soak's document says; its ``memory_mib`` is what was held after each round, and never empty."""
    at_once, memory = document["at_once"], document["memory_mib"]
    each = [((n + 1) * at_once, mib) for n, mib in enumerate(memory)]
    rounds = max(_THOUSAND // at_once, 1)
    return Soak(
        starts=each[-1][0],
        at_once=at_once,
        steps=even_steps(each),
        first=statistics.median(memory[:rounds]),
        last=statistics.median(memory[-rounds:]),
        slope=slope([(starts / _THOUSAND, mib) for starts, mib in each[rounds:]]),
        failed=document["failed"],
        left=document["left"],
    )


def even_steps(each: Sequence[tuple[int, float]]) -> tuple[tuple[int, float], ...]:
    """Return the last of each tenth, or all if there are fewer than ten."""
    count = min(_STEPS, len(each))
    return tuple(each[(n + 1) * len(each) // count - 1] for n in range(count))


def slope(points: Sequence[tuple[float, float]]) -> float | None:
    """Return how much y grows for each unit of x, by least squares; None of fewer than two points."""
    if len(points) < 2:
        return None
    return statistics.linear_regression([x for x, _ in points], [y for _, y in points]).slope
