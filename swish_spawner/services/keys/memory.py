"""Everybody's keys, remembered for some seconds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from swish_spawner.core.ssh.key_list import SECRET_MOST, KeptKey, KeyList, key_lists, size

#: How long it is remembered (seconds), should anybody but this process change a Secret.
_REMEMBER_SECONDS: Final = 10.0


class KeyMemory:
    """Whose each key is, for the gateway, which asks at every log-in; a flood of those is none of Secrets read."""

    def __init__(self) -> None:
        self.holders: dict[str, list[tuple[str, KeptKey]]] = {}
        self.lists: tuple[KeyList, ...] = ()
        #: how full the fullest Secret is, from 0 to 1
        self.fullest = 0.0
        self.reading = asyncio.Lock()
        self.changes = 0
        self._kept_at: tuple[int, float] | None = None

    def is_fresh(self) -> bool:
        """Say whether nothing was changed since it was read, and that was just now."""
        if self._kept_at is None:
            return False
        changes, at = self._kept_at
        return changes == self.changes and time.monotonic() - at < _REMEMBER_SECONDS

    def keep(self, shards: Collection[Mapping[str, str]], changes: int) -> None:
        """Take in what was read when there had been so many changes."""
        self.fullest = max(map(size, shards), default=0) / SECRET_MOST
        self.holders, self._kept_at = {}, (changes, time.monotonic())
        self.lists = tuple(one for items in shards for one in key_lists(items).values())
        for one in self.lists:
            for key in one.current.keys:
                self.holders.setdefault(key.fingerprint, []).append((one.user, key))

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Forget what is known, at the end: what was read meanwhile may be older."""
        try:
            yield
        finally:
            self.changes += 1
