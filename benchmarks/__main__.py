"""How fast, and at what cost, environments start: SwishSpawner beside stock KubeSpawner on a real API server.

make bench
python -m benchmarks --full
python -m benchmarks --only '200 starts' --repeats 1
"""

from __future__ import annotations

import argparse
import asyncio
import json
from pathlib import Path
from typing import Final

from benchmarks.report import write_page
from benchmarks.run import bench, write
from benchmarks.scenarios import DEFAULT, FULL
from benchmarks.versions import RESULTS as VERSIONS

RESULTS: Final = Path(__file__).parent / "results.json"
#: What `benchmarks.launches` saw.
LAUNCHES: Final = Path(__file__).parent / "launch_results.json"


def parser() -> argparse.ArgumentParser:
    """Describe what can be asked for."""
    found = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    found.add_argument("--full", action="store_true", help="every combination; takes hours")
    found.add_argument("--only", default="", help="only scenarios whose name holds this text")
    found.add_argument("--repeats", type=int, default=5, help="how often each, 5 unless told")
    found.add_argument("--soak", type=int, default=0, metavar="N", help="instead: start and stop N times, watch memory")
    found.add_argument("--out", type=Path, default=RESULTS, help="where results go, as JSON")
    found.add_argument("--page", action="store_true", help="write the documentation's page and plots from the results")
    return found


async def run(arguments: argparse.Namespace, command: str) -> None:
    """Measure, and write down what was seen after every scenario."""
    before = json.loads(arguments.out.read_text()) if arguments.out.exists() else {}
    async with bench(command) as found:
        if arguments.soak:
            await found.soak("swish", arguments.soak)
            write({**(before or found.results), "soak": found.results["soak"]}, arguments.out)
            return
        found.results["soak"] = before.get("soak", [])  # one takes long, and is not part of these
        for scenario in FULL if arguments.full else DEFAULT:
            if arguments.only in scenario.name:
                await found.run([scenario], arguments.repeats)
                write(found.results, arguments.out)


def main() -> None:
    """Measure, and say where the results are."""
    arguments = parser().parse_args()
    if arguments.page:
        write_page(arguments.out, LAUNCHES, VERSIONS)
        return
    words = [f"--{key} {value}" for key, value in (("only", arguments.only), ("soak", arguments.soak)) if value]
    words += ["--full"] if arguments.full else []
    asyncio.run(run(arguments, " ".join(["python -m benchmarks", *words]) if words else "make bench"))
    print(f"results in {arguments.out}")


if __name__ == "__main__":
    main()
