"""What the web service does without being asked: keys follow people into teams, and go with them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from swish_spawner.core.policy.values import namespaces
from swish_spawner.core.ssh.key_list import KeyList
from swish_spawner.core.upkeep.absence import Rules
from swish_spawner.errors import NotThere, SwishError
from swish_spawner.services.keys.room import Keys
from swish_spawner.services.keys.store import Inside

LOG: Final = logging.getLogger("swish.web")
#: Between two rounds (seconds): so long it takes until somebody's keys follow them into a team with its own namespace,
#: or a copy that could not be written is written.
ROUND_SECONDS: Final = 60.0
RULES: Final = Rules()
#: How far the hub's clock and ours may differ; who was made so shortly before they were gone is taken for another.
_CLOCKS: Final = timedelta(minutes=5)


async def upkeep(room: Keys, round_seconds: float = ROUND_SECONDS) -> None:
    """Do a round now and then, until cancelled; nothing that goes wrong in one ends the next."""
    while True:
        try:
            await keep_keys(room)
        except Exception:
            LOG.exception("Copies of keys could not be looked after")
            room.metrics.late.set(1)
        await asyncio.sleep(round_seconds)


async def keep_keys(room: Keys) -> bool:
    """Make every copy of keys as its list is, and say whether all are; without the hub's answer nothing is touched."""
    # before anybody is asked: who is made while this goes on is another person
    now = room.site.now()
    try:
        groups, lists = await room.site.hub.groups(), await room.store.lists()
        room.metrics.fullest.set(await room.store.fullest())
        inside = room.pods().people
        known, missing = await _looked_for(room, [one for one in lists if one.user not in groups], lists)
        working = await _at_work(room, inside, missing & {one.user for one in lists if not one.gone})
        gone = missing - (missing if working is None else working)
        groups |= {user: frozenset(person.get("groups", ())) for user, person in known.items()}
        well = not room.store.has_copies or await room.store.sync(groups, inside, gone)
        await _set_aside(room, [one for one in lists if one.user in gone], now)
        await _take_back(room, [one for one in lists if one.gone and one.user in groups], known)
        well = well and working is not None
    except SwishError as error:
        LOG.warning("Keys are not looked after now: %s", error)
        well = False
    room.metrics.late.set(0 if well else 1)
    return well


async def _looked_for(
    room: Keys, missing: Collection[KeyList], lists: Collection[KeyList]
) -> tuple[Mapping[str, Mapping[str, Any]], frozenset[str]]:
    """Ask for each who is not among the hub's users by name; return whom it knows, and who is not there.

    Too many are not asked for: then it is the hub's list that is wrong, and nobody is taken for gone.
    """
    new = [one.user for one in missing if not one.gone]
    held = RULES.is_fuse_blown(new, [one.user for one in lists if not one.gone])
    if held and room.metrics.held_people != len(new):
        LOG.error("The hub knows %d of %d people with keys no more; their keys stay as they are", len(new), len(lists))
    room.metrics.hold(len(new) if held else 0)
    known, gone = {}, set()
    for one in missing:
        if held and not one.gone:
            continue
        try:
            known[one.user] = await room.site.hub.user(one.user)
        except NotThere:
            gone.add(one.user)
    return known, frozenset(gone)


async def _at_work(room: Keys, inside: Inside, people: Collection[str]) -> frozenset[str] | None:
    """Return those of some people whose environment runs, or None where that cannot be said.

    A hub stops all that somebody has before it forgets them. So one that does not know them has a database of before,
    and their sessions would end with their keys.
    """
    found: frozenset[str] = frozenset()
    try:
        for namespace in namespaces(room.site.policy(), room.site.settings.namespace) if people else ():
            found |= frozenset(await inside(namespace)).intersection(people)
    except SwishError as error:
        LOG.warning("Nobody is taken for gone now: %s", error)
        return None
    return found


async def _set_aside(room: Keys, lists: Collection[KeyList], now: datetime) -> None:
    """Set the lists of those who are gone aside, and give those up that have been so for long."""
    for one in lists:
        if one.gone is None:
            await room.store.set_aside(one.user, now)
            LOG.info("%s is gone from the hub; the keys of that name are set aside", one.user)
        elif RULES.is_over(one.gone, now):
            await room.store.forget(one.user)
            LOG.info("%s has been gone for %d days, and so are the keys of that name", one.user, RULES.wait.days)


async def _take_back(room: Keys, lists: Collection[KeyList], known: Mapping[str, Mapping[str, Any]]) -> None:
    """Have the lists count again of those who are back; the next person of somebody's name is another."""
    for one in lists:
        if one.gone is None:
            continue
        created = (known.get(one.user) or await room.site.hub.user(one.user)).get("created")
        if created and datetime.fromisoformat(created) <= one.gone - _CLOCKS:
            await room.store.set_aside(one.user, None)
            LOG.info("%s is back, and so are the keys of that name", one.user)
        elif RULES.is_over(one.gone, room.site.now()):
            await room.store.forget(one.user)
