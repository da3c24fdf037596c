"""The contracts of who may import whom name rooms, and no module."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.counts import PACKAGE

ROOT = Path(__file__).parents[2]
#: Where rooms stand, and modules that belong to no room are named.
FLOORS = [Path(PACKAGE, floor) for floor in ("", "core", "adapters", "hub", "services")]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the package and its contracts."""
    for package in (PACKAGE, "local", "benchmarks"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "setup.cfg", tmp_path)
    return tmp_path


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Check the contracts of a copy."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    environment = os.environ | {"PYTHONPATH": str(folder)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_a_new_module_in_a_room_needs_no_contract(copy: Path) -> None:
    """In any room."""
    rooms = {path.parent for path in copy.rglob("__init__.py")} - {copy / floor for floor in FLOORS}
    assert len(rooms) > 10
    for room in rooms:
        (room / "something_new.py").write_text('"""Something new."""\n', encoding="utf-8")
    done = lint(copy)
    assert done.returncode == 0, done.stdout


def test_a_room_that_reaches_upward_is_found(copy: Path) -> None:
    """So that the test above could fail."""
    bad = copy / PACKAGE / "core" / "policy" / "bad.py"
    bad.write_text("import swish_spawner.core.pod.traits\n", encoding="utf-8")
    assert lint(copy).returncode == 1


def test_each_room_says_what_may_live_there() -> None:
    """In its own words, two sentences of them."""
    for path in (ROOT / PACKAGE).rglob("__init__.py"):
        if path.parent not in [ROOT / floor for floor in FLOORS]:
            assert path.read_text(encoding="utf-8").count(".") >= 2, path


def test_the_listener_needs_nothing_but_python() -> None:
    """It runs in images of anybody's, with whatever Python is there."""
    for path in (ROOT / "images" / "environment" / "lib" / "swish_sshd").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [name.name for name in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                assert name.partition(".")[0] in {*sys.stdlib_module_names, "swish_sshd"}, path
