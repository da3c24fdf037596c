"""What Kubernetes says of pods and their events, kept by long watches that wake whoever waits.

They list once, follow the changes from there, take a broken watch up where it ended, and list again only when the API
server no longer knows that place (410).
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
#: How long a page of a list may take (seconds).
REQUEST: Final = 60
_FIRST_PAUSE, _LAST_PAUSE = 0.1, 15.0
#: A list may lag behind what was seen already; after so many of them in a row it is the cluster that went back.
_STALE_LISTS: Final = 5
#: Errors that no retry mends: the namespace is not ours to watch.
_FINAL: Final = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)


LOG: Final = logging.getLogger(__name__)


class _GoneError(Exception):
    """The API server no longer knows the place where the watch ended."""


class Watch:
    """Follows one kind of resource in one namespace, or in all.

    Args:
        api: a CoreV1Api, whose types know no plain data.
        namespace: of the resources; None is all.
        selector: of their labels, as Kubernetes writes it; empty is all.
        wakeups: of those who wait for news of a resource.
        log: says what the watch waits for.

    Attributes:
        resources: every resource by ``namespace/name``.
        first_load_future: done once all is there that was when the watch began.
        connected: whether the watch is open.
    """

    #: What is followed, as the API calls it; a subclass says so.
    kind = ""
    #: The API's methods that list it, in a namespace and in all.
    lists = ("", "")
    #: Whether the API server sends bookmarks, so that silence is a sign of trouble.
    bookmarked = True

    def __init__(
        self,
        api: Any,
        namespace: str | None,
        *,
        selector: str = "",
        wakeups: WakeUps | None = None,
        log: logging.Logger = LOG,
    ) -> None:
        self.resources: dict[str, Resource] = {}
        self.first_load_future: asyncio.Future[None] = asyncio.Future()
        self.connected = False
        self._api, self._namespace, self._selector, self._log = api, namespace, selector, log
        self._wakeups = wakeups or WakeUps()
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self._version: str | None = None
        self._stale = 0
        self._heard = 0.0

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
        self._task = asyncio.create_task(self._watch_and_update())

    async def stop(self) -> None:
        """End the watch."""
        self._stopping = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))
            self._task = None

    def _fail_first_load(self, error: Exception) -> None:
        if not self.first_load_future.done():
            self.first_load_future.set_exception(error)
            self.first_load_future.exception()  # whoever waits for it is told; nobody has to

    async def _rest(self, error: Exception, pause: Backoff) -> None:
        """Wait before the next try."""
        silent = isinstance(error, TimeoutError) and not self.bookmarked
        level = logging.DEBUG if silent else logging.WARNING
        said = "Watching %s in %s: %s; next try in %.1f s"
        self._log.log(level, said, self.kind, self._namespace or "all namespaces", _text(error), pause.seconds)
        await pause.rest()

    def _arguments(self) -> dict[str, Any]:
        return {"label_selector": self._selector} | ({"namespace": self._namespace} if self._namespace else {})

    async def _request(self, **arguments: Any) -> Any:
        """Return the raw response of a list or watch.

        Raises:
            _GoneError: 410.
            ApiException: any other error status.
        """
        in_one, in_all = self.lists
        method = getattr(self._api, in_one if self._namespace else in_all)
        response = await method(**self._arguments(), **arguments, _preload_content=False)
        if response.status == HTTPStatus.GONE:
            response.close()
            raise _GoneError
        if response.status != HTTPStatus.OK:
            response.close()
            raise ApiException(status=response.status, reason=response.reason)
        return response

    async def _list_and_update(self) -> str:
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
        response = await self._request(limit=_PAGE, **place, _request_timeout=REQUEST)
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
