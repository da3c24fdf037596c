"""What becomes of what containers say: each line once, in its order, whatever breaks meanwhile."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from swish_spawner.core.ssh_log import stream
from swish_spawner.core.ssh_log.events.event import Event
from swish_spawner.services.ssh_log.collect import collector as module
from swish_spawner.services.ssh_log.collect import follower
from swish_spawner.services.ssh_log.collect.activity import Activity
from swish_spawner.services.ssh_log.collect.follower import Follower
from swish_spawner.services.ssh_log.keep import writer
from swish_spawner.services.ssh_log.keep.file import LogFile
from swish_spawner.services.ssh_log.keep.store import files, verified
from tests.services.ssh_log.conftest import Keeper
from tests.services.ssh_log.fake_log_api import FakeLogApi


@pytest.mark.claim("log-watch")
async def test_what_is_there_is_read_and_what_comes(cluster: FakeLogApi, keeper: Keeper) -> None:
    """In a chain, with whose environment it is."""
    cluster.environment("lab")
    cluster.say("lab", "started")
    async with keeper.keeping():
        await keeper.until("started")
        cluster.say("lab", "login", address="10.0.0.9")
        await keeper.until("started", "login")
        cluster.environment("late")
        cluster.say("late", "started")
        await keeper.until("started", "login", "started")
    _, login, late = await keeper.entries()
    whose = {"user": "ada", "environment": "ada--lab", "team": "imaging", "source": "sidecar", "address": "10.0.0.9"}
    assert {name: login[name] for name in whose} == whose
    assert late["environment"] == "ada--late"
    assert verified(keeper.folder)[1].number == 3


@pytest.mark.claim("log-unreadable", "log-goes-on")
async def test_a_line_that_nobody_thought_of_stops_nothing(
    cluster: FakeLogApi, keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told, and those after it are read."""

    def account(event: Event, *rest: Any) -> Any:
        if event.name == "session":
            raise OverflowError("nobody thought of this")
        return stream.account(event, *rest)

    monkeypatch.setattr(follower, "account", account)
    cluster.environment("lab")
    cluster.say("lab", "started", "login", "session", "session-end", "logout")
    async with keeper.keeping():
        await keeper.until("started", "login", "unreadable", "gap", "session-end", "logout")
        assert keeper.metric("log_refused_lines_total", reason="bug") == 1


async def test_a_use_that_cannot_be_counted_is_kept_all_the_same(
    cluster: FakeLogApi, keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log is not the idle clock's."""

    def heard(*_: Any) -> None:
        raise OverflowError("nobody thought of this")

    monkeypatch.setattr(Activity, "heard", heard)
    cluster.environment("lab")
    cluster.say("lab", "started", "login")
    async with keeper.keeping():
        await keeper.until("started", "login")


async def test_a_line_from_the_beginning_of_time_is_read(cluster: FakeLogApi, keeper: Keeper) -> None:
    """As of when its pod was made."""
    cluster.environment("lab")
    cluster.say("lab", "started")
    cluster.say("lab", "presence", time="0001-01-01T00:00:00+00:00", connections=1, idle=86400)
    cluster.say("lab", "login", time="0001-01-01T00:00:00+00:00")
    cluster.say("lab", "logout")
    async with keeper.keeping():
        await keeper.until("started", "login", "logout")
    assert (await keeper.entries())[1]["time"] >= "2026"


@pytest.mark.claim("log-reads-on", "log-once")
async def test_after_a_restart_of_the_service_it_goes_on(cluster: FakeLogApi, keeper: Keeper) -> None:
    """With what was said meanwhile, and nothing twice."""
    cluster.environment("lab")
    cluster.say("lab", "started", "login")
    async with keeper.keeping():
        await keeper.until("started", "login")
    cluster.say("lab", "session")
    async with keeper.keeping():
        await keeper.until("started", "login", "session")
        cluster.say("lab", "logout")
        await keeper.until("started", "login", "session", "logout")


@pytest.mark.claim("log-reads-on", "log-metrics")
async def test_a_cut_connection_loses_nothing(cluster: FakeLogApi, keeper: Keeper) -> None:
    """And brings nothing twice; that it was cut is counted."""
    cluster.environment("lab")
    cluster.say("lab", "started")
    async with keeper.keeping():
        await keeper.until("started")
        cluster.cut()
        cluster.say("lab", "login", "logout")
        await keeper.until("started", "login", "logout")
        assert keeper.metric("log_interruptions_total", reason="away") == 1


@pytest.mark.claim("log-watch")
async def test_a_watch_that_must_list_again_finds_who_came(cluster: FakeLogApi, keeper: Keeper) -> None:
    """After the API server has forgotten the watch's place."""
    async with keeper.keeping():
        await keeper.until()
        cluster.environment("lab")
        cluster.say("lab", "started")
        cluster.compact()
        cluster.drop_watches()
        await keeper.until("started")


@pytest.mark.claim("log-two-starts")
async def test_the_end_of_an_earlier_start_is_read(cluster: FakeLogApi, keeper: Keeper) -> None:
    """Though the container was started again while nobody read."""
    await read_before(cluster, keeper)
    cluster.say("lab", "login")
    cluster.again("lab")
    cluster.say("lab", "started")
    async with keeper.keeping():
        await keeper.until("started", "login", "started")


@pytest.mark.claim("log-two-starts", "log-unread")
async def test_an_end_that_is_gone_is_told(cluster: FakeLogApi, keeper: Keeper) -> None:
    """A node keeps no more than one earlier start."""
    await read_before(cluster, keeper)
    cluster.say("lab", "login")
    cluster.again("lab")
    cluster.again("lab")
    cluster.say("lab", "started")
    async with keeper.keeping():
        await keeper.until("started", "unread", "started")


async def test_a_container_that_dies_often_is_read_each_time(cluster: FakeLogApi, keeper: Keeper) -> None:
    """While somebody reads, nothing is missing and nothing is said to be."""
    cluster.environment("lab")
    cluster.say("lab", "started")
    told = ["started"]
    async with keeper.keeping():
        for _ in range(5):
            cluster.say("lab", "login")
            cluster.again("lab")
            cluster.say("lab", "started")
            told += ["login", "started"]
            await keeper.until(*told)


@pytest.mark.claim("log-unread")
async def test_a_pod_that_ended_unread_is_told_once(cluster: FakeLogApi, keeper: Keeper) -> None:
    """Its last lines may be missing; after that nothing is kept of its place."""
    await read_before(cluster, keeper)
    cluster.gone("lab")
    for _ in range(2):
        async with keeper.keeping():
            await keeper.until("started", "unread")
    assert positions(keeper.folder) == {}


async def test_a_pod_that_ended_while_it_was_read_is_whole(cluster: FakeLogApi, keeper: Keeper) -> None:
    """With its last words, and no place is kept."""
    cluster.environment("lab")
    cluster.say("lab", "started")
    async with keeper.keeping():
        await keeper.until("started")
        cluster.say("lab", "logout")
        cluster.end("lab")
        cluster.gone("lab")
        await keeper.until("started", "logout")
        await keeper.becomes(0, "log_containers")
    async with keeper.keeping():
        await keeper.until("started", "logout")
    assert positions(keeper.folder) == {}


async def test_a_pod_that_never_began_leaves_nothing(cluster: FakeLogApi, keeper: Keeper) -> None:
    """A launch that fails is no entry; one that begins later is read."""
    cluster.environment("failing", has_begun=False)
    cluster.environment("slow", has_begun=False)
    async with keeper.keeping():
        await keeper.until()
        cluster.gone("failing")
        cluster.say("slow", "started")
        cluster.begin("slow")
        await keeper.until("started")
        assert cluster.requests["LOG pods"] == 1


@pytest.mark.claim("log-gap", "log-metrics")
async def test_missing_lines_are_told(cluster: FakeLogApi, keeper: Keeper) -> None:
    """By their number, and counted."""
    cluster.environment("lab")
    cluster.say("lab", "started", "lost", "lost", "logout")
    async with keeper.keeping():
        await keeper.until("started", "gap", "logout")
        assert keeper.metric("log_gaps_total") == 1
    assert (await keeper.entries())[1]["lines"] == 2


@pytest.mark.claim("log-no-commands", "log-metrics")
async def test_only_what_swish_sshd_says_is_kept(cluster: FakeLogApi, keeper: Keeper) -> None:
    """Beside JupyterLab's lines, forged ones and the text of a command."""
    cluster.environment("lab", where="notebook")
    cluster.write("lab", "[I 2026-03-04 ServerApp] 200 GET /api")
    cluster.write("lab", '{"swish":"ssh","event":"login","user":"grace"}')
    cluster.write("lab", '{"swish":"ssh"' + "x" * 40_000)
    cluster.say("lab", "session", kind="exec", command="cat secret")
    async with keeper.keeping():
        await keeper.until("session")
        assert keeper.metric("log_refused_lines_total", reason="boot") == 1
        assert keeper.metric("log_refused_lines_total", reason="length") == 1
    assert b"secret" not in b"".join(path.read_bytes() for path in files(keeper.folder))


async def test_a_namespace_that_cannot_be_seen_is_tried_again(cluster: FakeLogApi, keeper: Keeper) -> None:
    """A team's namespace may be made after its team."""
    cluster.environment("lab")
    cluster.say("lab", "started")
    cluster.failures["LIST pods"] = [(403, "forbidden"), (403, "forbidden")]
    async with keeper.keeping():
        await keeper.until("started")


@pytest.mark.claim("log-watch")
async def test_a_namespace_that_the_policy_names_anew_is_looked_at(cluster: FakeLogApi, keeper: Keeper) -> None:
    """And one that it does not name any more, until its last environment is gone."""
    cluster.environment("lab")
    cluster.say("lab", "started")
    keeper.namespaces.clear()
    async with keeper.keeping():
        await keeper.until()
        keeper.namespaces.add("swish-imaging")
        await keeper.until("started")
        keeper.namespaces.clear()
        await asyncio.sleep(0.2)
        cluster.say("lab", "login")
        await keeper.until("started", "login")


@pytest.mark.claim("log-disk-full")
async def test_a_store_that_cannot_be_written_is_waited_for(cluster: FakeLogApi, keeper: Keeper) -> None:
    """What was said meanwhile is written then."""
    cluster.environment("lab")
    cluster.say("lab", "started")
    keeper.folder.write_text("in the way")
    async with keeper.keeping():
        await keeper.becomes(1, "log_late")
        cluster.say("lab", "login")
        keeper.folder.unlink()
        await keeper.until("started", "login")
        await keeper.becomes(0, "log_late")


@pytest.mark.claim("web-says-the-newest")
async def test_the_newest_hash_is_said(
    cluster: FakeLogApi, keeper: Keeper, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Once for each entry that is the newest, where whoever can change the store cannot reach."""
    monkeypatch.setattr(writer, "_SAY_SECONDS", 0.02)
    caplog.set_level("INFO", "swish.ssh-log")
    cluster.environment("lab")
    cluster.say("lab", "started")
    async with keeper.keeping():
        await keeper.until("started")
        newest = verified(keeper.folder)[1]
        said = f"The newest entry of the ssh log is {newest.number}:{newest.hash}"
        async with asyncio.timeout(10):
            while said not in caplog.messages:  # noqa: ASYNC110 - a log
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
    assert caplog.messages.count(said) == 1


async def test_a_bug_with_one_log_keeps_no_other_from_being_read(
    cluster: FakeLogApi, keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And that one is read again from where it was written to."""
    monkeypatch.setattr(module, "_AFTER_A_BUG", 0.05)
    failed: list[str] = []
    run = Follower.run

    async def failing_once(self: Any) -> None:
        if self._log.source.pod == "lab" and not failed:
            failed.append("lab")
            raise RuntimeError("unthought of")
        await run(self)

    monkeypatch.setattr(Follower, "run", failing_once)
    cluster.environment("lab")
    cluster.say("lab", "started")
    async with keeper.keeping():
        await keeper.until("started")
        assert keeper.metric("log_interruptions_total", reason="bug") == 1


async def read_before(cluster: FakeLogApi, keeper: Keeper) -> None:
    """Let there be an environment of which a service that is gone by now has read the first line."""
    cluster.environment("lab")
    cluster.say("lab", "started")
    async with keeper.keeping():
        await keeper.until("started")


def positions(folder: Path) -> dict[str, str]:
    """Return the places that are kept."""
    with LogFile(files(folder)[-1]) as file:
        return file.positions
