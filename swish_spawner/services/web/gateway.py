"""The answer to the gateway's question whose a key is."""

from __future__ import annotations

import asyncio
from typing import Any

from swish_spawner.core.ssh.gateway import Target, gateway_line, gateway_targets, target_of
from swish_spawner.errors import NotThere
from swish_spawner.services.web.parts import Parts


async def gateway_answer(parts: Parts, fingerprint: str) -> dict[str, Any]:
    """Return what the gateway may let a key do.

    Somebody's public key is no secret, so others may have put it on their own lists; it then opens their environments
    too, which is what they asked for, and shuts nobody's.

    Args:
        parts: of the application.
        fingerprint: of the key that is offered, as OpenSSH prints it.

    Returns:
        ``lines`` of ``authorized_keys``, empty for an unknown key; ``users``, whose it is; and ``targets``: for each
        name that may be asked for, the one that the cluster's DNS knows.

    Raises:
        Unavailable: Kubernetes or the hub does not answer.
    """
    holders = await parts.keys.holders(fingerprint)
    if not holders:
        return {"lines": [], "users": [], "targets": {}}
    found = await asyncio.gather(*(_targets(parts, user) for user, _ in holders))
    targets = [target for some in found for target in some]
    users = sorted(user for user, _ in holders)
    return {"lines": [gateway_line(holders[0][1].line, targets)], "users": users, "targets": gateway_targets(targets)}


async def _targets(parts: Parts, user: str) -> list[Target]:
    try:
        servers = (await parts.hub.user(user)).get("servers") or {}
    except NotThere:
        return []
    found = [target_of(server.get("state") or {}) for server in servers.values() if server.get("ready")]
    return [target for target in found if target]
