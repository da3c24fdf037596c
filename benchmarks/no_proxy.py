"""What a hub believes to be its proxy, where nobody browses."""

from __future__ import annotations

from typing import Any

from jupyterhub.proxy import Proxy
from traitlets import Dict


class NoProxy(Proxy):  # type: ignore[misc]  # JupyterHub has no types
    """Remembers routes, and serves none."""

    should_start = False
    routes: Any = Dict()

    async def add_route(self, routespec: str, target: str, data: Any) -> None:
        """Remember a route."""
        self.routes[routespec] = {"routespec": routespec, "target": target, "data": data}

    async def delete_route(self, routespec: str) -> None:
        """Forget a route."""
        self.routes.pop(routespec, None)

    async def get_all_routes(self) -> Any:
        """Return every route by its specification."""
        return self.routes
