"""The page that says how the code is built names files and functions that are there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "topics" / "architecture.md").read_text(encoding="utf-8")
#: What a walk's row names: its number, a file, and functions of it.
ROW = re.compile(r"^\| (\d+) \| `([^`]+)` \| ([^|]+) \|", re.MULTILINE)
WALKS = {part.partition("\n")[0]: ROW.findall(part) for part in PAGE.split("\n## ") if part.startswith("One ")}
STEPS = [(file, name) for rows in WALKS.values() for _, file, names in rows for name in re.findall(r"`([^`]+)`", names)]


def defined(file: Path) -> set[str]:
    """Name all functions of a module: bare, and methods also with their class."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        functions = [
            one for one in ast.iter_child_nodes(node) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
        ]
        names |= {one.name for one in functions}
        names |= {f"{node.name}.{one.name}" for one in functions if isinstance(node, ast.ClassDef)}
    return names


@pytest.mark.parametrize(("file", "name"), STEPS)
def test_each_step_is_there(file: str, name: str) -> None:
    """In the file that the page names."""
    assert name in defined(ROOT / file)


@pytest.mark.parametrize("walk", WALKS)
def test_a_walk_is_short(walk: str) -> None:
    """Ten files at most, each numbered."""
    assert [int(number) for number, _, _ in WALKS[walk]] == list(range(1, len(WALKS[walk]) + 1))
    assert 5 < len(WALKS[walk]) <= 10


def test_there_are_three_walks() -> None:
    """A launch, a key and an event."""
    assert len(WALKS) == 3


@pytest.mark.parametrize("floor", ["core", "adapters", "hub", "services"])
def test_every_room_is_named(floor: str) -> None:
    """Behind the floor that it is on."""
    (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| `{floor}` |")]
    rooms = [path.parent.name for path in (ROOT / "swish_spawner" / floor).glob("*/__init__.py")]
    assert rooms
    assert [room for room in rooms if f"`{room}`" not in row] == []


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`((?:swish_spawner|hub|core|tests)/[\w/.]+)`", PAGE))))
def test_every_path_is_there(path: str) -> None:
    """Below the package where it says no more."""
    assert (ROOT / path).exists() or (ROOT / "swish_spawner" / path).exists()
