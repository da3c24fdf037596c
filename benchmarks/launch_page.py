"""The part of docs/topics/performance.md about launches on a real cluster, phase by phase."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any, Final

from benchmarks.launch_marks import PHASES, durations
from benchmarks.launch_site import CONTENDERS
from benchmarks.markdown import table
from benchmarks.plots import stacked_chart

#: By the word with which `benchmarks.report` embeds it.
PLOT: Final = "bench-launches.svg"
#: How the contenders are called in the table and the plot.
NAMES: Final[Mapping[str, str]] = {"stock": "stock, plain image", "plain": "ours, plain image", "swish": "ours"}
_TEXT: Final = """\
## A launch until JupyterLab opens

![A launch, phase by phase](../images/{plot})

The same environment ({image}, {cpu:g} cores, {memory:g} GiB) on the same node, that of the local cluster, by three real
hubs that differ in two things alone: the spawner, and the image. The *plain image* is ours without
[what makes JupyterLab start fast](jupyterlab-start.md). It is a warm launch: the image is on the node and the person's
volume is there. Seconds; the median of {repeats} launches of each, and the least and the most.

{table}
{shares}

The phases of one launch add up to its whole; their medians need not. The bars show the medians of the phases.

- *{made}*: from the request to the hub until the pod is there. *{scheduled}*: until it has a node. *{started}*: until
  its container runs, by the kubelet's own event or the pod's status, whichever comes first.
- *{answers}*: until JupyterLab takes connections, asked past proxy and hub some thirty times a second. *{noticed}*:
  until the hub's progress says that it is ready. *{usable}*: until `/lab` and `/api/status` both answer 200 through the
  proxy.
- `{command}` did it on {when}: {processor}, {cores} cores for the whole cluster and {memory_gib} GiB of memory. Hubs
  and proxies are of Swish's own images; the launches took turns, each contender first every third time, after one of
  each to warm up.
"""


def section(results: Mapping[str, Any]) -> str:
    """Return the section as Markdown.

    Args:
        results: as `benchmarks.launches` writes them.
    """
    groups = launches(results)
    return _TEXT.format(
        **{
            **results,
            "plot": PLOT,
            "memory": results["memory"] / 2**30,
            "repeats": min(len(group) for group in groups.values()),
            "table": table(["phase", *(NAMES[name] for name in groups)], _rows(groups)),
            "shares": _shares(groups),
        },
        **PHASES,
    )


def launches(results: Mapping[str, Any]) -> dict[str, list[Mapping[str, float]]]:
    """Return the marks of each launch by contender, in their order."""
    found: dict[str, list[Mapping[str, float]]] = {name: [] for name in CONTENDERS}
    for launch in results["launches"]:
        found[launch["contender"]].append(launch["seconds"])
    return found


def _rows(groups: Mapping[str, Sequence[Mapping[str, float]]]) -> list[list[str]]:
    each = {name: [durations(seconds) for seconds in group] for name, group in groups.items()}
    rows = [[title, *(_spread([d[what] for d in each[name]]) for name in groups)] for what, title in PHASES.items()]
    whole = [_spread([seconds["usable"] for seconds in group]) for group in groups.values()]
    return [*rows, ["**whole**", *whole]]


def _shares(groups: Mapping[str, Sequence[Mapping[str, float]]]) -> str:
    """Say what ours takes of the others' time."""
    starts = {name: statistics.median(durations(one)["answers"] for one in group) for name, group in groups.items()}
    wholes = {name: statistics.median(one["usable"] for one in group) for name, group in groups.items()}
    start, whole = starts["swish"] / starts["plain"], wholes["swish"] / wholes["stock"]
    return (
        f"JupyterLab's own start takes {start:.2f} of what it takes in the plain image, and the whole launch\n"
        f"{whole:.2f} of what stock KubeSpawner's takes with that image."
    )


def _spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def plot(results: Mapping[str, Any]) -> str:
    """Return the chart: a bar for each contender, of the medians of its phases."""
    bars = {}
    for name, group in launches(results).items():
        each = [durations(seconds) for seconds in group]
        bars[NAMES[name]] = {title: statistics.median(d[what] for d in each) for what, title in PHASES.items()}
    return stacked_chart("A launch until JupyterLab opens, phase by phase", "seconds, medians", bars)
