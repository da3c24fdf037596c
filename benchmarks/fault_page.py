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
fault happens in the middle of both. Then it is counted: <!-- claim: faults-are-counted -->

- *ready* and *failed*: what became of each start. One that failed can be started
  again. <!-- claim: faults-start-again -->
- *never ended*: starts or stops that still seemed to be under way after two and a half minutes.
- *differ*: pods without a ready server, and ready servers without a pod.
- *left*: pods that are still there when everybody has stopped.
- *lost*: volumes that are gone, or are another one than before.

A hub that is killed loses starts whose pods were not made yet: they have failed, and have to be asked for
again. <!-- claim: faults-of-a-killed-hub --> The sweeper waits five minutes before it takes a pod for nobody's; here it
waits ten seconds. <!-- claim: faults-sweeper-waits -->

{table}
`python -m benchmarks.faults` does all of it again, on an API server of its own; it needs no cluster.

## Environments that run

The same {kinds} environments, of every pool and with ssh in each way, run through {trials} trials. In each the hub
ends, and begins again while everything that it would make, change or delete is refused, or late; a hub that lost its
database is asked for an environment of a name that runs. Then it is counted:

- *ended*: pods that are gone, or are about to go.
- *lost*: volumes that are gone, or are other ones.
- *cut*: pods whose end was asked for in less time than they say that they need.

{ready}
`python -m benchmarks.faults --ready` does them again.
"""


def page(trials: Sequence[Mapping[str, Any]], ready: Sequence[Mapping[str, Any]]) -> str:
    """Return the page as Markdown.

    Args:
        trials: of starts and stops.
        ready: of environments that run.
    """
    head = ["fault", "trials", "starts", "ready", "failed", "never ended", "differ", "left", "lost", "slowest trial"]
    names = list(dict.fromkeys(trial["fault"] for trial in trials))
    body = [_row(name, [trial for trial in trials if trial["fault"] == name]) for name in names]
    return _PAGE.format(
        servers=trials[0]["servers"],
        table=table(head, body),
        kinds=ready[0]["running"],
        trials=len(ready) - 1,
        ready=_ready(ready),
    )


def _ready(trials: Sequence[Mapping[str, Any]]) -> str:
    kinds = list(dict.fromkeys((trial["end"], trial["fault"]) for trial in trials))
    rows = [_ready_row(*kind, [trial for trial in trials if (trial["end"], trial["fault"]) == kind]) for kind in kinds]
    return table(["the hub is", "and its writes meet", "trials", "environments", "ended", "lost", "cut"], rows)


def _ready_row(end: str, fault: str, trials: Sequence[Mapping[str, Any]]) -> list[str]:
    running = sum(trial["running"] for trial in trials)
    bad = [_marked(sum(trial[key] for trial in trials)) for key in ("ended", "lost", "cut")]
    return [end, fault, str(len(trials)), str(running), *bad]


def _marked(number: int) -> str:
    return f"**{number}**" if number else "0"


def _row(name: str, trials: Sequence[Mapping[str, Any]]) -> list[str]:
    sums = [sum(trial[key] for trial in trials) for key in ("servers", "ready", "failed")]
    bad = [sum(trial[key] for trial in trials) for key in ("unsettled", "differ", "left", "lost")]
    slowest = max(trial["seconds"] for trial in trials)
    return [name, str(len(trials)), *map(str, sums), *map(_marked, bad), f"{slowest:.0f} s"]


def write_page(results: Path, ready: Path, docs: Path = DOCS) -> None:
    """Write the page from two files of results."""
    text = page(json.loads(results.read_text()), json.loads(ready.read_text()))
    (docs / "topics" / "faults.md").write_text(text)
