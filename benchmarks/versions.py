"""Processor time per start before and after a change: an earlier commit and this one by turns, stock beside each.

python -m benchmarks.versions 0a3d6f8 --repeats 3
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.markdown import table

ROOT: Final = Path(__file__).parents[1]
RESULTS: Final = Path(__file__).parent / "versions_results.json"
#: One scenario, without anything else in the cluster, in a process of the version that is measured.
_CHILD: Final = """\
import asyncio, sys
from pathlib import Path
from benchmarks.run import bench, write
from benchmarks.scenarios import Scenario
async def main():
    async with bench("200 starts") as found:
        await found.run([Scenario(200)], 1)
        write(found.results, Path(sys.argv[1]))
asyncio.run(main())
"""
_TEXT: Final = """\
## Before and after

200 starts, an empty cluster: the version of `{before}` and that of `{after}` by turns, stock KubeSpawner beside each in
the same minute. Milliseconds of the hub's processor time for a start: the median of {repeats} runs of each, and the
least and the most. {starts} starts, {failed} failed, {left} objects left.

{table}
`{command}` did it on {when}: {processor}, {cores} cores. Each run is a fresh process.
"""


def measure(before: str, repeats: int) -> dict[str, Any]:
    """Run both versions by turns, each first every other time.

    Args:
        before: the earlier commit.
        repeats: how often each.
    """
    runs: list[dict[str, Any]] = []
    facts: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="swish-versions-") as folder:
        places = {name: Path(folder) / name for name in ("before", "after")}
        for name, commit in (("before", before), ("after", "HEAD")):
            subprocess.run(["git", "clone", "--quiet", "--no-checkout", ROOT, places[name]], check=True)
            subprocess.run(["git", "-C", places[name], "checkout", "--quiet", commit], check=True)
        for repeat in range(repeats):
            for name in sorted(places, reverse=repeat % 2 == 0):
                found = _run(places[name], Path(folder) / f"{name}.{repeat}.json")
                runs += [{"version": name, **_kept(run)} for run in found["runs"]]
                facts = {key: found[key] for key in ("when", "processor", "cores", "memory_gib", "versions")}
                print(runs[-2], runs[-1], sep="\n", flush=True)
        commits = {name: _commit(place) for name, place in places.items()}
    command = f"python -m benchmarks.versions {before} --repeats {repeats}"
    return {"command": command, **commits, "repeats": repeats, **facts, "runs": runs}


def _run(place: Path, out: Path) -> dict[str, Any]:
    environment = {**os.environ, "PYTHONPATH": str(place)}
    subprocess.run([sys.executable, "-c", _CHILD, str(out)], cwd=place, env=environment, check=True)
    document: dict[str, Any] = json.loads(out.read_text())
    return document


def _commit(place: Path) -> str:
    words = ["git", "-C", str(place), "rev-parse", "--short=7", "HEAD"]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


def _kept(run: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the section says of a run."""
    count = run["scenario"]["count"]
    return {
        "contender": run["contender"],
        "cpu_ms": round(1000 * run["start_cpu"] / count, 2),
        "starts": count,
        "failed": sum(run["errors"].values()),
        "left": run["left"],
    }


def section(results: Mapping[str, Any]) -> str:
    """Return the part of docs/topics/performance.md about it."""
    sums = {key: sum(run[key] for run in results["runs"]) for key in ("starts", "failed", "left")}
    return _TEXT.format(**{**results, **sums}, table=table(["", "before", "after", "ratio"], _rows(results["runs"])))


def _rows(runs: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    rows = []
    for contender, called in (("swish", "ours"), ("stock", "stock")):
        spent = {
            version: [run["cpu_ms"] for run in runs if (run["version"], run["contender"]) == (version, contender)]
            for version in ("before", "after")
        }
        medians = {version: statistics.median(values) for version, values in spent.items()}
        cells = [f"{medians[name]:.1f} ({min(spent[name]):.1f} to {max(spent[name]):.1f})" for name in spent]
        rows.append([called, *cells, f"{medians['after'] / medians['before']:.2f}"])
    return rows


def main() -> None:
    """Measure, and write down what was seen."""
    found = argparse.ArgumentParser(prog="python -m benchmarks.versions", description=__doc__.splitlines()[0])
    found.add_argument("before", help="the earlier commit")
    found.add_argument("--repeats", type=int, default=3, help="how often each, 3 unless told")
    arguments = found.parse_args()
    results = measure(arguments.before, arguments.repeats)
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    print(section(results))


if __name__ == "__main__":
    main()
