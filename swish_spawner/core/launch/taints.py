"""Taints and tolerations: which nodes take which pods, and which of it is the policy's to give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from swish_spawner.core.labels import TAINT
from swish_spawner.core.policy.sections.pools import Pool

#: A taint or a toleration, as a manifest has it.
Terms = Mapping[str, Any]


def pool_toleration(pool: Pool) -> dict[str, str] | None:
    """Return the toleration of the pool's taint, or None for a pool without one."""
    if pool.taint is None:
        return None
    return {"key": TAINT, "operator": "Equal", "value": pool.taint, "effect": "NoSchedule"}


def opens_a_pool(toleration: Terms) -> bool:
    """Say whether a toleration lets a pod on nodes that are kept for a pool: by the pools' key, or by no key at all."""
    blanket = not toleration.get("key") and toleration.get("effect") in (None, "", "NoSchedule")
    return blanket or toleration.get("key") == TAINT


def tolerates(toleration: Terms, taint: Terms) -> bool:
    """Say whether a toleration makes up for a taint.

    By Kubernetes' rule (https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/).
    """
    if toleration.get("effect") not in (None, "", taint.get("effect")):
        return False
    if toleration.get("operator") == "Exists":
        return toleration.get("key") in (None, "", taint["key"])
    same_value = (toleration.get("value") or "") == (taint.get("value") or "")
    return bool(toleration.get("key") == taint["key"] and same_value)
