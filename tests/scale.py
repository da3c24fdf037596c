"""How much of a long matrix a test runs: a fixed sample, or the whole, for which `benchmarks.matrices` asks."""

from __future__ import annotations

import os
from typing import Final, TypeVar

T = TypeVar("T")

#: Asks for the whole.
VARIABLE: Final = "SWISH_WHOLE"


def scaled(sample: T, whole: T) -> T:
    """Return how often, how many or how large."""
    return whole if os.environ.get(VARIABLE) else sample
