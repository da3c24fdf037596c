"""JupyterHub's REST API, as much of it as services beside the hub ask."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from aiohttp import ClientError, ClientSession, ClientTimeout

from swish_spawner.errors import NotThere, Unavailable

#: For one answer. A hub that restarts is away for some seconds, and a person rather reads so than waits for it.
_SECONDS: Final = 10.0
_PAGE: Final = 200
_GOOD: Final = range(200, 300)
_AWAY: Final = "JupyterHub does not answer. Environments that run go on running; try again in a minute."


@dataclass(frozen=True, slots=True)
class Hub:
    """One JupyterHub.

    Attributes:
        url: of its REST API, e.g. ``http://hub:8081/hub/api``.
        token: of the service that asks.
    """

    url: str
    token: str = field(repr=False)

    async def user(self, name: str) -> Mapping[str, Any]:
        """Return a person with groups and servers, those that do not run too, as the hub's API describes them.

        Raises:
            NotThere: the hub has no such user.
            Unavailable: the hub does not answer, or not to this service.
        """
        found: Mapping[str, Any] = await self._get(f"users/{quote(name, safe='')}?include_stopped_servers=1")
        return found

    async def groups(self) -> dict[str, frozenset[str]]:
        """Return the groups of every user, by name.

        Raises:
            Unavailable: the hub does not answer, or not to this service.
        """
        found: dict[str, frozenset[str]] = {}
        page = {"next": {"offset": 0}}
        while page["next"]:
            path = f"users?offset={page['next']['offset']}&limit={_PAGE}"
            answer = await self._get(path, {"Accept": "application/jupyterhub-pagination+json"})
            found |= {user["name"]: frozenset(user.get("groups", ())) for user in answer["items"]}
            page = answer["_pagination"]
        return found

    async def used(self, user: str, server: str, when: datetime) -> None:
        """Tell the hub that a server was in use; it keeps the latest time that it was told.

        Raises:
            NotThere: the hub has no such user or server.
            Unavailable: the hub does not answer, or not to this service.
        """
        body = {"servers": {server: {"last_activity": when.isoformat()}}}
        status, answer = await self._answer("POST", f"users/{quote(user, safe='')}/activity", json=body)
        if status == HTTPStatus.BAD_REQUEST:
            raise NotThere("JupyterHub does not know this server, or not any more.")
        if status not in _GOOD:
            _json(status, answer)

    async def _get(self, path: str, headers: Mapping[str, str] | None = None) -> Any:
        return _json(*await self._answer("GET", path, headers=headers or {}))

    async def _answer(self, method: str, path: str, **sent: Any) -> tuple[int, bytes]:
        sent["headers"] = {"Authorization": f"token {self.token}", **sent.get("headers", {})}
        try:
            async with (
                ClientSession(timeout=ClientTimeout(total=_SECONDS)) as session,
                session.request(method, f"{self.url}/{path}", **sent) as answer,
            ):
                return answer.status, await answer.read()
        except (ClientError, TimeoutError, OSError) as error:
            raise Unavailable(_AWAY) from error


def _json(status: int, body: bytes) -> Any:
    if status == HTTPStatus.NOT_FOUND:
        raise NotThere("JupyterHub does not know this user, or not any more.")
    if status in (HTTPStatus.FORBIDDEN, HTTPStatus.UNAUTHORIZED):
        raise Unavailable(
            "JupyterHub does not know the token of Swish's web service. Ask your administrator to restart hub and web, "
            "so that both read the same web-token from the hub's Secret."
        )
    try:
        if status != HTTPStatus.OK:
            raise Unavailable(_AWAY)
        return json.loads(body)
    except ValueError as error:
        raise Unavailable(_AWAY) from error
