"""The cluster's nodes and what runs on them, as one background task sees them while anybody wants to know.

No launch and no page asks the API server for it: they read what the task saw last. It looks at most every half a
minute, and ends by itself when nobody has asked for some minutes.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from swish_spawner.adapters.kubernetes.pieces import pages
from swish_spawner.adapters.kubernetes.requests import Patience, Resource
from swish_spawner.core.launch.capacity import Node, nodes_of
from swish_spawner.errors import ClusterAway, ClusterRefused

_LOOK_AGAIN: Final = 30.0
#: A view older than this (seconds) is none: the API server has been away.
_STALE: Final = 120.0
#: How long the task goes on looking when nobody asks, and stays away when it may not look (seconds).
_UNWANTED: Final = 300.0
_FORBIDDEN_FOR: Final = 600.0
#: A page of a list, and the most objects that are read; a cluster of more is not looked at.
_PAGE: Final = 100
_MOST: Final = 5000
_REFUSED: Final = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
#: Pods that have a node and have not ended.
_RUNNING: Final = "spec.nodeName!=,status.phase!=Succeeded,status.phase!=Failed"

OwnPods = Callable[[], Iterable[Mapping[str, Any]]]

_log: Final = logging.getLogger(__name__)


class NodeView:
    """What the nodes have room for; None while that is not known."""

    def __init__(self) -> None:
        self._nodes: tuple[Node, ...] | None = None
        self._seen = self._wanted = self._away_until = 0.0
        self._task: asyncio.Task[None] | None = None
        self._first: asyncio.Future[None] | None = None

    def nodes(self) -> tuple[Node, ...] | None:
        """Return what the task saw last, unless that is too long ago."""
        return self._nodes if time.monotonic() - self._seen < _STALE else None

    async def want(self, api: Any, patience: Patience, own_pods: OwnPods, wait_seconds: float) -> None:
        """Have the task look for a while; the first who asks waits a moment for what it sees.

        Args:
            api: KubeSpawner's own CoreV1Api.
            patience: with each request.
            own_pods: gives the pods that the hub watches anyway, which are all that counts if it may list no others.
            wait_seconds: the most that this call takes.
        """
        self._wanted = time.monotonic()
        if self._wanted < self._away_until:
            return
        if self._task is None or self._task.done():
            self._first = asyncio.get_running_loop().create_future()
            self._task = asyncio.create_task(self._keep_looking(_Cluster(api, patience, own_pods), self._first))
        if self.nodes() is None and self._first is not None:
            await asyncio.wait((self._first,), timeout=wait_seconds)

    async def stop(self) -> None:
        """End the task, and forget what it saw."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))
        self._task = self._first = self._nodes = None
        self._away_until = 0.0

    async def _keep_looking(self, cluster: _Cluster, first: asyncio.Future[None]) -> None:
        while time.monotonic() - self._wanted < _UNWANTED:
            try:
                self._nodes, self._seen = await cluster.nodes(), time.monotonic()
            except ClusterAway as error:
                _log.debug("No look at the nodes: %s", error)
            except Exception as error:  # noqa: BLE001 - whatever it is, launch pages do without
                self._nodes, self._away_until = None, time.monotonic() + _FORBIDDEN_FOR
                _log.info("No look at the nodes, so launch pages do not say what is free: %s", error)
                return
            finally:
                if not first.done():
                    first.set_result(None)
            await asyncio.sleep(_LOOK_AGAIN)


class _Cluster:
    """The lists that a view is made of."""

    def __init__(self, api: Any, patience: Patience, own_pods: OwnPods) -> None:
        self._api = api
        self._patience = patience
        self._own_pods = own_pods
        self._may_list_pods = True

    async def nodes(self) -> tuple[Node, ...] | None:
        """Return every node with what runs on it, or None if that is too much to look at."""
        nodes = await _listed(self._api.list_node, self._patience)
        pods = await self._pods()
        return None if nodes is None or pods is None else nodes_of(nodes, pods)

    async def _pods(self) -> Iterable[Mapping[str, Any]] | None:
        if self._may_list_pods:
            try:
                return await _listed(self._api.list_pod_for_all_namespaces, self._patience, field_selector=_RUNNING)
            except ClusterRefused as error:
                if error.status not in _REFUSED:
                    raise
                self._may_list_pods = False
        return self._own_pods()


async def _listed(method: Any, patience: Patience, **arguments: Any) -> list[Resource] | None:
    """Return everything of a kind, or None if that is too much to look at."""
    found: list[Resource] = []
    options = {"limit": _PAGE, **arguments, **patience.options}
    async for page in pages(lambda **place: patience.answer(partial(method, **options, **place))):
        found += page["items"]
        if len(found) > _MOST:
            return None
    return found
