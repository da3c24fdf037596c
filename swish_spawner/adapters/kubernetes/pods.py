"""Requests about the pods of one namespace."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus
from typing import Any, Final

from swish_spawner.adapters.kubernetes.pieces import lines
from swish_spawner.adapters.kubernetes.requests import Patience, Resource
from swish_spawner.errors import ClusterRefused

#: To begin a log, and between two lines of it (seconds): who installs packages may be silent for long.
_LOG_TIMES: Final = (10, 900)
#: The most that is read of one log, and the longest line (bytes).
_LOG_MOST: Final = 4 * 2**20
_LINE_MOST: Final = 64 * 2**10


class Pods:
    """The pods of one namespace.

    Args:
        api: KubeSpawner's own CoreV1Api, whose types know no plain data.
        namespace: of the pods.
        patience: with each request.

    All its methods but `log` raise ClusterAway when no answer comes in time.
    """

    def __init__(self, api: Any, namespace: str, patience: Patience) -> None:
        self._api = api
        self._namespace = namespace
        self._patience = patience

    async def create(self, manifest: Mapping[str, Any]) -> Resource:
        """Make a pod and return it as the API server has it.

        Raises:
            AlreadyThere: there is a pod of that name, maybe from an earlier try of this very call.
            ClusterRefused: the API server will not have it.
        """
        create, options = self._api.create_namespaced_pod, self._patience.options
        return await self._patience.answer(lambda: create(self._namespace, manifest, **options))

    async def read(self, name: str) -> Resource | None:
        """Return the pod, or None if there is none.

        Raises:
            ClusterRefused: the API server will not say.
        """
        read, options = self._api.read_namespaced_pod, self._patience.options
        try:
            return await self._patience.answer(lambda: read(name, self._namespace, **options))
        except ClusterRefused as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    async def list(self, selector: str) -> list[Resource]:
        """Return the pods that a label selector selects.

        Raises:
            ClusterRefused: the API server will not say.
        """
        ask, options = self._api.list_namespaced_pod, self._patience.options
        found = await self._patience.answer(lambda: ask(self._namespace, label_selector=selector, **options))
        items: list[Resource] = found["items"]
        return items

    async def delete(self, name: str, uid: str, grace_seconds: int | None, version: str | None = None) -> bool:
        """Ask for a pod's end; it is gone some time after. No other pod of that name is deleted.

        Args:
            name: of the pod.
            uid: of the pod; a newer one of that name is left alone.
            grace_seconds: what its containers get to end by themselves; None is what the pod says.
            version: its resource version; a pod that has changed since is left alone. None is whichever.

        Returns:
            Whether it will end; not if it is gone already, or another, or changed.

        Raises:
            ClusterRefused: the API server will not.
        """
        preconditions = {"uid": uid} | ({"resourceVersion": version} if version else {})
        body: dict[str, Any] = {"preconditions": preconditions}
        if grace_seconds is not None:
            body["gracePeriodSeconds"] = grace_seconds
        return await self._patience.deletion(self._api.delete_namespaced_pod, name, self._namespace, body=body)

    async def log(self, name: str, container: str) -> AsyncIterator[str]:
        """Yield the lines of a container that runs, until it ends or has said too much.

        Raises:
            ClusterRefused: the API server does not give the log.
            ClientError: the connection broke.
        """
        response = await self._api.read_namespaced_pod_log(
            name,
            self._namespace,
            container=container,
            follow=True,
            limit_bytes=_LOG_MOST,
            _preload_content=False,
            _request_timeout=_LOG_TIMES,
        )
        try:
            if response.status != HTTPStatus.OK:
                raise ClusterRefused(f"no log of {container}: {response.reason}", response.status)
            async for several in lines(response.content, _LINE_MOST):
                for line in several:
                    yield line.decode(errors="replace")
        finally:
            response.close()
