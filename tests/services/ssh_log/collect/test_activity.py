"""When the hub is told that somebody uses an environment by ssh."""

from __future__ import annotations

import pytest

from swish_spawner.errors import NotThere, Unavailable
from swish_spawner.services.ssh_log.collect.activity import Activity
from tests.services.ssh_log.conftest import Keeper
from tests.services.ssh_log.fake_log_api import FakeLogApi


async def heard(keeper: Keeper, cluster: FakeLogApi, activity: Activity, *events: str, **fields: int) -> list[str]:
    """Let an environment tell of events and then report; return the servers that the hub was told of in the end."""
    before = await keeper.events()
    cluster.say("lab", *events, **fields)
    cluster.say("lab", "logout")  # what has an entry, so that all before it has been read
    await keeper.until(*before, *(event for event in events if event != "presence"), "logout")
    await activity.report()
    return [f"{user}/{server}" for user, server, _ in keeper.hub.told]


@pytest.mark.claim("ssh-counts-as-use")
async def test_a_log_in_counts_once(cluster: FakeLogApi, keeper: Keeper) -> None:
    """The hub is told when somebody did something, and not again while nobody does."""
    cluster.environment("lab")
    async with keeper.keeping() as activity:
        assert await heard(keeper, cluster, activity, "login") == ["ada/lab"]
        assert await heard(keeper, cluster, activity, "presence", sessions=0) == ["ada/lab"]
        assert await heard(keeper, cluster, activity, "presence", sessions=1, idle=0) == ["ada/lab"] * 2
    times = [when for _, _, when in keeper.hub.told]
    assert times == sorted(times)


async def test_nobody_there_is_no_use(cluster: FakeLogApi, keeper: Keeper) -> None:
    """Nor is a refusal."""
    cluster.environment("lab")
    async with keeper.keeping() as activity:
        assert await heard(keeper, cluster, activity, "started", "refused", "presence", sessions=0) == []


async def test_without_the_hub_the_use_is_told_later(cluster: FakeLogApi, keeper: Keeper) -> None:
    """It is kept, and counted."""
    cluster.environment("lab")
    async with keeper.keeping() as activity:
        keeper.hub.error = Unavailable("JupyterHub does not answer.")
        assert await heard(keeper, cluster, activity, "login") == []
        keeper.hub.error = None
        await activity.report()
        assert [server for _, server, _ in keeper.hub.told] == ["lab"]
        assert keeper.metric("activity_reports_total", outcome="failed") == 1


async def test_a_server_that_is_gone_is_not_told_of_again(cluster: FakeLogApi, keeper: Keeper) -> None:
    """The hub said so."""
    cluster.environment("lab")
    async with keeper.keeping() as activity:
        keeper.hub.error = NotThere("JupyterHub does not know this server, or not any more.")
        await heard(keeper, cluster, activity, "login")
        keeper.hub.error = None
        await activity.report()
        assert keeper.hub.told == []


@pytest.mark.parametrize("error", [RuntimeError("unthought of")])
async def test_a_round_that_fails_is_not_the_last(cluster: FakeLogApi, keeper: Keeper, error: Exception) -> None:
    """Whatever it was."""
    cluster.environment("lab")
    async with keeper.keeping() as activity:
        keeper.hub.error = error
        with pytest.raises(ExceptionGroup):
            await heard(keeper, cluster, activity, "login")
        keeper.hub.error = None
        await activity.report()
        assert len(keeper.hub.told) == 1
