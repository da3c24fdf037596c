"""Copies of keys follow people and heal after faults."""

from __future__ import annotations

import base64
from copy import deepcopy
from datetime import UTC, datetime

import pytest

from swish_spawner.core.ssh.key_list import KeyList
from swish_spawner.core.ssh.keys import key_id, parse_public_key, secret_name, shard
from swish_spawner.errors import Unavailable
from swish_spawner.services.keys.store import KeyStore
from tests.core.ssh.test_keys import ED25519
from tests.fake_api import FakeApi

KEY = parse_public_key(ED25519)
NOW = datetime(2026, 11, 26, tzinfo=UTC)


def add(keys: KeyList) -> KeyList:
    """Return a list with the key."""
    return keys.with_key(KEY, "laptop", NOW)


def copy_of(api: FakeApi, user: str, namespace: str = "swish-imaging") -> str:
    """Return what environments of a person's mount in a namespace."""
    data = api.objects["secrets"][f"{namespace}/{secret_name(shard(user))}"].get("data") or {}
    return base64.b64decode(data.get(key_id(user), "")).decode()


async def nobody(namespace: str) -> frozenset[str]:
    """Return who has an environment there."""
    return frozenset()


async def only_ada(namespace: str) -> frozenset[str]:
    """Return who has an environment there."""
    return frozenset({"ada"})


async def test_keys_follow_a_person_into_a_team(api: FakeApi, store: KeyStore) -> None:
    """Without the person's doing anything."""
    await store.change("ada", [], add)
    assert not copy_of(api, "ada")
    assert await store.sync({"ada": ["imaging"]}, nobody)
    assert copy_of(api, "ada") == f"{ED25519}\n"


async def test_keys_leave_a_team_with_a_person(api: FakeApi, store: KeyStore) -> None:
    """Once they were not in it in two rounds: they may have joined while the first went on."""
    await store.change("ada", ["imaging"], add)
    assert await store.sync({"ada": []}, nobody)
    assert copy_of(api, "ada")
    assert await store.sync({"ada": []}, nobody)
    assert not copy_of(api, "ada")
    assert (await store.of("ada")).keys


async def test_keys_leave_with_who_is_gone(api: FakeApi, store: KeyStore) -> None:
    """At once."""
    await store.change("ada", ["imaging"], add)
    assert await store.sync({}, nobody, gone={"ada"})
    assert not copy_of(api, "ada")


async def test_who_is_not_spoken_of_keeps_their_copies(api: FakeApi, store: KeyStore) -> None:
    """They may have come since, and they may not be known for a while; their copies go on being right."""
    await store.change("ada", ["imaging"], add)
    for _ in range(3):
        assert await store.sync({}, nobody)
    assert copy_of(api, "ada")
    await store.change("ada", [], lambda keys: keys.without(KEY.fingerprint))
    assert not copy_of(api, "ada")


async def test_a_removed_key_of_who_is_not_spoken_of_goes(api: FakeApi, store: KeyStore) -> None:
    """Also when it could not be removed at first."""
    await store.change("ada", ["imaging"], add)
    secret = deepcopy(api.objects["secrets"][f"swish-imaging/{secret_name(shard('ada'))}"])
    await store.change("ada", ["imaging"], lambda keys: keys.without(KEY.fingerprint))
    api.objects["secrets"][f"swish-imaging/{secret_name(shard('ada'))}"] = secret
    assert copy_of(api, "ada")
    assert await store.sync({}, nobody)
    assert not copy_of(api, "ada")


async def test_where_nobody_can_say_who_is_inside_the_rest_is_made_right(api: FakeApi, store: KeyStore) -> None:
    """Of those who stay and of those who may have left; the round says that it could not do all."""

    async def refused(_: str) -> frozenset[str]:
        raise Unavailable("Pods cannot be seen.")

    await store.change("ada", ["imaging"], add)
    await store.change("grace", [], add)
    for _ in range(2):
        done = await store.sync({"ada": [], "grace": ["imaging"]}, refused)
    assert not done
    assert copy_of(api, "ada")
    assert copy_of(api, "grace")


async def test_keys_stay_where_an_environment_runs(api: FakeApi, store: KeyStore) -> None:
    """Who has left the team has work in it; what they take off their list goes there, too."""
    await store.change("ada", ["imaging"], add)
    for _ in range(3):
        assert await store.sync({"ada": []}, only_ada)
    assert copy_of(api, "ada")
    await store.change("ada", [], lambda keys: keys.renamed(KEY.fingerprint, "other"))
    assert copy_of(api, "ada")
    await store.change("ada", [], lambda keys: keys.without(KEY.fingerprint))
    assert not copy_of(api, "ada")


async def test_an_environment_gets_no_copy_that_was_not_there(api: FakeApi, store: KeyStore) -> None:
    """Whatever a pod there says of whose it is."""
    await store.change("ada", [], add)
    assert await store.sync({"ada": []}, only_ada)
    assert not copy_of(api, "ada")


async def test_a_copy_that_could_not_be_removed_is_removed_later(api: FakeApi, store: KeyStore) -> None:
    """Meanwhile the answer says where the key still opens."""
    await store.change("ada", ["imaging"], add)
    kept = api.objects["secrets"].pop(f"swish-imaging/{secret_name(shard('ada'))}")
    with pytest.raises(Unavailable, match="environments in swish-imaging do not know it yet"):
        await store.change("ada", ["imaging"], lambda keys: keys.without(KEY.fingerprint))
    api.objects["secrets"][f"swish-imaging/{secret_name(shard('ada'))}"] = kept
    assert copy_of(api, "ada")
    assert await store.sync({"ada": ["imaging"]}, nobody)
    assert not copy_of(api, "ada")


async def test_what_somebody_else_put_into_a_copy_goes(api: FakeApi, store: KeyStore) -> None:
    """Only lists let people in."""
    secret = api.objects["secrets"][f"swish-imaging/{secret_name(shard('ada'))}"]
    secret["data"] = {key_id("ada"): base64.b64encode(b"ssh-ed25519 AAAA").decode()}
    assert await store.sync({"ada": ["imaging"]}, nobody)
    assert not copy_of(api, "ada")


async def test_what_is_right_is_not_written_again(api: FakeApi, store: KeyStore) -> None:
    """A round without news only reads."""
    await store.change("ada", ["imaging"], add)
    written = api.requests["PUT secrets"]
    assert await store.sync({"ada": ["imaging"]}, nobody)
    assert api.requests["PUT secrets"] == written == 2


async def test_a_round_that_could_not_do_all_says_so(api: FakeApi, store: KeyStore) -> None:
    """And does what it can."""
    del api.objects["secrets"]["swish-imaging/ssh-keys-0"]
    await store.change("ada", [], add)
    assert not await store.sync({"ada": ["imaging"]}, nobody)
    assert copy_of(api, "ada")


async def test_holders(store: KeyStore) -> None:
    """A public key may be on several lists: nobody's shuts another out."""
    await store.change("ada", [], add)
    await store.change("eve", [], add)
    assert sorted(user for user, _ in await store.holders(KEY.fingerprint)) == ["ada", "eve"]
    assert await store.holders("SHA256:other") == []


async def test_a_flood_of_questions_is_none_of_requests(api: FakeApi, store: KeyStore) -> None:
    """The gateway asks whose a key is for each that is offered."""
    await store.change("ada", [], add)
    before = api.requests["GET secrets"]
    for _ in range(100):
        await store.holders(KEY.fingerprint)
    assert api.requests["GET secrets"] == before + 16


async def test_a_removed_key_is_nobodys_at_once(store: KeyStore) -> None:
    """Whatever was known of it."""
    await store.change("ada", [], add)
    assert await store.holders(KEY.fingerprint)
    await store.change("ada", [], lambda keys: keys.without(KEY.fingerprint))
    assert not await store.holders(KEY.fingerprint)
