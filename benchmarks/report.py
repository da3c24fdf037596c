"""The page and the plots of docs/topics/performance.md, from the results and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks import launch_page
from benchmarks.figures import Row, Spread, rows
from benchmarks.markdown import NAMES, table
from benchmarks.plots import Bars, bar_chart, line_chart, number_text
from benchmarks.soak import Soak, soak_of
from benchmarks.versions import section

DOCS: Final = Path(__file__).parents[1] / "docs"
#: Differences below this share are no difference.
_SAME: Final = 0.1
_MEASURES: Final[Mapping[str, Callable[[Row], float | None]]] = {
    "request to ready, median": lambda row: row.ready.p50 if row.ready else None,
    "the hub's part, median": lambda row: row.own.p50 if row.own else None,
    "ready to noticed, p95": lambda row: row.late.p95 if row.late else None,
    "processor time per start": lambda row: row.cpu_ms,
    "event loop lag, p99": lambda row: row.lag_ms,
    "peak memory": lambda row: row.memory_mib,
}

_TIMES: Final = ("scenario", "", "request to ready", "the hub's part", "ready to noticed", "failed", "left")

_HEAD: Final = """\
# How fast environments start

<!-- Made from `benchmarks/results.json` by `python -m benchmarks --page`; change `benchmarks/report.py`. -->

SwishSpawner beside stock KubeSpawner: the same pod, on a real API server with etcd and the real scheduler. Nodes and
pods are kwok's, which only seem to run: a pod is ready from {low:g} to {high:g} seconds after it has a node. So this
measures the hub's side and the API server, and neither image pulls nor JupyterLab{more}.

"""
_MORE: Final = "; [a launch until JupyterLab opens](#a-launch-until-jupyterlab-opens) is measured on a real node"
_METHOD: Final = """\
## How it was measured

    {command}

On {when}: {processor}, {cores} cores for everything (API server, etcd, scheduler, kwok and the spawner's process),
{memory_gib} GiB of memory, Python {python}, {versions}.

- Each measurement is a fresh process with one event loop and real spawner objects; contenders take turns, and each goes
  first every other time. All starts of a scenario are asked for at the same moment, with no limit on how many.
- Both are configured as they ship. SwishSpawner's hub gives a request to the API server 15 seconds and tries for 90;
  stock KubeSpawner gives it 3 and tries for 30. Whoever runs stock can raise that, and with it some of what fails with
  a slow API server below would not.
- *Ready* is when JupyterHub has reached the environment. *Noticed* is when the spawner says that it is there; the time
  is from the pod's being ready, as another watch sees it. *The hub's part* is from request to ready less what each
  one's own pod took from being made to being ready. The same number of pods that nobody spawned took {plain}.
- A start may take {start_seconds} seconds; *failed* counts starts and stops, *left* pods that are still there
  afterwards. Volume claims are made for each person, and stay on purpose.
- A page follows each start unless the row says otherwise. Processor time is that of the spawner's process until the
  last start has ended. JupyterHub's own work for a start, which is the same for every spawner, is not in it.
- {repeats}
- Medians and percentiles are over all starts of all repeats; memory and lag are those of the worst repeat.
"""


def write_page(results: Path, launches: Path, versions: Path, docs: Path = DOCS) -> None:
    """Write the page and its plots.

    Args:
        results: as `benchmarks.run` writes them.
        launches: as `benchmarks.launches` writes them; nothing is said of launches if there is no such file.
        versions: as `benchmarks.versions` writes them; likewise.
        docs: the documentation's folder.
    """
    document, launched = json.loads(results.read_text()), read_results(launches)
    for name, chart in plots(document, launched).items():
        (docs / "images" / name).write_text(chart)
    (docs / "topics" / "performance.md").write_text(page(document, launched, read_results(versions)))


def read_results(path: Path) -> dict[str, Any] | None:
    """Return the results in a file, or None if there is no such file."""
    if not path.exists():
        return None
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def page(
    results: Mapping[str, Any],
    launches: Mapping[str, Any] | None = None,
    compared: Mapping[str, Any] | None = None,
) -> str:
    """Return the page as Markdown, with or without sections about launches on a real cluster and about a change."""
    found = rows(results)
    low, high = results["ready_seconds"]
    versions = ", ".join(f"{name} {number}" for name, number in results["versions"].items())
    parts = [
        _HEAD.format(low=low, high=high, more=_MORE if launches else ""),
        "![From ready to noticed](../images/bench-noticed.svg)\n",
        "![Processor time](../images/bench-cpu.svg)\n",
        "## Times\n\nSeconds; three numbers are the median, the 95th and the 99th percentile.\n",
        table(
            ["scenario", "", "request to ready", "the hub's part", "ready to noticed", "failed", "left"],
            map(_times, found),
        ),
        "## Costs\n",
        table(
            ["scenario", "", "CPU per start", "loop lag p99", "peak memory", "requests per start"], map(_costs, found)
        ),
        *_rest(found),
        *_soak(results["soak"]),
        *([launch_page.section(launches)] if launches else []),
        *([section(compared)] if compared else []),
        "## Where stock is as good\n",
        as_good(found),
        _METHOD.format(**{**results, "versions": versions, "plain": _plain(found), "repeats": repeats_text(found)}),
    ]
    return "\n".join(parts)


def _plain(found: Sequence[Row]) -> str:
    """Say how long pods take that nobody spawned."""
    medians = {row.scenario.count: row.plain for row in found if row.plain is not None}
    return ", ".join(f"{seconds:.2f} s ({count})" for count, seconds in sorted(medians.items())) or "no time"


def repeats_text(found: Sequence[Row]) -> str:
    """Say how often each scenario was run; those of another number are named."""
    times = {row.scenario.name: row.starts // row.scenario.count for row in found if row.contender == "stock"}
    most = max(times.values(), default=0)
    others = "".join(f"; {name}: {count}" for name, count in times.items() if count != most)
    return f"Each scenario was run {most} times by each{others}."


def _times(row: Row) -> list[str]:
    failed = f"**{row.failed} of {row.starts}**" if row.failed else "0"
    left = f"**{row.left}**" if row.left else "0"
    return [row.scenario.name, NAMES[row.contender], *map(_three, (row.ready, row.own, row.late)), failed, left]


def _costs(row: Row) -> list[str]:
    requests = ", ".join(
        f"{what} {number_text(n)}" for what, n in sorted(row.requests.items(), key=lambda item: -item[1])
    )
    cpu, lag, memory = f"{row.cpu_ms:.1f} ms", f"{row.lag_ms:.0f} ms", f"{row.memory_mib:.0f} MiB"
    return [row.scenario.name, NAMES[row.contender], cpu, lag, memory, requests]


def _three(spread: Spread | None) -> str:
    return "none ready" if spread is None else f"{spread.p50:.2f} / {spread.p95:.2f} / {spread.p99:.2f}"


def _rest(found: Sequence[Row]) -> list[str]:
    """Say how much is listed while nothing happens."""
    said = [f"{NAMES[row.contender]} {row.rest_lists:.1f}" for row in found if row.rest_lists is not None]
    return [f"Lists in a minute in which nothing happens: {', '.join(said)}.\n"] if said else []


def _soak(soaks: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say what a process holds after many starts."""
    said = []
    for soak in map(soak_of, soaks):
        said += [
            "## Memory\n\n![Memory](../images/bench-memory.svg)\n",
            f"{_held(soak)} {soak.failed} failed, {soak.left} left.\n",
            table(
                ["after starts", *(str(n) for n, _ in soak.steps)],
                [["MiB", *(f"{mib:.0f}" for _, mib in soak.steps)]],
            ),
        ]
    return said


def _held(soak: Soak) -> str:
    grown = "too few rounds for a slope" if soak.slope is None else f"{soak.slope:+.2f} MiB for each 1000 starts"
    return (
        f"{soak.starts} starts and stops in one process, {soak.at_once} at once: {soak.first:.0f} MiB in the first "
        f"thousand, {soak.last:.0f} MiB in the last; after the first thousand {grown} (least squares)."
    )


def as_good(found: Sequence[Row]) -> str:
    """Return, as a list, what stock does as well as we do, or better."""
    pairs: dict[str, dict[str, Row]] = {}
    for row in found:
        pairs.setdefault(row.scenario.name, {})[row.contender] = row
    items = []
    for name, pair in pairs.items():
        if {"stock", "swish"} <= pair.keys() and (same := _same(pair["stock"], pair["swish"])):
            items.append(f"- {name}: {', '.join(same)}")
    return ("\n".join(items) or "Nowhere in these scenarios.") + "\n"


def _same(stock: Row, swish: Row) -> list[str]:
    said = []
    for what, measure in _MEASURES.items():
        theirs, ours = measure(stock), measure(swish)
        if theirs is not None and ours is not None and theirs <= ours * (1 + _SAME):
            better = theirs < ours * (1 - _SAME)
            said.append(f"{what} ({number_text(theirs)} against {number_text(ours)}{', better' if better else ''})")
    return said


def plots(results: Mapping[str, Any], launches: Mapping[str, Any] | None = None) -> dict[str, str]:
    """Return every plot by file name."""
    found = rows(results)
    charts = {
        "bench-noticed.svg": _chart(
            found, "From ready to noticed, 95th percentile", "seconds", "ready to noticed, p95"
        ),
        "bench-cpu.svg": _chart(
            found, "Processor time of the hub per start", "milliseconds", "processor time per start"
        ),
    }
    for soak in results["soak"]:
        last = f"MiB held after each {soak['at_once']} of {soak['at_once'] * len(soak['memory_mib'])} starts and stops"
        charts["bench-memory.svg"] = line_chart("Memory over many starts", last, soak["memory_mib"])
    if launches:
        charts[launch_page.PLOT] = launch_page.plot(launches)
    return charts


def _chart(found: Sequence[Row], title: str, unit: str, measure: str) -> str:
    groups: dict[str, dict[str, float | None]] = {}
    for row in found:
        groups.setdefault(row.scenario.name, {})[row.contender] = _MEASURES[measure](row)
    return bar_chart(title, unit, [Bars(label, values) for label, values in groups.items()])
