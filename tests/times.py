"""How long the tests of each module took, said at the end of a run and kept for whoever puts several runs together."""

from __future__ import annotations

import json
import os
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

#: Names a file; what was measured is written there, as JSON.
VARIABLE: Final = "SWISH_TIMES"
#: How many modules are named at the end of a run; fewer tests than this many seconds are not worth a table.
_NAMED, _WORTH_SECONDS = 12, 20


@dataclass
class ModuleTimes:
    """The tests of one module: how many, and their seconds from the first fixture to the last, all added up."""

    tests: int = 0
    seconds: float = 0.0


@dataclass(eq=False)
class Times:
    """Counts a run, as a plugin of pytest's; of parallel workers the one that they report to."""

    started: float = field(default_factory=time.monotonic)
    modules: dict[str, ModuleTimes] = field(default_factory=lambda: defaultdict(ModuleTimes))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count one phase of a test; a fixture that several tests share is the time of the first."""
        module = self.modules[report.location[0]]
        module.seconds += report.duration
        module.tests += report.when == "call" or (report.when == "setup" and report.outcome == "skipped")

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
        """Say where the time went, and write it down where that is asked for."""
        seconds = time.monotonic() - self.started
        if seconds >= _WORTH_SECONDS:
            terminalreporter.write_sep("-", f"time by module, of {seconds:.0f} s")
            terminalreporter.write_line(table(self.slowest()))
        if place := os.environ.get(VARIABLE):
            Path(place).write_text(json.dumps({"seconds": seconds, "modules": self.slowest()}, indent=1) + "\n")

    def slowest(self) -> list[tuple[str, int, float]]:
        """Return module, tests and seconds, most seconds first."""
        rows = [(name, module.tests, round(module.seconds, 1)) for name, module in self.modules.items()]
        return sorted(rows, key=lambda row: row[2], reverse=True)


def table(rows: Sequence[tuple[str, int, float]], named: int = _NAMED) -> str:
    """Return the first rows of `Times.slowest`, and the rest as one."""
    others = rows[named:]
    rest = (f"{len(others)} more", sum(row[1] for row in others), sum(row[2] for row in others))
    return "\n".join(f"{seconds:8.1f} s {tests:5} {name}" for name, tests, seconds in (*rows[:named], rest) if tests)


def together(places: Sequence[Path]) -> str:
    """Return what several runs wrote down, as one of them writes it; a run that wrote nothing is left out."""
    found = [json.loads(place.read_text()) for place in places if place.exists()]
    modules = sorted((row for run in found for row in run["modules"]), key=lambda row: row[2], reverse=True)
    return json.dumps({"seconds": sum(run["seconds"] for run in found), "modules": modules}, indent=1) + "\n"
