"""The view of the nodes: one look for all pages, in the background, and none where the hub may not look."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
from kubernetes_asyncio.client import ApiClient, Configuration, CoreV1Api

from swish_spawner.adapters.kubernetes import nodes
from swish_spawner.adapters.kubernetes.nodes import NodeView
from swish_spawner.adapters.kubernetes.requests import Patience
from tests.fake_api import FakeApi, serve

PATIENCE = Patience(10, 5)


def pod(node: str) -> dict[str, Any]:
    """A pod that asks for one core of a node."""
    container = {"name": "c", "resources": {"requests": {"cpu": "1"}}}
    return {"metadata": {"name": "p", "namespace": "swish"}, "spec": {"nodeName": node, "containers": [container]}}


@pytest.fixture
async def api() -> AsyncIterator[FakeApi]:
    """An API server with one node and a pod on it that is not the hub's."""
    async with serve(FakeApi()) as served:
        status = {"allocatable": {"cpu": "4"}, "conditions": [{"type": "Ready", "status": "True"}]}
        metadata = {"name": "one", "namespace": ""}
        served.change("nodes", "ADDED", {"metadata": metadata, "spec": {}, "status": status})
        served.change("pods", "ADDED", pod("one"))
        yield served


@pytest.fixture
async def client(api: FakeApi) -> AsyncIterator[CoreV1Api]:
    """A client of it."""
    async with ApiClient(Configuration(host=api.url)) as made:
        yield CoreV1Api(made)


@pytest.fixture
async def view() -> AsyncIterator[NodeView]:
    """A view whose task ends with the test."""
    made = NodeView()
    yield made
    await made.stop()


async def want(view: NodeView, client: CoreV1Api, *own: dict[str, Any]) -> None:
    """Ask for a view."""
    await view.want(client, PATIENCE, lambda: own, 2)


async def test_the_first_who_asks_gets_a_view(view: NodeView, client: CoreV1Api) -> None:
    """Every pod of the cluster counts."""
    await want(view, client)
    (node,) = view.nodes() or ()
    assert (node.name, node.allocatable.cpu, node.used.cpu) == ("one", Decimal(4), Decimal(1))


async def test_many_pages_ask_the_server_once(api: FakeApi, view: NodeView, client: CoreV1Api) -> None:
    """They read what the task saw last."""
    await asyncio.gather(*(want(view, client) for _ in range(20)))
    await want(view, client)
    assert (api.requests["LIST nodes"], api.requests["LIST pods"]) == (1, 1)


@pytest.mark.parametrize("status", [401, 403])
async def test_who_may_not_list_nodes_has_no_view(api: FakeApi, view: NodeView, client: CoreV1Api, status: int) -> None:
    """And does not ask again with each page."""
    api.failures["LIST nodes"] = [(status, "no")] * 9
    for _ in range(5):
        await want(view, client)
    assert view.nodes() is None
    assert api.requests["LIST nodes"] == 1


async def test_who_may_not_list_all_pods_counts_its_own(api: FakeApi, view: NodeView, client: CoreV1Api) -> None:
    """Those the hub watches anyway."""
    api.failures["LIST pods"] = [(403, "no")]
    await want(view, client, pod("one"), pod("one"))
    (node,) = view.nodes() or ()
    assert node.used.cpu == Decimal(2)


async def test_a_server_that_is_away_holds_no_page_up(api: FakeApi, view: NodeView, client: CoreV1Api) -> None:
    """The page is shown without."""
    api.slow_seconds = 1
    await view.want(client, PATIENCE, list, 0.05)
    assert view.nodes() is None


async def test_an_answer_that_nobody_understands_is_no_view(api: FakeApi, view: NodeView, client: CoreV1Api) -> None:
    """It is logged, and the page is shown without."""
    bad = {"metadata": {"name": "two", "namespace": ""}, "status": {"allocatable": {"cpu": "many"}}}
    api.change("nodes", "ADDED", bad)
    await want(view, client)
    assert view.nodes() is None


async def test_the_task_looks_again_while_it_is_wanted(
    api: FakeApi, view: NodeView, client: CoreV1Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And ends by itself when it no longer is."""
    monkeypatch.setattr(nodes, "_LOOK_AGAIN", 0.01)
    monkeypatch.setattr(nodes, "_UNWANTED", 0.3)
    await want(view, client)
    assert view._task is not None
    await asyncio.wait_for(view._task, 5)
    assert api.requests["LIST nodes"] > 1


async def test_a_cluster_too_large_to_look_at_has_no_view(
    view: NodeView, client: CoreV1Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hub's event loop is worth more."""
    monkeypatch.setattr(nodes, "_MOST", -1)
    await want(view, client)
    assert view.nodes() is None
