"""The Service by which an environment is entered from outside, made beside a start that never waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

from swish_spawner.adapters.ports import Cluster
from swish_spawner.errors import ClusterAway, ClusterRefused

#: The pauses (seconds) between tries while Kubernetes refuses, e.g. for a quota of load balancers, or is away.
_PAUSES: Final = (2.0, 10.0, 60.0, 300.0)


class Entrance:
    """One environment's way in."""

    def __init__(self) -> None:
        self._opening: asyncio.Future[None] | None = None

    def open(self, cluster: Cluster, service: Mapping[str, Any], notice: Callable[[str], None]) -> None:
        """Begin to make the Service.

        Args:
            cluster: where.
            service: its manifest.
            notice: tells the person and the operators what is in the way.
        """
        self.leave()
        self._opening = asyncio.ensure_future(_opened(cluster, service, notice))

    def leave(self) -> None:
        """Try no more; what is made goes with its pod."""
        if self._opening is not None:
            self._opening.cancel()
            self._opening = None


async def _opened(cluster: Cluster, service: Mapping[str, Any], notice: Callable[[str], None]) -> None:
    for pause in (*_PAUSES, None):
        try:
            await cluster.create_owned(service)
        except (ClusterRefused, ClusterAway) as error:
            again = "it is tried again" if pause else "stop and start it to try again"
            notice(
                f"The environment cannot be entered by ssh yet, because its Service was not made ({error}); {again}."
            )
        else:
            return
        if pause:
            await asyncio.sleep(pause)
