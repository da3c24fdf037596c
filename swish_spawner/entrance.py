"""The Service by which an environment is entered from outside, made beside a start that never waits for it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any, Final

from swish_spawner.adapters.ports import Cluster
from swish_spawner.errors import ClusterAway, ClusterRefused

#: The pauses (seconds) between tries while Kubernetes refuses, e.g. for a quota of load balancers, or is away.
_PAUSES: Final = (2.0, 10.0, 60.0, 300.0)

_log: Final = logging.getLogger(__name__)


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
        except Exception:  # noqa: BLE001 - nobody waits for this, so nobody else would say it
            _log.exception("The Service for ssh was not made")
            notice("The environment cannot be entered by ssh, because its Service was not made; tell an administrator.")
            return
        else:
            return
        if pause:
            await asyncio.sleep(pause)
