"""The tables of a file of the ssh log, and the triggers that let records only be added.

The triggers refuse what an honest program never does. Who writes around them breaks the chain, and a verification finds
that, as it finds triggers that are gone.
"""

from __future__ import annotations

from typing import Final

TABLES: Final = (
    """CREATE TABLE entries (
  number INTEGER PRIMARY KEY,
  hash TEXT NOT NULL,
  body TEXT NOT NULL,
  user TEXT GENERATED ALWAYS AS (json_extract(body, '$.user')) VIRTUAL,
  team TEXT GENERATED ALWAYS AS (json_extract(body, '$.team')) VIRTUAL,
  environment TEXT GENERATED ALWAYS AS (json_extract(body, '$.environment')) VIRTUAL
) STRICT""",
    "CREATE INDEX entries_by_user ON entries (user, number)",
    "CREATE INDEX entries_by_team ON entries (team, number)",
    "CREATE INDEX entries_by_environment ON entries (environment, number)",
    # what comes before the first record, and once the file is closed, its last one
    "CREATE TABLE before (number INTEGER NOT NULL, hash TEXT NOT NULL) STRICT",
    "CREATE TABLE seal (number INTEGER NOT NULL, hash TEXT NOT NULL) STRICT",
    # how far each container's log has been read; written with the records that were read
    "CREATE TABLE positions (container TEXT PRIMARY KEY, position TEXT NOT NULL) STRICT",
)


def _refusing(name: str, when: str, words: str) -> str:
    return f"CREATE TRIGGER {name} BEFORE {when} BEGIN SELECT RAISE(ABORT, '{words}'); END"


GUARDS: Final = (
    *(
        _refusing(f"{table}_no_{verb}", f"{verb.upper()} ON {table}", "the ssh log is only added to")
        for table in ("entries", "before", "seal")
        for verb in ("update", "delete")
    ),
    _refusing(
        "entries_in_order",
        # a REPLACE would delete without the trigger above
        "INSERT ON entries WHEN NEW.number <> 1 + coalesce((SELECT max(number) FROM entries), "
        "(SELECT number FROM before))",
        "records of the ssh log are numbered",
    ),
    _refusing(
        "entries_sealed",
        "INSERT ON entries WHEN EXISTS (SELECT 1 FROM seal)",
        "this file of the ssh log is closed",
    ),
    *(
        _refusing(f"{table}_once", f"INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table})", f"there is one {table}")  # noqa: S608 - names of this module
        for table in ("before", "seal")
    ),
)
