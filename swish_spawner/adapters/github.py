"""The public keys that a GitHub account shows to everybody."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from aiohttp import ClientError, ClientSession, ClientTimeout, StreamReader

from swish_spawner.errors import NotThere, RequestError, Unavailable

#: What GitHub itself lets a login be.
_LOGIN: Final = re.compile(r"[A-Za-z0-9](?:-?[A-Za-z0-9]){0,38}")
_SECONDS: Final = 10.0
#: The most that is read of an answer (bytes).
_ANSWER_MOST: Final = 2**20


@dataclass(frozen=True, slots=True)
class GitHubKeys:
    """The accounts of one GitHub.

    Attributes:
        url: of its REST API.
    """

    url: str = "https://api.github.com"

    async def lines(self, login: str) -> tuple[str, ...]:
        """Return the public keys of an account, as lines without comment.

        Raises:
            RequestError: no account can have this login.
            NotThere: no account has it.
            Unavailable: GitHub does not answer, or not with keys.
        """
        if not _LOGIN.fullmatch(login):
            raise RequestError("github", "is no GitHub user name: letters, digits and inner dashes, at most 39")
        timeout = ClientTimeout(total=_SECONDS)
        try:
            # a redirection could lead to an address that only this pod reaches
            async with (
                ClientSession(timeout=timeout, trust_env=True) as session,
                session.get(f"{self.url}/users/{login}/keys?per_page=100", allow_redirects=False) as answer,
            ):
                return _keys(login, answer.status, await _read(answer.content))
        except (ClientError, TimeoutError, OSError) as error:
            raise Unavailable("GitHub does not answer. Nothing was changed; try again, or paste a key.") from error


async def _read(content: StreamReader) -> bytes:
    """Return an answer up to its most bytes; a longer one is then no JSON."""
    body = bytearray()
    async for chunk in content.iter_any():
        body += chunk
        if len(body) > _ANSWER_MOST:
            break
    return bytes(body[:_ANSWER_MOST])


def _keys(login: str, status: int, body: bytes) -> tuple[str, ...]:
    if status == HTTPStatus.NOT_FOUND:
        raise NotThere(f"GitHub has no user {login}.")
    try:
        found: Any = json.loads(body) if status == HTTPStatus.OK else None
        return tuple(str(key["key"]) for key in found)
    except (ValueError, TypeError, KeyError) as error:
        raise Unavailable(
            "GitHub refuses to list keys now. Nothing was changed; try again later, or paste a key."
        ) from error
