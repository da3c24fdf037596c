"""Keys of GitHub accounts, over an API of that shape on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from benchmarks.serving import serving
from swish_spawner.adapters.github import GitHubKeys
from swish_spawner.errors import NotThere, RequestError, Unavailable


async def answer(request: web.Request) -> web.StreamResponse:
    """Answer as GitHub does, by the account's name."""
    answers: dict[str, web.StreamResponse] = {
        "ada": web.json_response([{"id": 1, "key": "ssh-ed25519 AAAA"}, {"id": 2, "key": "ssh-rsa BBBB"}]),
        "none": web.json_response([]),
        "limited": web.json_response({"message": "API rate limit exceeded"}, status=403),
        "strange": web.Response(text="<html>"),
        "long": web.Response(body=b"[" + b" " * 2**21 + b"]"),
        "away": web.Response(status=302, headers={"Location": "http://169.254.169.254/"}),
    }
    return answers.get(request.match_info["login"], web.Response(status=404))


@pytest.fixture
async def github() -> AsyncIterator[GitHubKeys]:
    """The accounts of that API."""
    app = web.Application()
    app.router.add_get("/users/{login}/keys", answer)
    async with serving(app) as url:
        yield GitHubKeys(url)


async def test_keys_are_lines(github: GitHubKeys) -> None:
    """As they would be pasted."""
    assert await github.lines("ada") == ("ssh-ed25519 AAAA", "ssh-rsa BBBB")
    assert await github.lines("none") == ()


@pytest.mark.parametrize("login", ["", "-a", "a--b", "../../x", "a/b", "a?b", "x" * 40, "ä"])
async def test_only_what_can_be_an_account_is_asked_for(login: str) -> None:
    """Nothing else gets into an address."""
    with pytest.raises(RequestError):
        await GitHubKeys("http://127.0.0.1:9").lines(login)


async def test_an_account_that_is_not_there(github: GitHubKeys) -> None:
    """Is named."""
    with pytest.raises(NotThere, match="GitHub has no user nobody"):
        await github.lines("nobody")


@pytest.mark.parametrize("login", ["limited", "strange", "long", "away"])
async def test_any_other_answer_is_none(github: GitHubKeys, login: str) -> None:
    """And no redirection is followed."""
    with pytest.raises(Unavailable, match="GitHub refuses"):
        await github.lines(login)


async def test_no_answer_is_said() -> None:
    """With what else one can do."""
    with pytest.raises(Unavailable, match="GitHub does not answer"):
        await GitHubKeys("http://127.0.0.1:9").lines("ada")
