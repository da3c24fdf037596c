"""Leases of any namespace, through KubeSpawner's own client library."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from swish_spawner.adapters.kubernetes.requests import Patience, Resource
from swish_spawner.errors import AlreadyThere, ClusterRefused


@dataclass(frozen=True, slots=True)
class Leases:
    """One name in any namespace.

    Attributes:
        api: a CoordinationV1Api, whose types know no plain data.
        name: of the Lease.
        patience: with each request.

    All methods raise ClusterRefused when the API server will not, and ClusterAway when no answer comes in time.
    """

    api: Any
    name: str
    patience: Patience

    async def read(self, namespace: str) -> Resource | None:
        """Return the Lease, or None where there is none."""
        read, options = self.api.read_namespaced_lease, self.patience.options
        try:
            return await self.patience.answer(lambda: read(self.name, namespace, **options))
        except ClusterRefused as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    async def write(self, namespace: str, lease: Resource) -> bool:
        """Make it, or change one that was read; say whether nobody else did so meanwhile."""
        try:
            if "resourceVersion" in lease["metadata"]:
                await self._replace(namespace, lease)
            else:
                await self._create(namespace, lease)
        except AlreadyThere:
            return False
        except ClusterRefused as error:
            if error.status == HTTPStatus.CONFLICT:
                return False
            raise
        return True

    async def _replace(self, namespace: str, lease: Resource) -> None:
        replace, options = self.api.replace_namespaced_lease, self.patience.options
        await self.patience.answer(lambda: replace(self.name, namespace, lease, **options), conflicts=True)

    async def _create(self, namespace: str, lease: Resource) -> None:
        create, options = self.api.create_namespaced_lease, self.patience.options
        made = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", **lease}
        await self.patience.answer(lambda: create(namespace, made, **options))
