"""What happens without being asked, in rounds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from swish_spawner.core.ssh.key_list import KeyList
from swish_spawner.core.ssh.keys import parse_public_key
from swish_spawner.errors import NotThere, Unavailable
from swish_spawner.services.keys.pods import SshPods
from swish_spawner.services.keys.room import KeyMetrics, Keys
from swish_spawner.services.keys.store import KeyStore
from swish_spawner.services.keys.upkeep import keep_keys, upkeep
from swish_spawner.services.site.settings import ServiceSettings
from swish_spawner.services.site.site import Site
from tests.core.ssh.test_keys import ED25519
from tests.fake_api import FakeApi
from tests.services.keys.test_pods import run_environment
from tests.services.keys.test_store import KEY, NOW, add, copy_of


class People:
    """A hub of these people, by name and groups.

    Args:
        groups: whom the list of all has.
        late: who came since.
        created: when all of them were made.
    """

    def __init__(
        self,
        groups: dict[str, frozenset[str]],
        late: Mapping[str, Iterable[str]] | None = None,
        created: datetime = NOW,
    ) -> None:
        self.asked = 0
        self._groups, self._late, self._created = groups, late or {}, created

    async def groups(self) -> dict[str, frozenset[str]]:
        """Return the groups of everybody."""
        self.asked += 1
        return self._groups

    async def user(self, name: str) -> dict[str, Any]:
        """Return a person."""
        everybody = {**self._groups, **self._late}
        if name not in everybody:
            raise NotThere("no such user")
        return {"name": name, "groups": list(everybody[name]), "created": self._created.isoformat()}


SETTINGS = ServiceSettings(
    "http://hub/hub/api", "t", "/", "/services/swish/", "", 8082, "swish", Path(), 22, Path(), Path()
)


@pytest.fixture
def room(store: KeyStore) -> Keys:
    """What a round uses."""
    nothing: Any = None
    site = Site(SETTINGS, store.policy, nothing, lambda: NOW, nothing, {})
    look = partial(SshPods, store.secrets.api, store.secrets.patience)
    return Keys(site, store, look, nothing, KeyMetrics(site.metrics.registry))


def with_people(room: Keys, people: Any) -> Keys:
    """Return the room with a hub of these people."""
    return replace(room, site=replace(room.site, hub=people))


def at(room: Keys, now: Callable[[], datetime]) -> Keys:
    """Return the room at another time."""
    return replace(room, site=replace(room.site, now=now))


async def test_a_round_makes_copies_right(room: Keys, store: KeyStore, api: FakeApi) -> None:
    """By the groups that the hub knows now."""
    await store.change("ada", [], add)
    assert await keep_keys(with_people(room, People({"ada": frozenset({"imaging"})})))
    assert copy_of(api, "ada")


async def test_who_came_since_the_list_was_read_is_not_gone(room: Keys, store: KeyStore, api: FakeApi) -> None:
    """Nor is who was left out of one of its pages: each is asked for by name, and copies stay as well."""
    await store.change("ada", ["imaging"], add)
    assert await keep_keys(with_people(room, People({"grace": frozenset()}, late={"ada": ("imaging",)})))
    assert (await store.of("ada")).keys
    assert copy_of(api, "ada")


async def test_the_keys_of_the_gone_are_set_aside(room: Keys, store: KeyStore, api: FakeApi) -> None:
    """They open nothing, since the next person of that name is another; and they are not lost."""
    await store.change("ada", ["imaging"], add)
    assert await keep_keys(with_people(room, People({"grace": frozenset()})))
    assert not (await store.of("ada")).keys
    assert not copy_of(api, "ada")
    assert await store.holders(KEY.fingerprint) == []
    assert [one.user for one in await store.lists()] == ["ada"]


@pytest.mark.parametrize("namespace", ["swish", "swish-imaging"])
async def test_nobody_whose_environment_runs_is_gone(room: Keys, store: KeyStore, api: FakeApi, namespace: str) -> None:
    """The hub has a database of before then, and their sessions would end with their keys; wherever it runs."""
    await store.change("ada", ["imaging"], add)
    run_environment(api, namespace, "ada")
    assert await keep_keys(with_people(room, People({"grace": frozenset()})))
    assert (await store.of("ada")).keys
    assert copy_of(api, "ada")


async def test_a_copy_stays_while_an_environment_needs_it(room: Keys, store: KeyStore, api: FakeApi) -> None:
    """A hub with a database of before knows of no team that somebody has joined since."""
    await store.change("ada", ["imaging"], add)
    run_environment(api, "swish-imaging", "ada")
    assert await keep_keys(with_people(room, People({"ada": frozenset()})))
    assert copy_of(api, "ada")


async def test_where_nobody_can_say_who_runs_what_nothing_goes(room: Keys, store: KeyStore, api: FakeApi) -> None:
    """The round says that it could not do all, and does what it can for others."""
    await store.change("ada", ["imaging"], add)
    await store.change("grace", [], add)
    api.failures["LIST pods"] = [(403, "the role is narrower")] * 99
    hub = People({"grace": frozenset({"imaging"})})
    assert not await keep_keys(with_people(room, hub))
    assert (await store.of("ada")).keys
    assert copy_of(api, "ada")
    assert copy_of(api, "grace")
    assert room.site.metrics.registry.get_sample_value("swish_web_keys_late") == 1


async def test_who_is_set_aside_is_asked_nobody_about(room: Keys, store: KeyStore, api: FakeApi) -> None:
    """For a week: what is refused meanwhile is in nobody's way."""
    await store.change("ada", [], add)
    hub = with_people(room, People({"grace": frozenset()}))
    assert await keep_keys(hub)
    asked = api.requests["LIST pods"]
    assert await keep_keys(hub)
    assert api.requests["LIST pods"] == asked


async def test_who_is_made_while_a_round_goes_on_is_another(room: Keys, store: KeyStore) -> None:
    """The keys of before are not given back."""
    await store.change("ada", [], add)
    times = iter((NOW, *[NOW + timedelta(seconds=20)] * 9))
    assert await keep_keys(with_people(at(room, lambda: next(times)), People({"grace": frozenset()})))
    made = People({"ada": frozenset()}, created=NOW + timedelta(seconds=5))
    assert await keep_keys(with_people(room, made))
    assert not (await store.of("ada")).keys


async def test_clocks_may_differ(room: Keys, store: KeyStore) -> None:
    """By some minutes, in which nobody is given another's keys."""
    await store.change("ada", [], add)
    assert await keep_keys(with_people(room, People({"grace": frozenset()})))
    assert await keep_keys(with_people(room, People({"ada": frozenset()}, created=NOW - timedelta(minutes=4))))
    assert not (await store.of("ada")).keys


async def test_after_a_week_they_are_forgotten(room: Keys, store: KeyStore) -> None:
    """And not before."""
    await store.change("ada", [], add)
    for days, left in ((0, 1), (6, 1), (7, 0)):
        then = at(room, partial(NOW.__add__, timedelta(days=days)))
        assert await keep_keys(with_people(then, People({"grace": frozenset()})))
        assert len(await store.lists()) == left


@pytest.mark.parametrize(("created", "keys"), [(NOW - timedelta(days=9), 1), (NOW + timedelta(days=1), 0)])
async def test_who_comes_back_has_their_keys(room: Keys, store: KeyStore, created: datetime, keys: int) -> None:
    """As the same person, that is, e.g. once a role is as wide as it was; whoever has the name since then has none."""
    await store.change("ada", [], add)
    assert await keep_keys(with_people(room, People({"grace": frozenset()})))
    assert await keep_keys(with_people(room, People({"ada": frozenset()}, created=created)))
    assert len((await store.of("ada")).keys) == keys


async def test_the_next_person_of_a_name_keeps_what_they_add(room: Keys, store: KeyStore) -> None:
    """Also when those of before are forgotten."""
    await store.change("ada", [], add)
    assert await keep_keys(with_people(room, People({})))
    await store.change("ada", [], add)
    later = at(room, lambda: NOW + timedelta(days=8))
    assert await keep_keys(with_people(later, People({"ada": frozenset()}, created=NOW + timedelta(days=1))))
    assert len((await store.of("ada")).keys) == 1


@pytest.mark.parametrize("people", [2, 40])
async def test_a_hub_that_knows_nobody_costs_no_keys(room: Keys, store: KeyStore, api: FakeApi, people: int) -> None:
    """Its database is new, or its role was narrowed; it is said, and counted."""
    names = [f"person-{number}" for number in range(people)]
    for name in names:
        await store.change(name, ["imaging"], add)
    assert await keep_keys(with_people(room, People({"grace": frozenset()})))
    assert all([(await store.of(name)).keys for name in names])
    assert all(copy_of(api, name) for name in names)
    assert room.site.metrics.registry.get_sample_value("swish_web_keys_held") == people


async def test_without_the_hub_nothing_is_touched(room: Keys, store: KeyStore) -> None:
    """It is counted that copies may be late."""

    class Away(People):
        async def groups(self) -> dict[str, frozenset[str]]:
            raise Unavailable("JupyterHub does not answer.")

    await store.change("ada", [], add)
    assert not await keep_keys(with_people(room, Away({})))
    assert (await store.of("ada")).keys
    assert room.site.metrics.registry.get_sample_value("swish_web_keys_late") == 1


async def test_a_round_that_fails_is_not_the_last(room: Keys) -> None:
    """Whatever it was."""
    third = asyncio.Event()

    class Odd(People):
        async def groups(self) -> dict[str, frozenset[str]]:
            self.asked += 1
            if self.asked == 3:
                third.set()
            raise RuntimeError("unthought of")

    work = asyncio.create_task(upkeep(with_people(room, Odd({})), round_seconds=0))
    await third.wait()
    work.cancel()
    with suppress(asyncio.CancelledError):
        await work


def test_an_empty_list_is_no_list() -> None:
    """What forgetting writes leaves nothing in a Secret."""
    keys = KeyList("ada").with_key(parse_public_key(ED25519), "x", datetime(2026, 1, 1, tzinfo=UTC))
    assert set(keys.items()) == set(KeyList("ada").items())
