"""Run every check there is: those on a cluster, which mostly wait, and beside them those that need none.

    python .ci/checks.py MAKE

The end-to-end tests are shown as they go. What the others print is shown in one piece, when all of them have ended. At
the end a table says how long each part took, and each module of the slowest ones.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import IO

from tests.times import VARIABLE

#: What needs no cluster: of these groups one after the other, and in each what is made at once, since most of it waits.
#: On a new machine the last two want what the cluster's start builds. While the last is made, the other lane mostly
#: waits, for a node that goes and comes.
BESIDE = (("lint",), ("unit-newest",), ("unit-oldest", "pages"), ("chart",))
CLUSTER = "e2e"
_NAMED = 15


@dataclass
class Part:
    """A target of the Makefile that was made.

    Attributes:
        name: the target.
        began: seconds since the whole began.
        seconds: how long it took.
        processor: seconds of processor time of all that it started and waited for, which a cluster's daemons are not.
        code: its exit status.
    """

    name: str
    began: float
    seconds: float
    processor: float
    code: int


@dataclass
class Checks:
    """One run.

    Args:
        make: the command.
        folder: for what the parts write down of their times.
    """

    make: str
    folder: Path
    parts: list[Part] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)
    stopped: bool = False

    def run(self, name: str) -> None:
        """Make a target, showing what it says, and write down how that went."""
        self._run(name, [self.make, name], None)

    def run_beside(self, name: str) -> None:
        """Make a target, keeping what it says."""
        # the cluster's programs have people's patience, and go first
        with self.said(name).open("w") as output:
            self._run(name, ["nice", "-n", "5", self.make, name], output)

    def said(self, name: str) -> Path:
        """Name the file of what a target said that was made beside others."""
        return self.folder / f"{name}.log"

    def _run(self, name: str, command: list[str], output: IO[str] | None) -> None:
        began = time.monotonic() - self.began
        environment = {**os.environ, VARIABLE: str(self.folder / f"{name}.json")}
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        self.running.append(process)
        if self.stopped:
            process.terminate()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - self.began - began
        self.parts.append(Part(name, began, seconds, used.ru_utime + used.ru_stime, process.returncode))

    def stop(self, *_: object) -> None:
        """Have what is being made end, and make nothing more."""
        self.stopped = True
        for process in self.running:
            process.terminate()

    def beside(self) -> None:
        """Make what needs no cluster; what fails keeps nothing else from being made."""
        for group in BESIDE:
            if self.stopped:
                return
            with ThreadPoolExecutor(len(group)) as threads:
                for made in [threads.submit(self.run_beside, name) for name in group]:
                    made.result()

    def table(self) -> str:
        """Return how long each part took, and each module of the slowest ones."""
        lines = [f"{'seconds':>9} {'processor':>9}  part, from when on"]
        lines += [
            f"{part.seconds:9.0f} {part.processor:9.0f}  {part.name}, from {part.began:.0f} s"
            f"{'' if part.code == 0 else ' (failed)'}"
            for part in sorted(self.parts, key=lambda part: part.began)
        ]
        modules = [(*row, part.name) for part in self.parts for row in self.modules(part)]
        modules.sort(key=lambda row: row[2], reverse=True)
        lines += [f"{'seconds':>9}  tests  module, the slowest {_NAMED}"]
        lines += [f"{seconds:9.0f}  {tests:5}  {name} ({part})" for name, tests, seconds, part in modules[:_NAMED]]
        return "\n".join(lines)

    def modules(self, part: Part) -> list[tuple[str, int, float]]:
        """Return module, tests and seconds of a part that has tests."""
        place = self.folder / f"{part.name}.json"
        try:
            return list(json.loads(place.read_text())["modules"])
        except (OSError, ValueError, KeyError):
            # of a part without tests, or one that was killed
            return []

    def missing(self) -> list[str]:
        """Return the names of the parts that were not made, for whatever reason."""
        made = {part.name for part in self.parts}
        return [name for name in (CLUSTER, *chain.from_iterable(BESIDE)) if name not in made]


def main(make: str) -> int:
    """Return zero when everything went well."""
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]  # it is a text stream
    with tempfile.TemporaryDirectory() as folder:
        checks = Checks(make, Path(folder))
        signal.signal(signal.SIGTERM, checks.stop)
        with ThreadPoolExecutor(1) as threads:
            lane = threads.submit(checks.beside)
            checks.run(CLUSTER)
        for name in chain.from_iterable(BESIDE):
            if checks.said(name).exists():
                print(f"\n{checks.said(name).read_text(errors='replace')}", flush=True)
        print(f"\n{checks.table()}", flush=True)
        for problem in filter(None, (lane.exception(), ", ".join(checks.missing()))):
            print(f"not made: {problem}", flush=True)
        good = not checks.missing() and all(part.code == 0 for part in checks.parts)
        print(
            f"all of it took {time.monotonic() - checks.began:.0f} s and {'passed' if good else 'FAILED'}", flush=True
        )
        return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
