"""Logs to look at: records of log-ins in a store on disk."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from swish_spawner.core.ssh_log.chain import body_of
from swish_spawner.services.ssh_log.keep.store import Store, files


def login(connection: int, *, environment: str = "ada", team: str = "imaging", user: str = "ada") -> str:
    """The text of a record."""
    return body_of(
        {
            "time": "2026-03-04T05:06:07+00:00",
            "environment": environment,
            "team": team,
            "user": user,
            "event": "login",
            "connection": connection,
            "source": "sidecar",
        }
    )


def written(directory: Path, count: int) -> Path:
    """Write so many records, and return the file they are in."""
    store = Store(directory)
    store.append([login(number) for number in range(count)], {})
    store.close()
    return files(directory)[-1]


def by_hand(path: Path, *statements: str) -> None:
    """Change a file as somebody does who has it: with SQLite, without the store."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for statement in statements:
            db.execute(statement)
