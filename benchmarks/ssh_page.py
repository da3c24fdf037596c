"""The part of docs/topics/ssh.md about how fast files come and go, from what `benchmarks.ssh_throughput` measured."""

from __future__ import annotations

import re
import statistics
from collections.abc import Mapping, Sequence
from typing import Any, Final

from benchmarks.markdown import table

#: How the contenders are called; what is compared with comes first.
NAMES: Final[Mapping[str, str]] = {"plain": "plain sshd", "swish": "swish-sshd"}
#: Directions as sftp's commands name them.
DIRECTIONS: Final[Mapping[str, str]] = {"put": "to the environment (`put`)", "get": "from the environment (`get`)"}
_SECTION: Final = re.compile(r"(<!-- throughput -->\n)(?:.*?)(<!-- end -->)", re.DOTALL)
_TEXT: Final = """\

A file of {size} by `sftp`, from log-in to end, in MiB a second: the median of {repeats}, and the least and the most.

{table}
`{command}` did it on {when}: {processor},
{cores} cores for client and servers, {memory_gib} GiB of memory, OpenSSH {openssh}, {cipher}, files
in memory. The *plain sshd* is Debian's with the configuration of its package, which listens itself. Both run as the
same user without rights, with the same keys. They took turns, each first every other time, after one of each to warm
up. Each file was the same afterwards by its SHA-256.

"""


def section(results: Mapping[str, Any]) -> str:
    """Return the section as Markdown.

    Args:
        results: as `benchmarks.ssh_throughput` writes them.
    """
    repeats = min(len(rates(results, name, way)) for name in NAMES for way in DIRECTIONS)
    size = f"{results['mebibytes'] / 1024:g} GiB" if results["mebibytes"] >= 1024 else f"{results['mebibytes']} MiB"
    return _TEXT.format(**{**results, "size": size, "repeats": repeats, "table": compared(results)})


def compared(results: Mapping[str, Any]) -> str:
    """Return the table alone."""
    return table(["", *NAMES.values(), "ratio"], [[title, *_row(results, way)] for way, title in DIRECTIONS.items()])


def _row(results: Mapping[str, Any], direction: str) -> list[str]:
    each = [rates(results, name, direction) for name in NAMES]
    plain, ours = map(statistics.median, each)
    return [*map(_spread, each), f"{ours / plain:.2f}"]


def rates(results: Mapping[str, Any], contender: str, direction: str) -> list[float]:
    """Return each transfer's MiB a second."""
    return [
        results["mebibytes"] / run["seconds"]
        for run in results["runs"]
        if (run["contender"], run["direction"]) == (contender, direction)
    ]


def _spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.0f} ({min(values):.0f} to {max(values):.0f})"


def placed(page: str, results: Mapping[str, Any]) -> str:
    """Return a page with the section between its markers.

    Raises:
        ValueError: the page has no such markers.
    """
    text, found = _SECTION.subn(lambda match: match[1] + section(results) + match[2], page)
    if found != 1:
        raise ValueError("the page has to have <!-- throughput --> and <!-- end --> once")
    return text
