"""The Kubernetes API, through KubeSpawner's own client library."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from kubernetes_asyncio.client import ApiClient, CoreV1Api, PolicyV1Api

from swish_spawner.adapters.patience import Patience
from swish_spawner.errors import AlreadyThere, ClusterRefused

#: The API of each kind, and what its methods' names end in.
_KINDS: Final = {
    "PersistentVolumeClaim": (CoreV1Api, "namespaced_persistent_volume_claim"),
    "PodDisruptionBudget": (PolicyV1Api, "namespaced_pod_disruption_budget"),
}


class KubernetesCluster:
    """A `Cluster` over one API client.

    Args:
        client: shared with KubeSpawner.
        patience: with each request.
    """

    def __init__(self, client: ApiClient, patience: Patience) -> None:
        self._client = client
        self._patience = patience

    async def create(self, manifest: Mapping[str, Any]) -> bool:
        """Make an object; one of that kind and name that is there already will do. Returns whether it was made.

        Raises:
            ClusterRefused: the API server will not have it; the text is its own.
            ClusterAway: no answer came in time.
        """
        create, options = self._method("create", manifest), self._patience.options
        try:
            await self._patience.answer(lambda: create(manifest["metadata"]["namespace"], manifest, **options))
        except AlreadyThere:
            return False
        except ClusterRefused as error:
            # a quota is looked at before the name is, so a full one refuses what is there already
            if error.status == HTTPStatus.FORBIDDEN and await self._is_there(manifest):
                return False
            raise
        return True

    async def _is_there(self, manifest: Mapping[str, Any]) -> bool:
        read, options = self._method("read", manifest), self._patience.options
        metadata = manifest["metadata"]
        try:
            await self._patience.answer(lambda: read(metadata["name"], metadata["namespace"], **options))
        except ClusterRefused:
            return False
        return True

    def _method(self, verb: str, manifest: Mapping[str, Any]) -> Any:
        api, ending = _KINDS[manifest["kind"]]
        return getattr(api(self._client), f"{verb}_{ending}")
