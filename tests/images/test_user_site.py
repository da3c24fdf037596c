"""What puts the person's packages first in a kernel, in a virtual environment as in the images."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

FILES = Path(__file__).parents[2] / "images" / "environment" / "site"


def paths(python: Path, base: Path, options: Sequence[str] = (), **environment: str) -> list[str]:
    """Return where a Python looks for packages."""
    told = {"PATH": os.environ["PATH"], "PYTHONUSERBASE": str(base), **environment}
    command = [str(python), *options, "-c", "import json, sys; print(json.dumps(sys.path))"]
    found: list[str] = json.loads(subprocess.check_output(command, env=told, text=True))
    return found


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a virtual environment that has what is under test."""
    folder = tmp_path_factory.mktemp("venv")
    subprocess.run([sys.executable, "-m", "venv", "--system-site-packages", "--without-pip", folder], check=True)
    shutil.copytree(FILES, image(folder / "bin" / "python3"), dirs_exist_ok=True)
    return folder / "bin" / "python3"


def image(python: Path) -> Path:
    """Where that environment's packages are."""
    (found,) = python.parents[1].glob("lib/python*/site-packages")
    return found


@pytest.fixture
def theirs(tmp_path: Path, python: Path) -> Path:
    """Where a person's packages go to."""
    folder = tmp_path / image(python).relative_to(python.parents[1])
    folder.mkdir(parents=True)
    return folder


def test_a_kernel_sees_the_person_s_packages_first(python: Path, tmp_path: Path, theirs: Path) -> None:
    """They come before the image's and after what belongs to Python, for what a kernel starts, too."""
    found = paths(python, tmp_path, SWISH_USER_SITE="first")
    assert found.index(str(theirs)) == found.index(str(image(python))) - 1
    assert found.index(str(Path(os.__file__).parent)) < found.index(str(theirs))
    assert found.count(str(theirs)) == 1


def test_without_being_asked_the_image_s_come_first(python: Path, tmp_path: Path, theirs: Path) -> None:
    """As in a terminal."""
    found = paths(python, tmp_path)
    assert found.index(str(image(python))) < found.index(str(theirs))


@pytest.mark.parametrize(("options", "environment"), [(["-I"], {}), ([], {"PYTHONNOUSERSITE": "1"})])
def test_who_wants_none_of_the_person_s_packages_has_none(
    python: Path, tmp_path: Path, theirs: Path, options: list[str], environment: dict[str, str]
) -> None:
    """As pip does when it builds one."""
    assert str(theirs) not in paths(python, tmp_path, options, SWISH_USER_SITE="first", **environment)
