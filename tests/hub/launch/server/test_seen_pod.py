"""An environment's pod as the watches have it."""

from __future__ import annotations

from collections.abc import Callable

from swish_spawner.adapters.kubernetes.watches.wakeups import WakeUps
from swish_spawner.hub.launch.server.seen_pod import SeenPod
from swish_spawner.hub.launch.spawner import SwishSpawner
from tests.fake_api import FakeApi
from tests.hub.conftest import begin
from tests.hub.launch.test_start import POD, until

UNSEEN = SeenPod("swish", POD, None, None, WakeUps())


def test_where_nothing_is_watched_nothing_is_seen() -> None:
    """And nothing fails."""
    with UNSEEN.followed():
        UNSEEN.offer({})
        UNSEEN.follow_claims(["claim-ada"])
        assert (UNSEEN.now, UNSEEN.events, UNSEEN.of("uid")) == (None, [], None)


async def test_a_pod_that_is_gone_is_about_to_be_deleted(launch: Callable[..., SwishSpawner], api: FakeApi) -> None:
    """So who waits for it learns why it went."""
    spawner = launch()
    await (await begin(spawner))
    uid = api.pod(POD)["metadata"]["uid"]
    assert spawner.seen.of(uid) == spawner.seen.now
    assert spawner.seen.of("another") is None
    api.gone(POD)
    await until(lambda: spawner.seen.now is None)
    assert "deletionTimestamp" in (spawner.seen.of(uid) or {})["metadata"]
