"""`swish check` says that a policy is good, or everything that is wrong with it."""

from pathlib import Path

import pytest

from swish_spawner.__main__ import main
from tests.conftest import SHIPPED_POLICY


def test_a_good_policy_is_said_to_be_good(capsys: pytest.CaptureFixture[str]) -> None:
    """The exit status is 0, with a count of what was found."""
    assert main(["check", str(SHIPPED_POLICY)]) == 0
    assert "good; " in capsys.readouterr().out


def test_every_problem_is_said_with_its_path(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The exit status is 1, and standard error has a line for each problem."""
    path = tmp_path / "policy.yaml"
    path.write_text("version: 2\nteams: {}\n", encoding="utf-8")
    assert main(["check", str(path)]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(":")[0].strip() for line in lines[1:]] == ["images", "pools", "teams", "version"]


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No traceback is shown."""
    assert main(["check", str(tmp_path / "none.yaml")]) == 1
    assert "cannot be read" in capsys.readouterr().err
