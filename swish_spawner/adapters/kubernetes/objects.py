"""The Kubernetes API, through KubeSpawner's own client library."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from kubernetes_asyncio.client import ApiClient, CoreV1Api, PolicyV1Api

from swish_spawner.adapters.kubernetes.requests import Patience, Resource
from swish_spawner.errors import AlreadyThere, ClusterRefused

#: The API of each kind, and what its methods' names end in.
_KINDS: Final = {
    "PersistentVolumeClaim": (CoreV1Api, "namespaced_persistent_volume_claim"),
    "PodDisruptionBudget": (PolicyV1Api, "namespaced_pod_disruption_budget"),
    "Secret": (CoreV1Api, "namespaced_secret"),
    "Service": (CoreV1Api, "namespaced_service"),
}
#: Kinds that are never read: the hub has no right to.
_UNREAD: Final = frozenset({"Secret"})
#: How often what an earlier pod left is cleared away before that is given up.
_TRIES: Final = 5


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
            if error.status == HTTPStatus.FORBIDDEN and await self._read(manifest) is not None:
                return False
            raise
        return True

    async def create_owned(self, manifest: Mapping[str, Any]) -> bool:
        """Make an object that a pod owns, in the place of what an earlier pod left. Returns whether it was made.

        Kubernetes clears away what a pod owned some time after the pod, and a new pod of that name may come before.

        Raises:
            ClusterRefused: the API server will not have it, or there is one of that name that no pod of ours owns.
            ClusterAway: no answer came in time.
        """
        for _ in range(_TRIES):
            if await self.create(manifest):
                return True
            found = await self._read(manifest)
            if found is None and manifest["kind"] not in _UNREAD:
                continue
            if found is None or _owners(found) == _owners(manifest):
                return False
            if _owner_names(found) != _owner_names(manifest):
                break
            await self._delete(found, manifest)
        name = manifest["metadata"]["name"]
        raise ClusterRefused(f"the {manifest['kind']} {name} is there already and belongs to something else")

    async def _read(self, manifest: Mapping[str, Any]) -> Resource | None:
        """Return the object that has a manifest's name; None if there is none, or it is not ours to see."""
        if manifest["kind"] in _UNREAD:
            return None
        read, options = self._method("read", manifest), self._patience.options
        metadata = manifest["metadata"]
        try:
            return await self._patience.answer(lambda: read(metadata["name"], metadata["namespace"], **options))
        except ClusterRefused:
            return None

    async def _delete(self, found: Mapping[str, Any], manifest: Mapping[str, Any]) -> None:
        metadata = found["metadata"]
        body = {"preconditions": {"uid": metadata["uid"]}}
        await self._patience.deletion(
            self._method("delete", manifest), metadata["name"], metadata["namespace"], body=body
        )

    def _method(self, verb: str, manifest: Mapping[str, Any]) -> Any:
        api, ending = _KINDS[manifest["kind"]]
        return getattr(api(self._client), f"{verb}_{ending}")


def _owners(resource: Mapping[str, Any]) -> set[str]:
    return {owner["uid"] for owner in resource["metadata"].get("ownerReferences") or ()}


def _owner_names(resource: Mapping[str, Any]) -> set[tuple[str, str]]:
    return {(owner["kind"], owner["name"]) for owner in resource["metadata"].get("ownerReferences") or ()}
