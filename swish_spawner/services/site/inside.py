"""What only the inside of the cluster asks: here metrics and health.

The proxy adds ``X-Forwarded-For`` to whatever comes from outside, so a request that has it did.
"""

from __future__ import annotations

from http import HTTPStatus

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from tornado import web

from swish_spawner.services.site.handlers import Handler, Json


class Inside(Handler):
    """A handler that nobody reaches from outside."""

    async def prepare(self) -> None:
        """Refuse what came through the proxy."""
        if "X-Forwarded-For" in self.request.headers:
            raise web.HTTPError(HTTPStatus.NOT_FOUND, "There is no such page.")


class Health(Inside, Json):
    """Whether this process answers; what it stands on has alerts of its own."""

    async def get(self) -> None:
        """Say so."""
        self.answer({"status": "ok"})


class MetricsPage(Inside, Json):
    """What Prometheus reads."""

    async def get(self) -> None:
        """Answer with all metrics."""
        self.set_header("Content-Type", CONTENT_TYPE_LATEST)
        self.finish(generate_latest(self.site.metrics.registry))
