"""What the web service does without being asked: keys follow people into teams, and go with them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Final

from swish_spawner.core.ssh_key_list import KeyList
from swish_spawner.errors import NotThere, SwishError
from swish_spawner.services.web.parts import Parts

LOG: Final = logging.getLogger("swish.web")
#: Between two rounds (seconds): so long it takes until somebody's keys follow them into a team with its own namespace,
#: or a copy that could not be written is written.
ROUND_SECONDS: Final = 60.0


async def upkeep(parts: Parts, round_seconds: float = ROUND_SECONDS) -> None:
    """Do a round now and then, until cancelled; nothing that goes wrong in one ends the next."""
    while True:
        try:
            await keep_keys(parts)
        except Exception:
            LOG.exception("Copies of keys could not be looked after")
            parts.metrics.late.set(1)
        await asyncio.sleep(round_seconds)


async def keep_keys(parts: Parts) -> bool:
    """Make every copy of keys as its list is, and say whether all are; without the hub's answer nothing is touched."""
    try:
        groups = await parts.hub.groups()
        well = not parts.keys.has_copies or await parts.keys.sync(groups)
        await _forget_the_gone(parts, groups)
    except SwishError as error:
        LOG.warning("Keys are not looked after now: %s", error)
        well = False
    parts.metrics.late.set(0 if well else 1)
    return well


async def _forget_the_gone(parts: Parts, groups: Mapping[str, object]) -> None:
    """Remove the keys of whoever was deleted from the hub: the next person of that name is another."""
    for user in await parts.keys.users() - groups.keys():
        try:
            await parts.hub.user(user)  # who came since the list of all was read
        except NotThere:
            await parts.keys.change(user, (), lambda keys: KeyList(keys.user))
            LOG.info("%s is gone from the hub, and so are the keys of that name", user)
