"""What the rest of Swish asks of the outside world, as small Protocols; a fake of each ships beside it in the tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class Cluster(Protocol):
    """A Kubernetes API server."""

    async def create(self, manifest: Mapping[str, Any]) -> bool:
        """Make an object; one of that kind and name that is there already will do. Returns whether it was made.

        Raises:
            ClusterRefused: the API server will not have it.
        """
