"""Whose a namespace of environments is: one hub's at a time, as a Lease there says.

Kubernetes' own components tell each other so that they are at work; times of two clocks are never compared, only
whether the Lease changes while somebody looks.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

#: The Lease's name, which is the same for all hubs.
LEASE: Final = "swish-hub"
#: How often a hub renews it, and how long one that is not renewed counts (seconds).
RENEW_SECONDS: Final = 15
LEASE_SECONDS: Final = 60

Lease = Mapping[str, Any]


def holder_of(lease: Lease) -> str:
    """Return the installation that a Lease names, or nothing."""
    return str((lease.get("spec") or {}).get("holderIdentity") or "")


def renewed_at(lease: Lease) -> str:
    """Return when its holder renewed it last, as the holder's clock had it, or nothing."""
    return str((lease.get("spec") or {}).get("renewTime") or "")


def held_by(installation: str, lease: Lease, now: datetime) -> dict[str, Any]:
    """Return a Lease as it is when an installation holds it.

    Args:
        installation: that is to hold it.
        lease: as it is; one that is yet to be made needs no more than a name.
        now: with a timezone.
    """
    moment = now.isoformat(timespec="microseconds")
    old = lease.get("spec") or {}
    since = old.get("acquireTime") if holder_of(lease) == installation else None
    spec = {
        "holderIdentity": installation,
        "leaseDurationSeconds": LEASE_SECONDS,
        "acquireTime": since or moment,
        "renewTime": moment,
    }
    return {**lease, "spec": {**old, **spec}}


def refusal(namespace: str, holder: str) -> str:
    """Return what is said to whoever starts a second hub where another one is at work."""
    return (
        f"Another hub of Swish (installation {holder}) is at work in namespace {namespace}: it has renewed the Lease "
        f"{LEASE} there while this one looked. Two hubs cannot share a namespace of environments. Give this one "
        "another namespace, in `configure` or by the team in the policy, or end the other one first."
    )
