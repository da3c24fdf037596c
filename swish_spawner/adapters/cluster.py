"""The Kubernetes API, through KubeSpawner's own client library."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from kubernetes_asyncio.client import ApiClient, CoreV1Api, PolicyV1Api
from kubernetes_asyncio.client.exceptions import ApiException

from swish_spawner.errors import ClusterRefused

_CREATE: Final = {
    "PersistentVolumeClaim": (CoreV1Api, "create_namespaced_persistent_volume_claim"),
    "PodDisruptionBudget": (PolicyV1Api, "create_namespaced_pod_disruption_budget"),
}
_CONFLICT: Final = 409


class KubernetesCluster:
    """A `Cluster` over one API client.

    Args:
        client: shared with KubeSpawner.
        timeout_seconds: for each request.
    """

    def __init__(self, client: ApiClient, timeout_seconds: int) -> None:
        self._client = client
        self._timeout_seconds = timeout_seconds

    async def create(self, manifest: Mapping[str, Any]) -> None:
        """Make an object; one of that kind and name that is there already will do.

        Raises:
            ClusterRefused: the API server will not have it; the text is its own.
        """
        api, method = _CREATE[manifest["kind"]]
        create = getattr(api(self._client), method)
        try:
            await create(manifest["metadata"]["namespace"], manifest, _request_timeout=self._timeout_seconds)
        except ApiException as error:
            if error.status != _CONFLICT:
                raise ClusterRefused(refusal_text(error)) from error


def refusal_text(error: ApiException) -> str:
    """Return the API server's own sentence; the rest of its answer may hold what no log should."""
    try:
        return str(json.loads(error.body or "")["message"])
    except (TypeError, ValueError, KeyError):
        return f"{error.status} {error.reason}"
