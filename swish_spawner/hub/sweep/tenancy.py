"""Holds the namespaces of environments for this hub, and ends one that begins where another hub is at work."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from swish_spawner.adapters.kubernetes.lease import Leases
from swish_spawner.core.upkeep.tenancy import (
    LEASE,
    LEASE_SECONDS,
    RENEW_SECONDS,
    held_by,
    holder_of,
    refusal,
    renewed_at,
)
from swish_spawner.errors import ClusterAway, ClusterRefused

#: So long after it has begun a hub ends where another one is at work (seconds); later, people rely on it.
_START_SECONDS: Final = 2 * LEASE_SECONDS
#: So often another hub has to renew a Lease while this one looks, to be at work for sure.
_RENEWALS: Final = 2
LOG: Final = logging.getLogger("swish_spawner.tenancy")


def _now() -> float:
    return time.monotonic()


class Occupied(Exception):  # noqa: N818 - what is so, as Denied is
    """Another hub is at work in a namespace; the text says which, and what to do."""


@dataclass(slots=True)
class _Seen:
    """What is known of one namespace.

    Attributes:
        other: another hub that has the Lease, and when it renewed it, by its own clock.
        since: when that was first seen, by our clock.
        renewals: how often that hub has renewed it since.
        said: the last trouble that was logged.
    """

    other: tuple[str, str] = ("", "")
    since: float = 0.0
    renewals: int = 0
    said: str = ""

    def look(self, holder: str, renewed: str) -> None:
        """Take down what another hub's Lease says."""
        if self.other != (holder, renewed):
            self.renewals = self.renewals + 1 if self.other[0] == holder else 0
            self.other, self.since = (holder, renewed), _now()

    @property
    def is_over(self) -> bool:
        """Whether the other hub has not renewed it for so long that it counts no more."""
        return _now() - self.since > LEASE_SECONDS


@dataclass(slots=True)
class Tenancy:
    """The namespaces of one hub.

    Attributes:
        installation: what tells this hub from others.
        leases: where it is said.
        namespaces: returns those of environments, as they are now.
        is_used: says whether anybody has an environment with this hub: it then ends for nothing.
    """

    installation: str
    leases: Leases
    namespaces: Callable[[], Collection[str]]
    is_used: Callable[[], bool]
    _seen: dict[str, _Seen] = field(default_factory=dict)
    _begun: float = field(default_factory=_now)

    async def run(self) -> None:
        """Hold them, for as long as the hub runs.

        Raises:
            SystemExit: another hub is at work in one of them, and this one has just begun.
        """
        while True:
            try:
                # at once, so that one whose API server is slow costs no other its Lease
                await asyncio.gather(*map(self.hold, self.namespaces()))
            except Occupied as error:
                raise SystemExit(str(error)) from error
            except Exception:
                LOG.exception("The namespaces of environments are held again in a moment")
            await asyncio.sleep(RENEW_SECONDS)

    async def hold(self, namespace: str) -> None:
        """Take or renew a namespace, unless another hub holds it; what is in the way is logged, and tried again.

        Raises:
            Occupied: another hub is at work there, and nobody relies on this one yet.
        """
        seen = self._seen.setdefault(namespace, _Seen())
        try:
            async with asyncio.timeout(RENEW_SECONDS):
                trouble = await self._hold(namespace, seen)
        except (ClusterRefused, ClusterAway, TimeoutError) as error:
            trouble = (
                f"Whether another hub is at work in {namespace} cannot be seen: {str(error) or 'no answer in time'}"
            )
        if trouble and trouble != seen.said:
            LOG.error("%s", trouble)
        seen.said = trouble

    async def _hold(self, namespace: str, seen: _Seen) -> str:
        """Return what is in the way, or nothing."""
        lease = await self.leases.read(namespace) or {"metadata": {"name": LEASE, "namespace": namespace}}
        holder = holder_of(lease)
        if holder not in ("", self.installation):
            seen.look(holder, renewed_at(lease))
            if not seen.is_over:
                return self._meet(namespace, seen)
        await self.leases.write(namespace, held_by(self.installation, lease, datetime.now(UTC)))
        return ""

    def _meet(self, namespace: str, seen: _Seen) -> str:
        """Return what to say of another hub that has the Lease; nothing until it is at work for sure."""
        if seen.renewals < _RENEWALS:
            return seen.said
        said = refusal(namespace, seen.other[0])
        # where people have environments with both, it is for a person to end one
        if _now() - self._begun < _START_SECONDS and not self.is_used():
            raise Occupied(said)
        return said
