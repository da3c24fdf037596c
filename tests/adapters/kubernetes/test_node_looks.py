"""Single nodes are looked at when somebody asks, once for all, and not where the hub may not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from kubernetes_asyncio.client import ApiClient, Configuration, CoreV1Api

from swish_spawner.adapters.kubernetes import node_looks
from swish_spawner.adapters.kubernetes.node_looks import NodeLooks
from swish_spawner.adapters.kubernetes.requests import Patience
from tests.fake_api import FakeApi, serve

PATIENCE = Patience(10, 10)
SILENT = {"type": "Ready", "status": "Unknown"}


@pytest.fixture
async def api() -> AsyncIterator[FakeApi]:
    """An API server with two nodes, one of which does not answer."""
    async with serve(FakeApi()) as served:
        for name, status in (("one", "True"), ("two", "Unknown")):
            conditions = [{"type": "Ready", "status": status}]
            metadata = {"name": name, "namespace": "", "labels": {"large": "text"}}
            served.change("nodes", "ADDED", {"metadata": metadata, "status": {"conditions": conditions, "images": []}})
        yield served


@pytest.fixture
def looks() -> NodeLooks:
    """What is tested."""
    return NodeLooks()


@pytest.fixture
async def look(api: FakeApi, looks: NodeLooks) -> AsyncIterator[Callable[[str], Any]]:
    """Looks at a node by its name."""
    async with ApiClient(Configuration(host=api.url)) as made:
        client = CoreV1Api(made)
        yield lambda name: looks.look(client, PATIENCE, name)
        await looks.stop()


async def seen(look: Callable[[str], Any], name: str) -> Any:
    """Ask until something is known."""
    async with asyncio.timeout(10):
        while (node := look(name)) is None:  # noqa: ASYNC110 - it is asked, and does not tell
            await asyncio.sleep(0.005)
    return node


async def test_the_node_of_that_name_is_seen(look: Callable[[str], Any]) -> None:
    """With nothing but its conditions."""
    assert await seen(look, "two") == {"status": {"conditions": [SILENT]}}


async def test_a_node_that_is_gone_is_empty(look: Callable[[str], Any]) -> None:
    """Which is not the same as one of which nothing is known."""
    assert await seen(look, "three") == {}


async def test_many_who_ask_are_one_request(api: FakeApi, look: Callable[[str], Any]) -> None:
    """And none of them waits."""
    assert [look("one") for _ in range(50)] == [None] * 50
    await seen(look, "one")
    look("one")
    assert api.requests["LIST nodes"] == 1


async def test_a_node_is_looked_at_again(
    api: FakeApi, look: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a while, so that one that is back is seen to be."""
    monkeypatch.setattr(node_looks, "_LOOK_AGAIN", 0.0)
    await seen(look, "two")
    api.objects["nodes"]["/two"]["status"]["conditions"] = []
    async with asyncio.timeout(10):
        while look("two") != {"status": {"conditions": []}}:  # noqa: ASYNC110 - it is asked, and does not tell
            await asyncio.sleep(0.005)


async def test_what_was_seen_long_ago_is_not_known(look: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """The API server has been away since."""
    await seen(look, "two")
    monkeypatch.setattr(node_looks, "_STALE", 0.0)
    assert look("two") is None


@pytest.mark.parametrize("status", [401, 403])
async def test_who_may_not_look_does_not_ask_again(
    api: FakeApi, looks: NodeLooks, look: Callable[[str], Any], status: int
) -> None:
    """Nothing is known then, of any node."""
    api.failures["LIST nodes"] = [(status, "no")] * 9
    for name in ("one", "two", "three"):
        assert look(name) is None
        await asyncio.gather(*looks._looking.values())
    assert api.requests["LIST nodes"] == 1


async def test_an_answer_that_cannot_be_read_is_none(api: FakeApi, look: Callable[[str], Any]) -> None:
    """The next look may do better."""
    api.failures["LIST nodes"] = [(500, "etcdserver: no leader")]
    assert look("one") is None
    assert await seen(look, "one")
