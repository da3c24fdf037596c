"""The answer to the gateway's question whose a key is."""

from __future__ import annotations

import asyncio
from hmac import compare_digest
from http import HTTPStatus
from typing import Any

from tornado import web

from swish_spawner.core.record import EnvironmentRecord, SshRecord
from swish_spawner.core.ssh.gateway import gateway_line, gateway_targets
from swish_spawner.errors import NotThere
from swish_spawner.services.keys.room import Keys
from swish_spawner.services.site.handlers import Json
from swish_spawner.services.site.inside import Inside


async def gateway_answer(room: Keys, fingerprint: str) -> dict[str, Any]:
    """Return what the gateway may let a key do.

    Somebody's public key is no secret, so others may have put it on their own lists; it then opens their environments
    too, which is what they asked for, and shuts nobody's.

    Args:
        room: this one.
        fingerprint: of the key that is offered, as OpenSSH prints it.

    Returns:
        ``lines`` of ``authorized_keys``, empty for an unknown key; ``users``, whose it is; and ``targets``: for each
        name that may be asked for, the one that the cluster's DNS knows.

    Raises:
        Unavailable: Kubernetes or the hub does not answer.
    """
    holders = await room.store.holders(fingerprint)
    if not holders:
        return {"lines": [], "users": [], "targets": {}}
    found = await asyncio.gather(*(_targets(room, user) for user, _ in holders))
    targets = [target for some in found for target in some]
    users = sorted(user for user, _ in holders)
    return {"lines": [gateway_line(holders[0][1].line, targets)], "users": users, "targets": gateway_targets(targets)}


async def _targets(room: Keys, user: str) -> list[SshRecord]:
    try:
        servers = (await room.site.hub.user(user)).get("servers") or {}
    except NotThere:
        return []
    records = [EnvironmentRecord.parse(server.get("state")) for server in servers.values() if server.get("ready")]
    return [record.ssh for record in records if record.ssh]


class GatewayKeys(Inside, Json):
    """Whose a key is, and where it lets the gateway forward to."""

    room: Keys

    async def prepare(self) -> None:
        """Refuse whoever is not the gateway."""
        await super().prepare()
        token = self._token()
        sent = self.request.headers.get("Authorization", "").encode()
        if not token or not compare_digest(sent, f"Bearer {token}".encode()):
            raise web.HTTPError(HTTPStatus.FORBIDDEN, "This needs the gateway's token.")

    async def get(self) -> None:
        """Answer with the lines of ``authorized_keys``; none for a key that lets nobody in."""
        answer = await gateway_answer(self.room, self.get_query_argument("fingerprint"))
        self.room.metrics.gateway.labels(outcome="known" if answer["lines"] else "unknown").inc()
        self.answer(answer)

    def _token(self) -> str:
        """Return the token as it is now: the gateway may be switched on, and its token be changed, while we run."""
        try:
            return (self.room.site.settings.gateway / "token").read_text(encoding="utf-8").strip()
        except OSError:
            return ""
