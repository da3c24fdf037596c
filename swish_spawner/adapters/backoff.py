"""Pauses between tries: each twice as long as the one before, up to a bound, and spread."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field

#: By how much a pause is made shorter or longer, as a factor.
_SPREAD = (0.8, 1.2)


@dataclass(slots=True)
class Backoff:
    """The pauses of one that tries again.

    Args:
        first: the first pause (seconds).
        most: the longest (seconds).
        spread: between which factors a pause is spread; a program in many copies spreads further.
    """

    first: float
    most: float
    spread: tuple[float, float] = _SPREAD
    seconds: float = field(init=False)
    """The next pause, before it is spread."""

    def __post_init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin with the first pause again."""
        self.seconds = self.first

    def take(self) -> float:
        """Return how long to pause now (seconds), and make the next pause longer."""
        now, self.seconds = self.seconds, min(self.seconds * 2, self.most)
        return now * random.uniform(*self.spread)  # noqa: S311 - spreads load, hides nothing

    async def rest(self) -> None:
        """Pause."""
        await asyncio.sleep(self.take())
