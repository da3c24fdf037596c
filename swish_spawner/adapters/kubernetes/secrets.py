"""The Secrets that keep people's public keys, through KubeSpawner's own client library."""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from swish_spawner.adapters.backoff import Backoff
from swish_spawner.adapters.kubernetes.requests import Patience, Resource
from swish_spawner.core.ssh.key_list import Items, check_size
from swish_spawner.errors import ClusterRefused, Unavailable

#: How often a Secret that somebody else changed meanwhile is read and changed again.
_TRIES: Final = 8

Change = Callable[[Mapping[str, str]], Items]


@dataclass(frozen=True, slots=True)
class KeySecrets:
    """The Secrets of any namespace.

    Attributes:
        api: a CoreV1Api, whose types know no plain data.
        patience: with each request.
        pause_seconds: the longest pause before the second try; each one after that may be twice as long.

    All methods raise Unavailable, in words for the person, when a Secret is missing, not open to us, or no answer
    comes (as ClusterAway).
    """

    api: Any
    patience: Patience
    pause_seconds: float = 0.05

    async def read(self, namespace: str, name: str) -> dict[str, str]:
        """Return the items of a Secret."""
        return _items(await self._read(namespace, name))

    async def change(self, namespace: str, name: str, change: Change) -> dict[str, str]:
        """Change the items of a Secret, and return them as they are then.

        Nothing is lost that another writer does meanwhile: the API server refuses a change of what is not the newest,
        which is then read and changed again.

        Args:
            namespace: of the Secret.
            name: of the Secret.
            change: from its items to those that are to be otherwise; it may be asked several times, and may raise.

        Raises:
            RequestError: the items would be too large.
            Unavailable: also when others changed the Secret each time.
        """
        pause = Backoff(self.pause_seconds, math.inf, spread=(0, 1))
        for attempt in range(_TRIES):
            if attempt:
                await pause.rest()
            secret = await self._read(namespace, name)
            before = _items(secret)
            changes = {item: text for item, text in change(before).items() if before.get(item) != text}
            if not changes:
                return before
            after = _without_none({**before, **changes})
            check_size(after)
            if await self._replace(namespace, name, _changed(secret, changes)):
                return after
        raise Unavailable("Others are changing keys at this moment, and nothing was changed. Try again.")

    async def _read(self, namespace: str, name: str) -> Resource:
        read, options = self.api.read_namespaced_secret, self.patience.options
        try:
            return await self.patience.answer(lambda: read(name, namespace, **options))
        except ClusterRefused as error:
            raise _unavailable(error, namespace, name) from error

    async def _replace(self, namespace: str, name: str, secret: Resource) -> bool:
        """Say whether the Secret was still as it was read, and so is now as given."""
        replace, options = self.api.replace_namespaced_secret, self.patience.options
        try:
            await self.patience.answer(lambda: replace(name, namespace, secret, **options), conflicts=True)
        except ClusterRefused as error:
            if error.status == HTTPStatus.CONFLICT:
                return False
            raise _unavailable(error, namespace, name) from error
        return True


def _unavailable(error: ClusterRefused, namespace: str, name: str) -> Unavailable:
    if error.status == HTTPStatus.NOT_FOUND:
        return Unavailable(
            f"The Secret {name} in namespace {namespace}, which keeps keys, is missing. Ask your administrator to "
            "upgrade the release of Swish's chart, which makes it."
        )
    return Unavailable(
        f"Kubernetes does not let Swish use the Secret {name} in namespace {namespace}. Ask your administrator to "
        "upgrade the release of Swish's chart, which allows it."
    )


def _items(secret: Resource) -> dict[str, str]:
    return {name: _decoded(data) for name, data in (secret.get("data") or {}).items()}


def _decoded(data: str) -> str:
    """Return an item's text; what somebody else has put there, and is none, is left out of it."""
    try:
        return base64.b64decode(data).decode(errors="replace")
    except binascii.Error:
        return ""


def _changed(secret: Resource, changes: Items) -> Resource:
    """Return the Secret with other items; those that do not change stay as they are to the byte."""
    coded = {item: None if text is None else base64.b64encode(text.encode()).decode() for item, text in changes.items()}
    return {**secret, "data": _without_none({**(secret.get("data") or {}), **coded})}


def _without_none(items: Mapping[str, str | None]) -> dict[str, str]:
    return {item: text for item, text in items.items() if text is not None}
