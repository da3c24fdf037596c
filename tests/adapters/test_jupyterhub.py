"""The hub's REST API; a real hub answers in tests/services."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from benchmarks.serving import serving
from swish_spawner.adapters.jupyterhub import Hub
from swish_spawner.errors import NotThere, Unavailable

TOLD = web.AppKey("told", list[Any])
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


async def users(request: web.Request) -> web.StreamResponse:
    """Answer with pages of one person each."""
    offset = int(request.query["offset"])
    person = {"name": f"user-{offset}", "groups": [f"group-{offset}"]}
    following = {"offset": offset + 1, "limit": 1, "url": ""} if offset < 2 else None
    return web.json_response({"items": [person], "_pagination": {"next": following}})


async def user(request: web.Request) -> web.StreamResponse:
    """Answer by the person's name."""
    name = request.match_info["name"]
    statuses = {"gone": 404, "refused": 403, "failing": 500}
    if name in statuses:
        return web.json_response({"message": "x"}, status=statuses[name])
    return web.Response(text="<html>") if name == "strange" else web.json_response({"name": name})


async def activity(request: web.Request) -> web.StreamResponse:
    """Remember what was told, or refuse it by the person's name."""
    name = request.match_info["name"]
    if name == "ada":
        request.app[TOLD].append(await request.json())
        return web.Response(status=204)
    statuses = {"gone": 404, "stopped": 400, "refused": 403, "failing": 503}
    return web.json_response({"message": "x"}, status=statuses[name])


@pytest.fixture
def told() -> list[Any]:
    """What the hub was told of uses."""
    return []


@pytest.fixture
async def hub(told: list[Any]) -> AsyncIterator[Hub]:
    """A hub of these people."""
    app = web.Application()
    app.router.add_get("/users", users)
    app.router.add_get("/users/{name}", user)
    app.router.add_post("/users/{name}/activity", activity)
    app[TOLD] = told
    async with serving(app) as url:
        yield Hub(url, "token")


async def test_every_page_of_users_is_read(hub: Hub) -> None:
    """Nobody is left out because there are many."""
    assert await hub.groups() == {f"user-{n}": frozenset({f"group-{n}"}) for n in range(3)}


async def test_a_name_is_one_part_of_the_address(hub: Hub) -> None:
    """Whatever is in it."""
    assert (await hub.user("a/../b?c"))["name"] == "a/../b?c"


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("gone", NotThere, "does not know this user"),
        ("refused", Unavailable, "same web-token"),
        ("failing", Unavailable, "does not answer"),
        ("strange", Unavailable, "does not answer"),
    ],
)
async def test_other_answers(hub: Hub, name: str, error: type[Exception], words: str) -> None:
    """Each says what to do."""
    with pytest.raises(error, match=words):
        await hub.user(name)


async def test_a_hub_that_is_away() -> None:
    """Nothing of its address or of the token is in the text."""
    with pytest.raises(Unavailable, match="JupyterHub does not answer") as away:
        await Hub("http://127.0.0.1:9", "secret").user("ada")
    assert "secret" not in str(away.value)
    assert "secret" not in repr(Hub("http://127.0.0.1:9", "secret"))


async def test_a_use_is_told(hub: Hub, told: list[Any]) -> None:
    """Of one server, with its time."""
    await hub.used("ada", "lab", NOON)
    assert told == [{"servers": {"lab": {"last_activity": "2026-03-04T12:00:00+00:00"}}}]


@pytest.mark.parametrize(
    ("name", "error"),
    [("gone", NotThere), ("stopped", NotThere), ("refused", Unavailable), ("failing", Unavailable)],
)
async def test_a_use_that_is_not_taken(hub: Hub, name: str, error: type[Exception]) -> None:
    """Nobody is there to use it, or the hub is to be told later."""
    with pytest.raises(error):
        await hub.used(name, "lab", NOON)
