"""What happens without being asked, in rounds."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from swish_spawner.core.ssh_key_list import KeyList
from swish_spawner.core.ssh_keys import parse_public_key
from swish_spawner.errors import NotThere, Unavailable
from swish_spawner.services.web.key_store import KeyStore
from swish_spawner.services.web.parts import Parts
from swish_spawner.services.web.upkeep import keep_keys, upkeep
from tests.core.test_ssh_keys import ED25519
from tests.fake_api import FakeApi
from tests.services.web.test_gateway_key import parts as some_parts
from tests.services.web.test_key_store import add, copy_of


class People:
    """A hub of these people, by name and groups.

    Args:
        groups: whom the list of all has.
        late: who came since.
    """

    def __init__(self, groups: dict[str, frozenset[str]], late: tuple[str, ...] = ()) -> None:
        self.asked = 0
        self._groups, self._late = groups, late

    async def groups(self) -> dict[str, frozenset[str]]:
        """Return the groups of everybody."""
        self.asked += 1
        return self._groups

    async def user(self, name: str) -> dict[str, Any]:
        """Return a person."""
        if name not in self._groups and name not in self._late:
            raise NotThere("no such user")
        return {"name": name}


@pytest.fixture
def parts(store: KeyStore) -> Parts:
    """What a round uses."""
    return replace(some_parts(Path()), keys=store)


def with_people(parts: Parts, people: Any) -> Parts:
    """Return the parts with a hub of these people."""
    return replace(parts, hub=people)


async def test_a_round_makes_copies_right(parts: Parts, store: KeyStore, api: FakeApi) -> None:
    """By the groups that the hub knows now."""
    await store.change("ada", [], add)
    assert await keep_keys(with_people(parts, People({"ada": frozenset({"imaging"})})))
    assert copy_of(api, "ada")


@pytest.mark.parametrize(("late", "left"), [((), 0), (("ada",), 1)])
async def test_the_keys_of_the_gone_are_forgotten(
    parts: Parts,
    store: KeyStore,
    late: tuple[str, ...],
    left: int,
) -> None:
    """The next person of that name is another; who came since the list was read is not gone."""
    await store.change("ada", [], add)
    assert await keep_keys(with_people(parts, People({"grace": frozenset()}, late)))
    assert len((await store.of("ada")).keys) == left


async def test_without_the_hub_nothing_is_touched(parts: Parts, store: KeyStore) -> None:
    """It is counted that copies may be late."""

    class Away(People):
        async def groups(self) -> dict[str, frozenset[str]]:
            raise Unavailable("JupyterHub does not answer.")

    await store.change("ada", [], add)
    assert not await keep_keys(with_people(parts, Away({})))
    assert (await store.of("ada")).keys
    assert parts.metrics.registry.get_sample_value("swish_web_keys_late") == 1


async def test_a_round_that_fails_is_not_the_last(parts: Parts) -> None:
    """Whatever it was."""
    third = asyncio.Event()

    class Odd(People):
        async def groups(self) -> dict[str, frozenset[str]]:
            self.asked += 1
            if self.asked == 3:
                third.set()
            raise RuntimeError("unthought of")

    work = asyncio.create_task(upkeep(with_people(parts, Odd({})), round_seconds=0))
    await third.wait()
    work.cancel()
    with suppress(asyncio.CancelledError):
        await work


def test_an_empty_list_is_no_list() -> None:
    """What forgetting writes leaves nothing in a Secret."""
    keys = KeyList("ada").with_key(parse_public_key(ED25519), "x", datetime(2026, 1, 1, tzinfo=UTC))
    assert set(keys.items()) == set(KeyList("ada").items())
