"""The Secrets of keys, over an API server in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

import pytest
from kubernetes_asyncio.client import ApiClient, Configuration, CoreV1Api

from swish_spawner.adapters.kubernetes.requests import Patience
from swish_spawner.adapters.kubernetes.secrets import KeySecrets
from swish_spawner.errors import ClusterAway, RequestError, Unavailable
from tests.fake_api import FakeApi, serve

NAME = "ssh-keys-0"


@pytest.fixture
async def api() -> AsyncIterator[FakeApi]:
    """An API server with one empty Secret."""
    async with serve(FakeApi()) as api:
        api.change("secrets", "ADDED", {"metadata": {"namespace": "swish", "name": NAME}})
        yield api


@pytest.fixture
async def secrets(api: FakeApi) -> AsyncIterator[KeySecrets]:
    """What is tested."""
    async with ApiClient(Configuration(host=api.url)) as client:
        yield KeySecrets(CoreV1Api(client), Patience(request_seconds=2, answer_seconds=5), pause_seconds=0.01)


async def test_nothing_is_lost_when_many_write_at_once(secrets: KeySecrets) -> None:
    """Whoever comes late reads again."""

    async def write(number: int) -> None:
        await secrets.change("swish", NAME, lambda _: {f"item-{number}": "x"})

    await asyncio.gather(*map(write, range(4)))
    assert set(await secrets.read("swish", NAME)) == {f"item-{number}" for number in range(4)}


async def test_what_is_right_is_not_written(api: FakeApi, secrets: KeySecrets) -> None:
    """No version of a Secret comes without a change."""
    await secrets.change("swish", NAME, lambda _: {"a": "x"})
    await secrets.change("swish", NAME, lambda _: {"a": "x", "b": None})
    assert api.requests["PUT secrets"] == 1


async def test_what_is_not_ours_stays_to_the_byte(api: FakeApi, secrets: KeySecrets) -> None:
    """Even where it is no text at all."""
    api.objects["secrets"][f"swish/{NAME}"]["data"] = {"binary": "//79"}
    await secrets.change("swish", NAME, lambda _: {"a": "ä"})
    assert api.objects["secrets"][f"swish/{NAME}"]["data"] == {"binary": "//79", "a": "w6Q="}


async def test_an_item_is_removed(secrets: KeySecrets) -> None:
    """By None."""
    await secrets.change("swish", NAME, lambda _: {"a": "x", "b": "y"})
    assert await secrets.change("swish", NAME, lambda _: {"a": None}) == {"b": "y"}


async def test_a_refusal_of_the_change_writes_nothing(api: FakeApi, secrets: KeySecrets) -> None:
    """It goes to whoever asked."""

    def refuse(_: Mapping[str, str]) -> Mapping[str, str]:
        raise RequestError("key", "is bad")

    with pytest.raises(RequestError):
        await secrets.change("swish", NAME, refuse)
    assert not api.requests["PUT secrets"]


async def test_trying_again_has_an_end(api: FakeApi, secrets: KeySecrets) -> None:
    """The person is told that nothing was changed."""
    api.failures["PUT secrets"] = [(409, "changed")] * 100
    with pytest.raises(Unavailable, match="nothing was changed"):
        await secrets.change("swish", NAME, lambda _: {"a": "x"})


@pytest.mark.parametrize(
    ("name", "failures", "words"),
    [
        ("ssh-keys-1", [], "The Secret ssh-keys-1 in namespace swish, which keeps keys, is missing"),
        (NAME, [(403, "forbidden")], "Kubernetes does not let Swish use the Secret ssh-keys-0 in namespace swish"),
    ],
)
async def test_what_an_administrator_must_mend_is_named(
    api: FakeApi, secrets: KeySecrets, name: str, failures: list[tuple[int, str]], words: str
) -> None:
    """With the Secret and what to do."""
    api.failures["GET secrets"] = failures
    with pytest.raises(Unavailable, match=words):
        await secrets.read("swish", name)


async def test_an_api_server_that_is_away_is_waited_for_in_vain(api: FakeApi, secrets: KeySecrets) -> None:
    """Not for ever."""
    api.failures["GET secrets"] = [(503, "away")] * 100
    with pytest.raises(ClusterAway):
        await secrets.read("swish", NAME)
