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

A hub that is killed loses starts whose pods it had not asked Kubernetes for yet: they have failed, and have to be
asked for again. <!-- claim: faults-of-a-killed-hub --> The sweeper waits five minutes before it takes a pod for
nobody's; here it waits ten seconds. <!-- claim: faults-sweeper-waits -->

{table}
`python -m benchmarks.faults` does all of it again, on an API server of its own; it needs no cluster.

## Environments that run

The same {kinds} environments, of every pool and with ssh in each way, run through {trials} trials. In each the hub
ends, and begins again while everything that it would make, change or delete is refused, or late; a hub that lost its
database is asked for an environment of a name that runs. Then it is counted:

- *ended*: pods that are gone, or are about to go.
- *lost*: volumes that are gone, or are other ones.
- *cut*: pods whose end was asked for in less time than they say that they need.

No environment ended, no volume was lost, and no end was cut where these columns are 0: <!-- claim: faults-ready -->

{ready}
`python -m benchmarks.faults --ready` does them again.

## Keys

{people} people have keys for ssh, and some of them an environment that runs, in the installation's namespace or in
their team's. In each of {keys_trials} trials the web service, which keeps the keys, is killed and begins again while
what it would change is refused, or late. With a database of before, the hub does not know two of those whose
environments run, nor that others have joined their team. Then it is counted:

- *lost*: people whose list is gone, set aside, or another one.
- *closed*: people whose environment runs and has not their keys any more.
- *undone*: copies with a stranger's key, which was put there meanwhile, six seconds after the fault has gone.

Nobody's keys were lost where these columns are 0: <!-- claim: faults-keys -->

{keys}
`python -m benchmarks.faults --keys` does them again.
"""


Trials = Sequence[Mapping[str, Any]]


def page(trials: Trials, ready: Trials, keys: Trials) -> str:
    """Return the page as Markdown.

    Args:
        trials: of starts and stops.
        ready: of environments that run.
        keys: of people's keys.
    """
    head = ["fault", "trials", "starts", "ready", "failed", "never ended", "differ", "left", "lost", "slowest trial"]
    names = list(dict.fromkeys(trial["fault"] for trial in trials))
    body = [_row(name, [trial for trial in trials if trial["fault"] == name]) for name in names]
    return _PAGE.format(
        servers=trials[0]["servers"],
        table=table(head, body),
        kinds=ready[0]["running"],
        trials=len(ready) - 1,
        ready=_by_end(ready, "the hub is", {"running": "environments"}, ("ended", "lost", "cut")),
        people=keys[0]["people"],
        keys_trials=len(keys),
        keys=_by_end(keys, "the web service is", {"people": "people"}, ("lost", "closed", "undone")),
    )


def _by_end(trials: Trials, who: str, counted: Mapping[str, str], bad: Sequence[str]) -> str:
    """Return a table with a row for each end and fault, with sums of what was there and of what must be none."""
    kinds = list(dict.fromkeys((trial["end"], trial["fault"]) for trial in trials))
    rows = []
    for kind in kinds:
        own = [trial for trial in trials if (trial["end"], trial["fault"]) == kind]
        there = [str(sum(trial[key] for trial in own)) for key in counted]
        rows.append([*kind, str(len(own)), *there, *(_marked(sum(trial[key] for trial in own)) for key in bad)])
    return table([who, "and its writes meet", "trials", *counted.values(), *bad], rows)


def _marked(number: int) -> str:
    return f"**{number}**" if number else "0"


def _row(name: str, trials: Trials) -> list[str]:
    sums = [sum(trial[key] for trial in trials) for key in ("servers", "ready", "failed")]
    bad = [sum(trial[key] for trial in trials) for key in ("unsettled", "differ", "left", "lost")]
    slowest = max(trial["seconds"] for trial in trials)
    return [name, str(len(trials)), *map(str, sums), *map(_marked, bad), f"{slowest:.0f} s"]


def write_page(results: Path, ready: Path, keys: Path, docs: Path = DOCS) -> None:
    """Write the page from three files of results."""
    text = page(*(json.loads(path.read_text()) for path in (results, ready, keys)))
    (docs / "topics" / "faults.md").write_text(text)
