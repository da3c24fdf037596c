"""One file of the ssh log: SQLite, to which only is added, with each record chained to the one before.

A rollback journal and full syncs, no write-ahead log: a record that was confirmed outlives a loss of power, and nothing
needs shared memory, which volumes over a network do not have.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final, Self

from swish_spawner.core.ssh_log.chain import Kept, Link, append
from swish_spawner.errors import SwishError
from swish_spawner.services.ssh_log.keep.schema import GUARDS, TABLES

#: So many records are read at a time: who reads for long keeps nobody from writing.
_PIECE: Final = 1000
#: To wait for another process that reads or rotates (seconds).
_BUSY: Final = 30.0


class StoreError(SwishError):
    """A file of the ssh log cannot be read or written; the text says which, and what SQLite says."""


class Sealed(SwishError):  # noqa: N818 - what happened, as the errors of the tree are named
    """The file is closed; records go into the next one."""


class LogFile:
    """One file, for one thread at a time.

    Args:
        path: of a file that is there.
        writes: whether records are added; who only reads cannot change it.

    Raises:
        StoreError: it cannot be opened. So does every method.
    """

    def __init__(self, path: Path, *, writes: bool = False) -> None:
        self.path = path
        with self._telling():
            # what was begun by a process that was killed is undone at the first look, so even that needs to write
            uri = f"{path.absolute().as_uri()}?mode=rw"
            self._db = sqlite3.connect(uri, uri=True, timeout=_BUSY, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute(f"PRAGMA query_only = {'OFF' if writes else 'ON'}")
            if writes:
                self._db.execute("PRAGMA journal_mode = TRUNCATE")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    @classmethod
    def make(cls, path: Path, before: Link, positions: Mapping[str, str]) -> None:
        """Make a file, whole or not at all.

        Args:
            path: of the new file.
            before: the last record of the file before it.
            positions: how far each container's log has been read.
        """
        new = path.with_suffix(".new")
        try:
            new.unlink(missing_ok=True)
            new.touch(mode=0o600)
            with closing(sqlite3.connect(new, isolation_level=None)) as db:
                db.execute("PRAGMA synchronous = FULL")
                db.execute("BEGIN")
                for statement in (*TABLES, *GUARDS):
                    db.execute(statement)
                db.execute("INSERT INTO before VALUES (?, ?)", (before.number, before.hash))
                db.executemany("INSERT INTO positions VALUES (?, ?)", positions.items())
                db.execute("COMMIT")
            new.replace(path)
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"{path.name} cannot be made: {error}") from error

    @property
    def before(self) -> Link:
        """The last record of the file before this one."""
        rows = self._rows("SELECT number, hash FROM before")
        if not rows:
            raise StoreError(f"{self.path.name} does not say what comes before it")
        return Link(*rows[0])

    @property
    def last(self) -> Link:
        """Its last record, or what comes before it if it has none."""
        rows = self._rows("SELECT number, hash FROM entries ORDER BY number DESC LIMIT 1")
        return Link(*rows[0]) if rows else self.before

    @property
    def sealed(self) -> bool:
        """Whether it is closed."""
        return bool(self._rows("SELECT 1 FROM seal"))

    @property
    def positions(self) -> dict[str, str]:
        """How far each container's log has been read."""
        return dict(self._rows("SELECT container, position FROM positions"))

    def append(self, bodies: Sequence[str], positions: Mapping[str, str | None]) -> Link:
        """Add records, and how far logs have been read with them: all of it or nothing, on the disk at return.

        Args:
            bodies: the records' texts.
            positions: by container; None forgets one.

        Returns:
            The last record.

        Raises:
            Sealed: the file is closed.
        """
        with self._telling(), self._transaction():
            if self.sealed:
                raise Sealed(self.path.name)
            last = self.last
            for body in bodies:
                kept = append(last, body)
                self._db.execute("INSERT INTO entries (number, hash, body) VALUES (?, ?, ?)", _row(kept))
                last = Link(kept.number, kept.hash)
            for container, position in positions.items():
                self._place(container, position)
        return last

    def seal(self) -> None:
        """Close the file; no record can be added after that."""
        with self._telling(), self._transaction():
            if not self.sealed:
                last = self.last
                self._db.execute("INSERT INTO seal VALUES (?, ?)", (last.number, last.hash))

    def records(self, after: int = 0) -> Iterator[Kept]:
        """Yield the records of higher numbers than one, in their order."""
        number = after
        while True:
            query = "SELECT number, hash, body FROM entries WHERE number > ? ORDER BY number LIMIT ?"
            rows = self._rows(query, number, _PIECE)
            for row in rows:
                yield Kept(*row)
            if len(rows) < _PIECE:
                return
            number = rows[-1][0]

    def select(self, query: str, *values: object) -> list[tuple[int, str]]:
        """Return the numbers and texts that a query gives."""
        return [(number, body) for number, body in self._rows(query, *values)]

    def damage(self) -> str | None:
        """Return what is wrong with the file itself: a guard that is gone or other than it was, or SQLite's finding."""
        there = {sql for (sql,) in self._rows("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")}
        if there != {*TABLES, *GUARDS}:
            return "its tables or the triggers that guard them were changed"
        ((finding,),) = self._rows("PRAGMA integrity_check(1)")
        return None if finding == "ok" else f"SQLite finds: {finding}"

    def _place(self, container: str, position: str | None) -> None:
        if position is None:
            self._db.execute("DELETE FROM positions WHERE container = ?", (container,))
        else:
            self._db.execute("INSERT OR REPLACE INTO positions VALUES (?, ?)", (container, position))

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._telling():
            return self._db.execute(query, values).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(f"{self.path.name}: {error}") from error


def _row(kept: Kept) -> tuple[int, str, str]:
    return kept.number, kept.hash, kept.body
