"""Single nodes, looked at for the starts that take long on them.

Of a node that does not answer Kubernetes tells the node alone: a pod that was never ready there gets neither an event
nor a condition, until it is taken away five minutes later. However many starts ask, a node is looked at once in ten
seconds, and none is while nobody asks.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from swish_spawner.adapters.kubernetes.requests import Patience
from swish_spawner.errors import ClusterRefused

_LOOK_AGAIN: Final = 10.0
#: What was seen longer ago (seconds) is not known: the API server has been away.
_STALE: Final = 60.0
#: How long nothing is asked (seconds) after the API server has said that the hub may not look at nodes.
_FORBIDDEN_FOR: Final = 600.0

_log: Final = logging.getLogger(__name__)


class NodeLooks:
    """What was last seen of each node that somebody asked for."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[float, Mapping[str, Any]]] = {}
        self._looking: dict[str, asyncio.Task[None]] = {}
        self._forbidden_until = 0.0

    def look(self, api: Any, patience: Patience, name: str) -> Mapping[str, Any] | None:
        """Return a node's conditions as they were seen last, and have them looked at again if that is due.

        Args:
            api: KubeSpawner's own CoreV1Api.
            patience: with the request.
            name: of the node.

        Returns:
            A node with nothing but its conditions; empty if it is gone, None if that is not known.
        """
        now = time.monotonic()
        moment, node = self._seen.get(name, (float("-inf"), None))
        if now - moment >= _LOOK_AGAIN and name not in self._looking and now >= self._forbidden_until:
            self._looking[name] = asyncio.create_task(self._ask(api, patience, name))
        return node if now - moment < _STALE else None

    async def stop(self) -> None:
        """End what is under way, and forget what was seen."""
        tasks = list(self._looking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._seen.clear()
        self._forbidden_until = 0.0

    async def _ask(self, api: Any, patience: Patience, name: str) -> None:
        # the chart lets the hub list nodes, and a list of one is as cheap as to get it
        request = partial(api.list_node, field_selector=f"metadata.name={name}", **patience.options)
        try:
            found = (await patience.answer(request))["items"]
            now = time.monotonic()
            self._seen = {known: seen for known, seen in self._seen.items() if now - seen[0] < _STALE}
            self._seen[name] = now, _conditions(found[0]) if found else {}
        except ClusterRefused as error:
            self._forbidden_until = time.monotonic() + _FORBIDDEN_FOR
            _log.info("No look at node %s, so a start there is told late if it does not answer: %s", name, error)
        except Exception as error:  # noqa: BLE001 - whatever it is, the next look may do better
            _log.debug("No look at node %s: %s", name, error)
        finally:
            del self._looking[name]


def _conditions(node: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"status": {"conditions": (node.get("status") or {}).get("conditions") or []}}
