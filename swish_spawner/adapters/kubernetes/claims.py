"""Requests about PersistentVolumeClaims that are there already."""

from __future__ import annotations

from typing import Any

from swish_spawner.adapters.kubernetes.requests import Patience, Resource


class Claims:
    """The claims of every namespace that the hub may look into.

    Args:
        api: KubeSpawner's own CoreV1Api, whose types know no plain data.
        patience: with each request.

    All its methods raise ClusterAway when no answer comes in time, and ClusterRefused when the API server will not.
    """

    def __init__(self, api: Any, patience: Patience) -> None:
        self._api = api
        self._patience = patience

    async def list(self, namespace: str, selector: str) -> list[Resource]:
        """Return the claims of a namespace that a label selector selects."""
        ask, options = self._api.list_namespaced_persistent_volume_claim, self._patience.options
        found = await self._patience.answer(lambda: ask(namespace, label_selector=selector, **options))
        items: list[Resource] = found["items"]
        return items

    async def delete(self, namespace: str, name: str, uid: str) -> bool:
        """Ask for a claim's end, and so for its volume's; Kubernetes waits until no pod uses it.

        Returns:
            Whether it will end; not if it is gone already, or is another one by now.
        """
        delete = self._api.delete_namespaced_persistent_volume_claim
        return await self._patience.deletion(delete, name, namespace, body={"preconditions": {"uid": uid}})
