"""Requests to the Kubernetes API with bounded patience: each is tried again until answered, or failed too long.

Answers are read as plain JSON: KubeSpawner's client would make objects of them, which costs more than all the rest.
"""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from aiohttp import ClientError
from kubernetes_asyncio import config

from swish_spawner.adapters.backoff import Backoff
from swish_spawner.errors import AlreadyThere, ClusterAway, ClusterRefused

Resource = dict[str, Any]

_PAUSES: Final = (0.2, 5.0)
_GOOD: Final = range(200, 300)
_TRANSIENT: Final = (HTTPStatus.TOO_MANY_REQUESTS, *range(500, 600))


async def load_config() -> None:
    """Configure all clients of this process: as a pod, or else by the kubeconfig.

    Raises:
        ConfigException: this is no pod, and there is no kubeconfig.
    """
    try:
        config.load_incluster_config()  # type: ignore[no-untyped-call]
    except config.ConfigException:
        await config.load_kube_config()


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for the Kubernetes API server.

    Attributes:
        request_seconds: for one request.
        answer_seconds: for one answer, over all tries.
    """

    request_seconds: float
    answer_seconds: float

    @property
    def options(self) -> dict[str, Any]:
        """What each request of the client library is made with, for `answer` to read."""
        return {"_preload_content": False, "_request_timeout": self.request_seconds}

    async def answer(self, request: Callable[[], Awaitable[Any]], *, conflicts: bool = False) -> Resource:
        """Return the API server's answer, asking again while it has none.

        A request that was not answered may have been carried out all the same; the next try then meets what it made.

        Args:
            request: makes the request anew, with `options`.
            conflicts: whether a conflict is an answer; for a new object it is a quota's book-keeping, and tried again.

        Raises:
            AlreadyThere: there is an object of that name.
            ClusterRefused: the API server will not.
            ClusterAway: it had no answer in time.
        """
        end, pause = time.monotonic() + self.answer_seconds, Backoff(*_PAUSES)
        while True:
            try:
                status, answer = await _read(await request())
                if status in _GOOD:
                    return answer
                words = str(answer.get("message") or status)
                if answer.get("reason") == "AlreadyExists":
                    raise AlreadyThere(words)
                if status not in _TRANSIENT and (conflicts or status != HTTPStatus.CONFLICT):
                    raise ClusterRefused(words, status)
            except (ClientError, OSError, TimeoutError, ValueError) as error:
                words = f"{type(error).__name__} {error}".strip()
            if time.monotonic() + pause.seconds > end:
                raise ClusterAway(words)
            await pause.rest()

    async def deletion(self, delete: Callable[..., Awaitable[Any]], *place: str, body: Mapping[str, Any]) -> bool:
        """Ask for the end of an object that is still as the body's preconditions say.

        Args:
            delete: the client library's method.
            place: what it names the object by.
            body: DeleteOptions.

        Returns:
            Whether it will end; not if it is gone already, or is not so by now.

        Raises:
            ClusterRefused: the API server will not.
            ClusterAway: it had no answer in time.
        """
        try:
            await self.answer(lambda: delete(*place, body=body, **self.options), conflicts=True)
        except ClusterRefused as error:
            if error.status not in (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT):
                raise
            return False
        return True


async def _read(response: Any) -> tuple[int, Resource]:
    try:
        text = await response.read()
    finally:
        response.release()
    return response.status, json.loads(text) if response.status in _GOOD else _refusal(text)


def _refusal(text: bytes) -> Resource:
    """Return an answer that is not good; a proxy on the way may give one that is no JSON at all."""
    try:
        answer = json.loads(text)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
