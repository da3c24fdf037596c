"""Who reads which entries."""

from __future__ import annotations

from pathlib import Path

import pytest

from swish_spawner.core.ssh_log.scope import LogScope
from swish_spawner.services.ssh_log.keep.file import LogFile
from swish_spawner.services.ssh_log.keep.reader import StoreReader, _query
from swish_spawner.services.ssh_log.keep.store import Store, rotate
from tests.services.ssh_log.logs import login, written

ALL = LogScope("root", everything=True)


@pytest.fixture
def reader(tmp_path: Path) -> StoreReader:
    """Of a log in two files: ada's, ada's other, alan's, a refusal at the gateway that is nobody's, and ada's again."""
    store = Store(tmp_path)
    other = login(3, environment="alan", team="genomics", user="alan")
    store.append([login(1), login(2, environment="ada--lab"), other], {})
    rotate(tmp_path)
    store.append([login(4, environment="", team="", user=""), login(5)], {})
    store.close()
    return StoreReader(tmp_path)


@pytest.mark.parametrize(
    ("scope", "numbers"),
    [
        (ALL, [5, 4, 3, 2, 1]),
        (LogScope("ada"), [5, 2, 1]),
        (LogScope("alan"), [3]),
        (LogScope("eve"), []),
        (LogScope(""), []),
        (LogScope("eve", teams=frozenset(("imaging",))), [5, 2, 1]),
        (LogScope("alan", teams=frozenset(("imaging",))), [5, 3, 2, 1]),
        (LogScope("ada", teams=frozenset(("imaging", "genomics"))), [5, 3, 2, 1]),
        (LogScope("ada", environment="ada"), [5, 1]),
        (LogScope("ada", environment="alan"), []),
        (LogScope("root", everything=True, environment="alan"), [3]),
        (LogScope("ada' OR '1", teams=frozenset(("' OR 1",))), []),
    ],
)
async def test_a_scope_gets_its_entries_the_newest_first(
    reader: StoreReader, scope: LogScope, numbers: list[int]
) -> None:
    """Over all files, and each once."""
    assert [entry["number"] for entry in await reader.entries(scope, before=None, limit=10)] == numbers


async def test_pages_follow_each_other(reader: StoreReader) -> None:
    """By the number of the last entry."""
    pages = [await reader.entries(LogScope("ada"), before=before, limit=2) for before in (None, 2, 1)]
    assert [[entry["number"] for entry in page] for page in pages] == [[5, 2], [1], []]


async def test_a_record_that_was_broken_by_hand_is_shown_as_damaged(tmp_path: Path) -> None:
    """And does not keep the others from being read."""
    path = written(tmp_path, 2)
    content = path.read_bytes()
    path.write_bytes(content.replace(b'"event":"login"', b'"event"="login"', 1))
    assert {entry["event"] for entry in await StoreReader(tmp_path).entries(ALL, before=None, limit=9)} == {
        "login",
        "damaged",
    }


async def test_what_is_read_is_found_by_an_index(tmp_path: Path) -> None:
    """However long the log is."""
    path = written(tmp_path, 1)
    query, values = _query(LogScope("ada", teams=frozenset(("imaging",))), 9, 9)
    with LogFile(path) as file:
        plan = [row[3] for row in file._rows(f"EXPLAIN QUERY PLAN {query}", *values)]
    assert any("entries_by_user" in step for step in plan)
    assert any("entries_by_team" in step for step in plan)
    assert not any(step.startswith("SCAN entries") for step in plan)


async def test_no_log_has_no_entries(tmp_path: Path) -> None:
    """The page shows that nobody has come yet."""
    assert await StoreReader(tmp_path).entries(ALL, before=None, limit=5) == []
