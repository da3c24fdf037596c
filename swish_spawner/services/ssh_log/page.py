"""Who entered: the ssh log as a page and as REST."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from tornado import web

from swish_spawner.adapters.ports import LogReader
from swish_spawner.core.ssh_log.scope import LogScope, log_scope
from swish_spawner.core.ssh_log.words import sentence
from swish_spawner.errors import NotThere, RequestError
from swish_spawner.services.site.handlers import Api, ForPeople, Page, Route
from swish_spawner.services.site.site import Room

#: How many entries a page shows, and how many one answer of the REST API gives at the most.
_PAGE: Final = 100
_MOST: Final = 1000
#: The greatest number of an entry that SQLite can have.
_GREATEST: Final = 2**63 - 1


@dataclass(frozen=True)
class Log(Room):
    """The room.

    Attributes:
        log: returns the ssh log; None where none is kept and none ever was.
    """

    log: Callable[[], LogReader | None]


class _Log(ForPeople):
    room: Log

    def scope(self) -> LogScope:
        """Return what this person may read, of the environment that is asked for."""
        environment = self.get_query_argument("environment", "").strip() or None
        admin = bool(self.current_user.get("admin"))
        return log_scope(self.user, self.groups, self.site.policy(), admin=admin, environment=environment)

    def number(self, name: str, usual: int | None, most: int | None = None) -> int | None:
        """Return a number of the query.

        Raises:
            RequestError: it is none, or too large.
        """
        text = self.get_query_argument(name, "")
        if not text:
            return usual
        is_number = text.isascii() and text.isdigit() and len(text) <= len(str(_GREATEST))
        if not (is_number and 0 < int(text) <= (most or _GREATEST)):
            raise RequestError(name, f"must be a whole number from 1{f' to {most}' if most else ''}")
        return int(text)

    async def entries(self, limit: int) -> Sequence[Mapping[str, Any]] | None:
        """Return the entries that are asked for, the newest first; None where no log is kept."""
        before, log = self.number("before", None), self.room.log()
        return None if log is None else await log.entries(self.scope(), before=before, limit=limit)


class LogPage(_Log, Page):
    """Who entered one's environments, and for leads their team's."""

    @web.authenticated
    async def get(self) -> None:
        """Show the newest entries, or those before an entry."""
        scope, found = self.scope(), await self.entries(_PAGE)
        entries = found or ()
        teams = [self.site.policy().teams[name].title for name in sorted(scope.teams)]
        await self.show(
            "log.html",
            kept=found is not None,
            scope=scope,
            teams=teams,
            entries=[(entry, sentence(entry)) for entry in entries],
            older=entries[-1]["number"] if len(entries) == _PAGE else None,
            is_newest=not self.get_query_argument("before", ""),
        )


class LogApi(_Log, Api):
    """The same as JSON."""

    async def get(self) -> None:
        """Answer with entries, as they are kept."""
        limit = self.number("limit", _PAGE, _MOST)
        entries = await self.entries(limit or _PAGE)
        if entries is None:
            raise NotThere("No log of ssh is kept in this installation.")
        self.answer({"entries": list(entries)}, HTTPStatus.OK)


def routes(room: Log) -> list[Route]:
    """Return what is answered here, by the pattern of its path below the service's."""
    return [("log", LogPage, room), ("api/log", LogApi, room)]
