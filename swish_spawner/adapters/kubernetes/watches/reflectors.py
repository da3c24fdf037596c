"""Watches in the place of KubeSpawner's reflectors, so that everything that reads those still works.

KubeSpawner's own list everything again every ten seconds and are asked by polling.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from kubespawner.clients import shared_client

from swish_spawner.adapters.kubernetes.watches.wakeups import WakeUps
from swish_spawner.adapters.kubernetes.watches.watch import Watch

W = TypeVar("W", bound=Watch)


def reflecting(kind: type[W], wakeups: WakeUps) -> Callable[..., W]:
    """Return what KubeSpawner may call where it would call a reflector's class.

    Args:
        kind: of watch.
        wakeups: of those who wait for news.
    """

    def make(
        *,
        parent: Any,
        namespace: str,
        labels: Mapping[str, str] = MappingProxyType({}),
        omit_namespace: bool = False,
        **_others: Any,
    ) -> W:
        selector = ",".join(f"{key}={value}" for key, value in labels.items())
        place = None if omit_namespace else namespace
        return kind(shared_client("CoreV1Api"), place, selector=selector, wakeups=wakeups, log=parent.log)

    return make
