"""The hub's REST API; a real hub answers in tests/services/web."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from swish_spawner.adapters.hub import Hub
from swish_spawner.errors import NotThere, Unavailable


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


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    """A hub of these people."""
    app = web.Application()
    app.router.add_get("/users", users)
    app.router.add_get("/users/{name}", user)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    yield Hub(f"http://{host}:{port}", "token")
    await runner.cleanup()


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
