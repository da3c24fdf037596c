"""``swish audit``, as an administrator runs it."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from pathlib import Path

import pytest

from swish_spawner.cli.command import main
from swish_spawner.core.ssh_log.chain import START
from swish_spawner.services.ssh_log.keep.store import Store
from tests.services.ssh_log.logs import by_hand, login, written


def audit(directory: Path, verb: str, *more: str) -> int:
    """Run the command."""
    return main(["audit", verb, f"--directory={directory}", *more])


@pytest.mark.claim("verify-says-where-it-begins", "verify-prints-the-newest")
def test_a_good_log_is_confirmed_with_its_last_hash(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In the form that `--expect` takes."""
    written(tmp_path, 3)
    assert audit(tmp_path, "verify") == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == "Entries 1 to 3 of 1 file are as they were written."
    assert audit(tmp_path, "verify", "--expect", second.split()[-1]) == 0


@pytest.mark.claim("verify-names-the-first")
def test_a_changed_entry_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And the command fails."""
    by_hand(
        written(tmp_path, 3),
        "DROP TRIGGER entries_no_update",
        "UPDATE entries SET body = replace(body, '05:06', '07:06') WHERE number = 2",
    )
    assert audit(tmp_path, "verify") == 1
    assert capsys.readouterr().err.startswith("entry 2 was changed: its hash is of another text (ssh-log-")


def test_an_expectation_that_is_none_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With what one looks like."""
    written(tmp_path, 1)
    assert audit(tmp_path, "verify", "--expect=1") == 1
    assert "NUMBER:HASH" in capsys.readouterr().err


@pytest.mark.claim("export-can-be-verified")
def test_an_export_can_be_verified_by_other_programs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A line has the very text whose hash it names."""
    written(tmp_path, 3)
    assert audit(tmp_path, "export") == 0
    previous = START
    for number, line in enumerate(capsys.readouterr().out.splitlines(), 1):
        entry = line[line.index('"entry":') + len('"entry":') : -1]
        assert json.loads(line)["number"] == number
        previous = hashlib.sha256(f"{previous}\n{number}\n{entry}".encode()).hexdigest()
        assert json.loads(line)["hash"] == previous


@pytest.mark.claim("export-goes-on")
def test_an_export_goes_on_where_the_last_one_ended(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By the number of an entry."""
    written(tmp_path, 5)
    assert audit(tmp_path, "export", "--after", "3") == 0
    assert [json.loads(line)["number"] for line in capsys.readouterr().out.splitlines()] == [4, 5]


def test_a_table_has_a_header_and_no_formula(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A name that a spreadsheet would compute is text there."""
    written(tmp_path, 1)
    store = Store(tmp_path)
    store.append([login(2, user="=1+1")], {})
    store.close()
    assert audit(tmp_path, "export", "--format=csv") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(row["number"], row["user"], row["connection"]) for row in rows] == [("1", "ada", "0"), ("2", "'=1+1", "2")]


def test_a_rotation_says_what_may_be_moved_away(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the hash to keep."""
    written(tmp_path, 2)
    assert audit(tmp_path, "rotate") == 0
    assert "ssh-log-000000000001.sqlite is closed" in capsys.readouterr().out
    assert audit(tmp_path, "verify") == 0
    assert "of 2 files" in capsys.readouterr().out


@pytest.mark.parametrize("verb", ["verify", "export", "rotate"])
def test_a_folder_without_a_log_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str], verb: str) -> None:
    """And the command fails."""
    assert audit(tmp_path, verb) == 1
    assert "there is no ssh log in" in capsys.readouterr().err


def test_a_file_that_is_none_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a traceback."""
    (tmp_path / "ssh-log-000000000001.sqlite").write_text("this is no database, however long it is" * 99)
    assert audit(tmp_path, "verify") == 1
    assert audit(tmp_path, "export") == 1
    assert capsys.readouterr().err.count("not a database") == 2
