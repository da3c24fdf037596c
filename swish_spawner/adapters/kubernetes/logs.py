"""The logs of containers, line by line with the node's times, for as long as the containers run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from copy import copy
from http import HTTPStatus
from typing import Any, Final

from aiohttp import ClientError, ClientTimeout
from kubernetes_asyncio.client import ApiClient, Configuration

from swish_spawner.adapters.kubernetes.pieces import lines
from swish_spawner.errors import ClusterAway, ClusterRefused

#: So many connections are opened at once, since a service that begins reads every log on; each has its turn for so long
#: (seconds). The kubelet answers with the first line, and a silent log is no reason to keep others waiting.
_AT_ONCE, _TURN = 20, 1.0
#: To begin, and between two pieces of a log (seconds). One that is silent for longer is opened anew: the connection may
#: have died without a word.
_CONNECT, _SILENCE = 10, 900
#: A longer line (bytes) is cut: none of ours is so long.
_LONGEST: Final = 16 * 2**10


def log_client() -> ApiClient:
    """Return a client for many logs at once; others have so few connections that logs would hold all of them."""
    configuration = copy(Configuration.get_default_copy())
    configuration.connection_pool_maxsize = 0  # no bound
    return ApiClient(configuration)


class PodLogs:
    """Reads logs.

    Args:
        api: a CoreV1Api over `log_client`, whose types know no plain data.
    """

    def __init__(self, api: Any) -> None:
        self._api = api
        self._opening = asyncio.Semaphore(_AT_ONCE)

    async def lines(
        self, namespace: str, pod: str, container: str, *, seconds_back: int | None, previous: bool = False
    ) -> AsyncIterator[list[str]]:
        """Yield the lines of a container that are there and those that come, in pieces, until it ends.

        Args:
            namespace: of the pod.
            pod: its name.
            container: its name.
            seconds_back: only lines since then, by the node's clock; None is all that the node still has.
            previous: whether to read, instead, what the container said before it was last started again.

        Yields:
            Whole lines, each with the node's time before it; first of all none, once the log is open.

        Raises:
            ClusterRefused: the API server does not give the log.
            ClusterAway: it does not answer, or the connection broke.
        """
        since = {} if seconds_back is None else {"since_seconds": seconds_back}
        which = {"previous": True} if previous else {"follow": True}
        try:
            response = await self._open(pod, namespace, container=container, timestamps=True, **since, **which)
            try:
                yield []
                async for several in lines(response.content, _LONGEST):
                    yield [line.decode(errors="replace") for line in several]
            finally:
                response.close()
        except (ClientError, OSError, TimeoutError) as error:
            raise ClusterAway(f"the log of {pod}: {type(error).__name__} {error}".strip()) from error

    async def _open(self, pod: str, namespace: str, **how: Any) -> Any:
        timeout = ClientTimeout(connect=_CONNECT, sock_connect=_CONNECT, sock_read=_SILENCE)
        reading = self._api.read_namespaced_pod_log
        async with self._opening:
            asked = asyncio.ensure_future(
                reading(pod, namespace, _preload_content=False, _request_timeout=timeout, **how)
            )
            try:
                await asyncio.wait({asked}, timeout=_TURN)
            except asyncio.CancelledError:
                asked.cancel()
                raise
        response = await asked
        if response.status != HTTPStatus.OK:
            text = (await response.text())[:500]
            response.close()
            raise ClusterRefused(f"the log of {pod}: {text}", response.status)
        return response
