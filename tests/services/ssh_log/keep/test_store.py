"""What was written to the store stays as it was, or a verification says where not."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from swish_spawner.core.ssh_log.chain import Anchor, Kept, Link
from swish_spawner.errors import UserError
from swish_spawner.services.ssh_log.keep.file import LogFile, StoreError
from swish_spawner.services.ssh_log.keep.store import Store, files, records, rotate, verified
from tests.services.ssh_log.logs import by_hand, login, written

UNGUARDED = "DROP TRIGGER entries_no_update", "DROP TRIGGER entries_no_delete"


def test_records_are_there_after_a_restart_and_the_chain_goes_on(tmp_path: Path) -> None:
    """With how far each log was read."""
    for number in range(3):
        store = Store(tmp_path)
        store.append([login(number)], {"ns/pod/ssh": str(number)})
        assert store.positions == {"ns/pod/ssh": str(number)}
        store.close()
    assert [kept.number for kept in records(tmp_path)] == [1, 2, 3]
    assert verified(tmp_path)[1].number == 3


def test_a_position_is_forgotten(tmp_path: Path) -> None:
    """When its container is gone."""
    store = Store(tmp_path)
    store.append([], {"a": "1", "b": "2"})
    store.append([], {"a": None})
    assert store.positions == {"b": "2"}
    store.close()


@pytest.mark.claim("log-once")
def test_records_and_positions_are_written_together_or_not_at_all(tmp_path: Path) -> None:
    """A position that cannot be written takes the records back, so that they are read again and not doubled."""
    store = Store(tmp_path)
    with pytest.raises(StoreError):
        store.append([login(1)], {"a": object()})  # type: ignore[dict-item]
    assert store.last == Link()
    store.close()


def test_nobody_else_may_read_the_files(tmp_path: Path) -> None:
    """They say who came from where."""
    path = written(tmp_path / "log", 1)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.claim("log-triggers", "log-deletes-nothing")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET body = '{}' WHERE number = 2",
        "DELETE FROM entries WHERE number = 2",
        "INSERT OR REPLACE INTO entries (number, hash, body) VALUES (2, 'x', '{}')",
        "INSERT INTO entries (number, hash, body) VALUES (9, 'x', '{}')",
        "UPDATE before SET number = 7",
        "DELETE FROM before",
        "INSERT INTO before VALUES (1, 'x')",
    ],
)
def test_triggers_refuse_whatever_is_not_added_at_the_end(tmp_path: Path, statement: str) -> None:
    """Whoever opens the file with SQLite meets them too."""
    path = written(tmp_path, 3)
    with pytest.raises(sqlite3.IntegrityError):
        by_hand(path, statement)
    assert verified(tmp_path)[1].number == 3


@pytest.mark.claim("log-change-is-found", "log-triggers")
@pytest.mark.parametrize(
    ("statements", "words"),
    [
        (["UPDATE entries SET body = replace(body, 'ada', 'eve') WHERE number = 2"], "entry 2 was changed"),
        (["DELETE FROM entries WHERE number = 2"], "entry 2 is missing"),
        (["DELETE FROM entries WHERE number < 3"], "entry 1 is missing"),
        (["UPDATE entries SET hash = 'x' WHERE number = 3"], "entry 3 was changed"),
        (
            ["DELETE FROM entries WHERE number = 2", "UPDATE entries SET number = number - 1 WHERE number > 2"],
            "entry 2",
        ),
        ([], "the triggers that guard them were changed"),
        (["DROP TABLE before"], "cannot be read"),
    ],
    ids=["text", "gone", "start gone", "hash", "moved", "only the triggers", "table"],
)
def test_a_change_by_hand_is_found(tmp_path: Path, statements: list[str], words: str) -> None:
    """Whoever takes the triggers away first, and changes something, is found by the chain."""
    path = written(tmp_path, 5)
    by_hand(path, *UNGUARDED, *statements)
    with pytest.raises(UserError, match=words):
        verified(tmp_path)


@pytest.mark.claim("log-change-is-found")
def test_a_changed_byte_of_the_file_is_found(tmp_path: Path) -> None:
    """Without SQLite."""
    path = written(tmp_path, 5)
    content = path.read_bytes()
    path.write_bytes(content.replace(b'"connection":3', b'"connection":8', 1))
    with pytest.raises(UserError, match="entry 4 was changed"):
        verified(tmp_path)


@pytest.mark.claim("verify-looks-at-all")
def test_a_change_in_a_closed_file_is_found(tmp_path: Path) -> None:
    """All are looked at, and not only the one that is written."""
    closed = written(tmp_path, 3)
    rotate(tmp_path)
    written(tmp_path, 3)
    by_hand(closed, *UNGUARDED, "UPDATE entries SET body = replace(body, 'ada', 'eve') WHERE number = 2")
    with pytest.raises(UserError, match=f"entry 2 was changed.*{closed.name}"):
        verified(tmp_path)


@pytest.mark.claim("log-new-chain")
def test_an_end_that_was_cut_off_is_found_by_a_hash_kept_elsewhere(tmp_path: Path) -> None:
    """The chain alone cannot tell, since what is left is sound."""
    path = written(tmp_path, 5)
    last = verified(tmp_path)[1]
    by_hand(
        path,
        "DROP TRIGGER entries_no_delete",
        "DELETE FROM entries WHERE number = 5",
        "CREATE TRIGGER entries_no_delete BEFORE DELETE ON entries BEGIN "
        "SELECT RAISE(ABORT, 'the ssh log is only added to'); END",
    )
    assert verified(tmp_path)[1].number == 4
    with pytest.raises(UserError, match="entry 5 is not there"):
        verified(tmp_path, [Anchor(5, last.hash)])


@pytest.mark.claim("log-new-chain")
def test_a_log_that_was_written_anew_is_found_by_a_hash_kept_elsewhere(tmp_path: Path) -> None:
    """It is sound in itself."""
    written(tmp_path / "true", 3)
    true = verified(tmp_path / "true")[1]
    store = Store(tmp_path / "false")
    store.append([login(number, user="eve") for number in range(3)], {})
    store.close()
    with pytest.raises(UserError, match="entry 3 has another hash"):
        verified(tmp_path / "false", [Anchor(3, true.hash)])


@pytest.mark.claim("rotate-keeps-the-chain")
def test_a_rotated_log_is_one_chain_over_its_files(tmp_path: Path) -> None:
    """The writer goes on in the new file without being told."""
    store = Store(tmp_path)
    store.append([login(1), login(2)], {"a": "1"})
    closed, last = rotate(tmp_path)
    assert last.number == 2
    assert store.append([login(3)], {}).number == 3
    assert store.positions == {"a": "1"}
    store.close()
    assert files(tmp_path)[0] == closed
    assert [kept.number for kept in records(tmp_path)] == [1, 2, 3]
    assert [kept.number for kept in records(tmp_path, 2)] == [3]
    assert verified(tmp_path)[1].number == 3


def test_a_closed_file_takes_no_record(tmp_path: Path) -> None:
    """Not even by hand."""
    closed = written(tmp_path, 1)
    rotate(tmp_path)
    with pytest.raises(sqlite3.IntegrityError, match="closed"):
        by_hand(closed, "INSERT INTO entries (number, hash, body) VALUES (2, 'x', '{}')")


def test_an_empty_file_is_not_rotated(tmp_path: Path) -> None:
    """It would be there twice."""
    Store(tmp_path).close()
    with pytest.raises(UserError, match="no record yet"):
        rotate(tmp_path)


@pytest.mark.claim("verify-says-where-it-begins")
def test_older_files_may_be_taken_away_but_not_one_between(tmp_path: Path) -> None:
    """What is left says what came before it."""
    for _ in range(3):
        written(tmp_path, 2)
        rotate(tmp_path)
    oldest, second, *_ = files(tmp_path)
    away = oldest.read_bytes()
    oldest.unlink()
    assert [link.number for link in verified(tmp_path)] == [2, 6]
    oldest.write_bytes(away)
    second.unlink()
    with pytest.raises(UserError, match="a file is missing"):
        verified(tmp_path)


@pytest.mark.claim("rotate-keeps-the-chain")
def test_another_process_may_rotate_meanwhile(tmp_path: Path) -> None:
    """As `swish audit rotate` does beside the web service."""
    store = Store(tmp_path)
    store.append([login(1)], {})
    command = [sys.executable, "-m", "swish_spawner", "audit", "rotate", f"--directory={tmp_path}"]
    subprocess.run(command, check=True, env=os.environ)
    store.append([login(2)], {})
    store.close()
    assert len(files(tmp_path)) == 2
    assert verified(tmp_path)[1].number == 2


@pytest.mark.claim("log-once")
def test_what_a_killed_writer_began_is_undone(tmp_path: Path) -> None:
    """The journal that it leaves is rolled back by the next who looks, even one that only reads."""
    script = (
        "import os, sys; from pathlib import Path\n"
        "from swish_spawner.services.ssh_log.keep.store import Store\n"
        "db = Store(Path(sys.argv[1]))._file._db\n"
        "db.execute('PRAGMA cache_size = 1'); db.execute('BEGIN IMMEDIATE')\n"
        "for n in range(2, 400): db.execute('INSERT INTO entries (number, hash, body) VALUES (?, ?, ?)',"
        " (n, 'x', '{}' + ' ' * 4000))\n"
        "os.kill(os.getpid(), 9)"
    )
    path = written(tmp_path, 1)
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)
    assert path.with_name(f"{path.name}-journal").stat().st_size
    assert [kept.number for kept in records(tmp_path)] == [1]
    assert verified(tmp_path)[1].number == 1


@pytest.mark.claim("verify-looks-at-all")
def test_many_records_are_read_in_pieces(tmp_path: Path) -> None:
    """All of them, once each."""
    written(tmp_path, 2500)
    assert [kept.number for kept in records(tmp_path)] == list(range(1, 2501))


def test_who_only_reads_cannot_change_the_file(tmp_path: Path) -> None:
    """The page's reader is such a one."""
    path = written(tmp_path, 1)
    with LogFile(path) as file, pytest.raises(StoreError, match="readonly"):
        file.append([login(2)], {})
    assert [type(kept) for kept in records(tmp_path)] == [Kept]


def test_no_log_is_said(tmp_path: Path) -> None:
    """Not taken for an empty one that is in order."""
    with pytest.raises(UserError, match="there is no ssh log in"):
        verified(tmp_path)


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    """With what the system says."""
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be made"):
        Store(tmp_path / "file" / "log")
