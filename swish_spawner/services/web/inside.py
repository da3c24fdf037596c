"""What only the inside of the cluster asks: metrics, health, and the gateway's question whose a key is.

The proxy adds ``X-Forwarded-For`` to whatever comes from outside, so a request that has it did.
"""

from __future__ import annotations

from hmac import compare_digest
from http import HTTPStatus

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from tornado import web

from swish_spawner.services.web.base import Handler, Json
from swish_spawner.services.web.gateway import gateway_answer


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
        self.finish(generate_latest(self.parts.metrics.registry))


class GatewayKeys(Inside, Json):
    """Whose a key is, and where it lets the gateway forward to."""

    async def prepare(self) -> None:
        """Refuse whoever is not the gateway."""
        await super().prepare()
        token = self._token()
        sent = self.request.headers.get("Authorization", "").encode()
        if not token or not compare_digest(sent, f"Bearer {token}".encode()):
            raise web.HTTPError(HTTPStatus.FORBIDDEN, "This needs the gateway's token.")

    async def get(self) -> None:
        """Answer with the lines of ``authorized_keys``; none for a key that lets nobody in."""
        answer = await gateway_answer(self.parts, self.get_query_argument("fingerprint"))
        self.parts.metrics.gateway.labels(outcome="known" if answer["lines"] else "unknown").inc()
        self.answer(answer)

    def _token(self) -> str:
        """Return the token as it is now: the gateway may be switched on, and its token be changed, while we run."""
        try:
            return (self.parts.settings.gateway / "token").read_text(encoding="utf-8").strip()
        except OSError:
            return ""
