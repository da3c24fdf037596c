"""What Kubernetes says of pods and their events, kept by long watches that wake whoever waits.

KubeSpawner's reflectors list everything again every ten seconds and are asked by polling. These list once, follow the
changes from there, take a broken watch up where it ended, and list again only when the API server no longer knows that
place (410). They take the place of KubeSpawner's own, so everything that reads those still works.
https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from kubernetes_asyncio.client.exceptions import ApiException
from kubespawner.reflector import ResourceReflector

from swish_spawner.adapters.backoff import Backoff
from swish_spawner.adapters.kubernetes.pieces import lines, pages
from swish_spawner.adapters.kubernetes.watches.wakeups import WakeUps

Resource = dict[str, Any]

#: A page of a list; one page is read in some milliseconds of the hub's event loop.
_PAGE: Final = 250
#: The API server ends a watch after this long (seconds), and it is taken up again without a list.
_WATCH: Final = 1800
#: Bookmarks come each minute, so a watch that is silent for longer (seconds) is dead.
_SILENCE: Final = 130
#: How long (seconds) the API server may take to answer at all.
CONNECT: Final = 10
_FIRST_PAUSE, _LAST_PAUSE = 0.1, 15.0
#: A list may lag behind what was seen already; after so many of them in a row it is the cluster that went back.
_STALE_LISTS: Final = 5
#: Errors that no retry mends: the namespace is not ours to watch.
_FINAL: Final = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)


class _GoneError(Exception):
    """The API server no longer knows the place where the watch ended."""


class Watch(ResourceReflector):
    """Follows one kind of resource in one namespace, or in all.

    Args:
        wakeups: of those who wait for news of a resource.
        arguments: KubeSpawner's.
    """

    resources: dict[str, Resource]
    #: Whether the API server sends bookmarks, so that silence is a sign of trouble.
    bookmarked = True
    _version: str | None = None
    watch_task: asyncio.Task[None] | None = None
    _stale = 0
    _heard = 0.0
    connected = False

    def __init__(self, *, wakeups: WakeUps | None = None, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._wakeups = wakeups or WakeUps()

    @property
    def healthy(self) -> bool:
        """Whether news would arrive: the watch is open, and not silent for longer than bookmarks allow."""
        return self.connected and time.monotonic() - self._heard < _SILENCE

    async def start(self) -> None:
        """List, trying again while the API server does not answer, and follow from there.

        Raises:
            ApiException: the API server says that this is not ours to watch; no retry would mend it.
        """
        pause = Backoff(_FIRST_PAUSE, _LAST_PAUSE)
        while True:
            try:
                await self._list_and_update()
                break
            except Exception as error:
                if isinstance(error, ApiException) and error.status in _FINAL:
                    self._fail_first_load(error)
                    raise
                await self._rest(error, pause)
        self.watch_task = asyncio.create_task(self._watch_and_update())

    async def stop(self) -> None:
        """End the watch."""
        self._stopping = True
        if self.watch_task is not None:
            self.watch_task.cancel()
            await asyncio.wait((self.watch_task,))
            self.watch_task = None

    def _fail_first_load(self, error: Exception) -> None:
        if not self.first_load_future.done():
            self.first_load_future.set_exception(error)
            self.first_load_future.exception()  # whoever waits for it is told; nobody has to

    async def _rest(self, error: Exception, pause: Backoff) -> None:
        """Wait before the next try."""
        silent = isinstance(error, TimeoutError) and not self.bookmarked
        level = logging.DEBUG if silent else logging.WARNING
        said = "Watching %s in %s: %s; next try in %.1f s"
        self.log.log(level, said, self.kind, self.namespace, _text(error), pause.seconds)
        await pause.rest()

    def _arguments(self) -> dict[str, Any]:
        selectors = {"label_selector": self.label_selector, "field_selector": self.field_selector}
        return selectors | ({} if self.omit_namespace else {"namespace": self.namespace})

    async def _request(self, **arguments: Any) -> Any:
        """Return the raw response of a list or watch.

        Raises:
            _GoneError: 410.
            ApiException: any other error status.
        """
        method = getattr(self.api, self.list_method_name)
        response = await method(**self._arguments(), **arguments, _preload_content=False)
        if response.status == HTTPStatus.GONE:
            response.close()
            raise _GoneError
        if response.status != HTTPStatus.OK:
            response.close()
            raise ApiException(status=response.status, reason=response.reason)
        return response

    async def _list_and_update(self, resource_version: str | None = None) -> str:  # noqa: ARG002 - KubeSpawner's
        """Read everything there is; what was deleted meanwhile is forgotten. Returns the list's resource version."""
        found: dict[str, Resource] = {}
        version = ""
        async for page in pages(self._page):
            version = str(page["metadata"]["resourceVersion"])
            for item in page["items"]:
                found[resource_key(item)] = self._kept(item)
        self._refuse_stale(version)
        self._replace(found)
        self._version = version
        if not self.first_load_future.done():
            self.first_load_future.set_result(None)
        return version

    async def _page(self, **place: str) -> Any:
        response = await self._request(limit=_PAGE, **place, _request_timeout=self.request_timeout)
        try:
            return json.loads(await response.read())
        finally:
            response.release()

    def _refuse_stale(self, version: str) -> None:
        """Refuse a list from a lagging API server: it would bring back what is gone.

        Raises:
            ValueError: it is older than what was seen.
        """
        if self._version is not None and int(version) < int(self._version) and self._stale < _STALE_LISTS:
            self._stale += 1
            raise ValueError(f"the list is of version {version}, older than {self._version}, which was seen already")
        self._stale = 0

    def _kept(self, resource: Resource) -> Resource:
        """Return what is kept of a resource."""
        return resource

    def _replace(self, found: dict[str, Resource]) -> None:
        known = {*self.resources, *found}
        self.resources = found
        for key in known:
            self._tell(key)

    async def _watch_and_update(self) -> None:
        """Follow for ever; the hub needs nothing from a place that it has lost but a new list."""
        pause, list_first = Backoff(_FIRST_PAUSE, _LAST_PAUSE), False
        while not self._stopping:
            began = time.monotonic()
            try:
                if list_first:
                    await self._list_and_update()
                    list_first = False
                await self._follow()
            except _GoneError:
                list_first = True
            except Exception as error:  # noqa: BLE001 - a watch that ends for good leaves a hub that sees nothing
                await self._rest(error, pause)
                continue
            finally:
                self.connected = False
            if time.monotonic() - began > 1:
                pause.reset()
            else:
                await asyncio.sleep(_FIRST_PAUSE)

    async def _follow(self) -> None:
        response = await self._request(
            watch=True,
            allow_watch_bookmarks=True,
            resource_version=self._version,
            timeout_seconds=_WATCH,
            _request_timeout=(CONNECT, _SILENCE),
        )
        try:
            self.connected, self._heard = True, time.monotonic()
            async for several in lines(response.content):
                self._heard = time.monotonic()
                for line in filter(bytes.strip, several):
                    self._take(json.loads(line))
        finally:
            response.close()

    def _take(self, change: Mapping[str, Any]) -> None:
        """Take in one change of a watch.

        Raises:
            _GoneError: the place where the watch began is no longer known.
            ApiException: the API server ends the watch for another reason.
        """
        resource = change["object"]
        if change["type"] == "ERROR":
            if resource.get("code") == HTTPStatus.GONE:
                raise _GoneError
            raise ApiException(status=resource.get("code"), reason=resource.get("message"))
        self._version = resource["metadata"]["resourceVersion"]
        if change["type"] == "DELETED":
            self._forget(resource)
        elif change["type"] != "BOOKMARK":
            self._remember(resource)

    def _remember(self, resource: Resource) -> None:
        key = resource_key(resource)
        self.resources[key] = self._kept(resource)
        self._tell(key)

    def _forget(self, resource: Resource) -> None:
        key = resource_key(resource)
        self.resources.pop(key, None)
        self._tell(key)

    def _tell(self, key: str) -> None:
        """Tell whoever waits that there is news of a resource."""
        self._wakeups.wake(key)


def resource_key(resource: Resource) -> str:
    """Return ``namespace/name``."""
    metadata = resource["metadata"]
    return f"{metadata['namespace']}/{metadata['name']}"


def bare(metadata: Resource) -> Resource:
    """Return metadata without the book-keeping of who set what, which is most of it."""
    return {key: value for key, value in metadata.items() if key != "managedFields"}


def _text(error: Exception) -> str:
    return f"{error.status} {error.reason}" if isinstance(error, ApiException) else f"{type(error).__name__} {error}"
