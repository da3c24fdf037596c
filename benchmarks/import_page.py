"""docs/topics/jupyterlab-start.md: what JupyterLab's start costs, what we leave out of it, and what is upstream's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from benchmarks.markdown import table
from benchmarks.report import DOCS

#: The words around the tables, and where these go.
TEMPLATE: Final = Path(__file__).parent / "etc" / "jupyterlab-start.txt"


def write_page(results: Path, docs: Path = DOCS) -> None:
    """Write the page."""
    (docs / "topics" / "jupyterlab-start.md").write_text(page(json.loads(results.read_text())))


def page(results: Mapping[str, Any]) -> str:
    """Return the page as Markdown."""
    programs = results["programs"]
    lab = programs["JupyterLab"]
    return TEMPLATE.read_text().format(
        **{key: results[key] for key in ("when", "command", "processor", "cores")},
        programs=table(
            ["program", "processor time", "bare Python", "ratio", "modules"], map(_program, programs.items())
        ),
        modules=table(["module", "with what it imports", "alone"], map(_module, lab["modules"])),
        count=len(lab["modules"]),
    )


def _program(row: tuple[str, Mapping[str, Any]]) -> list[str]:
    name, found = row
    seconds, bare = found["seconds"], found["bare"]
    return [name, f"{seconds:.2f} s", f"{bare * 1000:.0f} ms", f"{seconds / bare:.0f}", str(found["count"])]


def _module(row: tuple[str, float, float]) -> list[str]:
    name, whole, alone = row
    return [f"`{name}`", f"{whole * 1000:.0f} ms", f"{alone * 1000:.0f} ms"]
