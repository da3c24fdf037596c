"""The page docs/topics/faults.md, from what `benchmarks.faults` counted and nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.markdown import table
from benchmarks.report import DOCS

_PAGE: Final = """\
# What faults do to starts and stops

<!-- Made from `benchmarks/fault_results.json` by `python -m benchmarks.faults --page`. -->

A real JupyterHub with SwishSpawner, a real API server and etcd, fake nodes, and a proxy between hub and API server that
fails on purpose. In each trial {servers} people start an environment at the same moment and later stop it, and the
fault happens in the middle of both. Then it is counted:

- *ready* and *failed*: what became of each start. One that failed has said so; it can be started again at once.
- *never ended*: starts or stops that still seemed to be under way after two and a half minutes.
- *differ*: pods without a ready server, and ready servers without a pod.
- *left*: pods that are still there when everybody has stopped.
- *lost*: volumes that are gone, or are another one than before.

A hub that is killed loses the starts of which it had made nothing: they have failed, and are asked for again. The
sweeper waits five minutes before it takes a pod for nobody's; here it waits ten seconds.

{table}
`python -m benchmarks.faults` does all of it again, on an API server of its own; it needs no cluster.
"""


def page(trials: Sequence[Mapping[str, Any]]) -> str:
    """Return the page as Markdown."""
    head = ["fault", "trials", "starts", "ready", "failed", "never ended", "differ", "left", "lost", "slowest trial"]
    names = list(dict.fromkeys(trial["fault"] for trial in trials))
    body = [_row(name, [trial for trial in trials if trial["fault"] == name]) for name in names]
    return _PAGE.format(servers=trials[0]["servers"], table=table(head, body))


def _row(name: str, trials: Sequence[Mapping[str, Any]]) -> list[str]:
    sums = [sum(trial[key] for trial in trials) for key in ("servers", "ready", "failed")]
    bad = [sum(trial[key] for trial in trials) for key in ("unsettled", "differ", "left", "lost")]
    slowest = max(trial["seconds"] for trial in trials)
    marked = [f"**{number}**" if number else "0" for number in bad]
    return [name, str(len(trials)), *map(str, sums), *marked, f"{slowest:.0f} s"]


def write_page(results: Path, docs: Path = DOCS) -> None:
    """Write the page from a file of results."""
    (docs / "topics" / "faults.md").write_text(page(json.loads(results.read_text())))
