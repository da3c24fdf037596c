"""What both parts of the page are written with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

#: How the contenders are called in tables and plots; stock comes first.
NAMES: Final[Mapping[str, str]] = {"stock": "stock", "swish": "ours"}


def table(head: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [list(head), ["---"] * len(head), *map(list, body)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"
