"""What a person sees while they wait, and how long each step took."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import Progress as Bar
from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

_KEPT = 20


@dataclass
class Step:
    """One step under way; `did` says what it came to and stands beside its time."""

    name: str
    did: str = ""
    seconds: float = 0.0


@dataclass
class Progress:
    """Shows steps with their elapsed time and remembers them; works without a terminal too.

    Args:
        command: Name of the command, for the record.
        console: Where to show; standard error by default, so that standard output stays for results.
    """

    command: str
    console: Console = field(default_factory=lambda: Console(stderr=True, highlight=False, soft_wrap=True))
    steps: list[Step] = field(default_factory=list)

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """Show a step while the block runs, then its time; a block that fails is shown as failed."""
        step = Step(name)
        self.steps.append(step)
        started = time.monotonic()
        try:
            with self._live(name):
                yield step
        except BaseException:
            self._end(step, started, "[red]✗[/red]")
            raise
        self._end(step, started, "[green]✓[/green]")

    def say(self, text: str) -> None:
        """Show one line."""
        self.console.print(text, markup=False)

    def record(self, folder: Path) -> Path:
        """Write the steps' times as JSON and forget records but the last 20.

        Args:
            folder: Where records lie.

        Returns:
            The record's path; shape `{command, at, seconds, steps: [{name, seconds, did}]}`.
        """
        folder.mkdir(parents=True, exist_ok=True)
        now = datetime.now(UTC)
        path = folder / f"{now:%Y%m%dT%H%M%S}-{self.command}.json"
        document = {
            "command": self.command,
            "at": now.isoformat(timespec="seconds"),
            "seconds": round(sum(step.seconds for step in self.steps), 2),
            "steps": [{"name": s.name, "seconds": round(s.seconds, 2), "did": s.did} for s in self.steps],
        }
        path.write_text(json.dumps(document, indent=1) + "\n")
        for old in sorted(folder.glob("*.json"))[:-_KEPT]:
            old.unlink(missing_ok=True)
        return path

    @contextlib.contextmanager
    def _live(self, name: str) -> Iterator[None]:
        if not self.console.is_terminal:
            yield
            return
        columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
        with Bar(*columns, console=self.console, transient=True) as bar:
            bar.add_task(name, total=None)
            yield

    def _end(self, step: Step, started: float, mark: str) -> None:
        step.seconds = time.monotonic() - started
        did = f"  [dim]{step.did}[/dim]" if step.did else ""
        self.console.print(f"{mark} {step.name} [dim]{step.seconds:.1f} s[/dim]{did}")
