"""The `LogReader` of the web service's page: records of a scope, the newest first."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from swish_spawner.core.ssh_log.scope import LogScope
from swish_spawner.services.ssh_log.keep.file import LogFile
from swish_spawner.services.ssh_log.keep.store import files

_NEWEST: Final = 2**62


class StoreReader:
    """Reads beside whoever writes.

    Args:
        directory: of the log.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def entries(self, scope: LogScope, *, before: int | None, limit: int) -> Sequence[Mapping[str, Any]]:
        """Return entries of a scope, the newest first, as `LogReader` says.

        Raises:
            StoreError: a file cannot be read.
        """
        return await asyncio.to_thread(self._entries, scope, _NEWEST if before is None else before, limit)

    def _entries(self, scope: LogScope, before: int, limit: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for path in reversed(files(self._directory)):
            if len(found) >= limit:
                break
            with LogFile(path) as file:
                query, values = _query(scope, before, limit - len(found))
                found += [_entry(number, body) for number, body in file.select(query, *values)]
        return found


def _query(scope: LogScope, before: int, limit: int) -> tuple[str, list[object]]:
    """Return a query that takes each part of a scope by its index, however long the log is."""
    parts, values = [], list[object]()
    for condition, value in _selectors(scope):
        where = " AND ".join(["number < ?", *condition])
        parts.append(f"SELECT * FROM (SELECT number FROM entries WHERE {where} ORDER BY number DESC LIMIT ?)")  # noqa: S608 - texts of this module
        values += [before, *value, limit]
    numbers = " UNION ".join(parts)
    query = f"SELECT number, body FROM entries WHERE number IN ({numbers}) ORDER BY number DESC LIMIT ?"  # noqa: S608 - as above
    return query, [*values, limit]


def _selectors(scope: LogScope) -> Iterator[tuple[list[str], list[object]]]:
    conditions: list[str] = ["environment = ?"] if scope.environment is not None else []
    values: list[object] = [scope.environment] if scope.environment is not None else []
    if scope.everything:
        yield conditions, values
        return
    for column, value in (("user", scope.owner), *(("team", team) for team in sorted(scope.teams))):
        if value:  # a refusal at the gateway is nobody's
            yield [f"{column} = ?", *conditions], [value, *values]
    if not (scope.owner or scope.teams):
        yield ["number < 0"], []


def _entry(number: int, body: str) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except ValueError:
        # somebody changed the file by hand; `swish audit verify` says more
        document = {"event": "damaged", "time": "", "environment": "", "team": "", "user": "", "source": ""}
    return {**document, "number": number}
