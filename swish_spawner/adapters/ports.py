"""What the rest of Swish asks of the outside world, as small Protocols; a fake of each ships beside it in the tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from swish_spawner.core.ssh_log.scope import LogScope


class Cluster(Protocol):
    """A Kubernetes API server."""

    async def create(self, manifest: Mapping[str, Any]) -> bool:
        """Make an object; one of that kind and name that is there already will do. Returns whether it was made.

        Raises:
            ClusterRefused: the API server will not have it.
        """

    async def create_owned(self, manifest: Mapping[str, Any]) -> bool:
        """Make an object that a pod owns, in the place of what an earlier pod left. Returns whether it was made.

        Raises:
            ClusterRefused: the API server will not have it, or there is one of that name that is not ours.
        """


class LogReader(Protocol):
    """The ssh log that the store keeps."""

    async def entries(self, scope: LogScope, *, before: int | None, limit: int) -> Sequence[Mapping[str, Any]]:
        """Return entries of a scope, the newest first.

        Args:
            scope: whose; nothing outside of it is returned.
            before: only entries of a lower number; None begins with the newest.
            limit: how many at the most.

        Returns:
            Each as ``swish-sshd`` wrote it (``time``, ``environment``, ``team``, ``user``, ``event`` and what else
            that event has), with ``number``, its place in the store (greater is newer), and ``source``: ``sidecar``,
            ``gateway``, or ``notebook``, whose lines the person could have written too.
        """
