"""What an attack on starts found stays mended: cancelled at any moment, forgotten meanwhile, two of everything."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web as served
from tornado import web

from swish_spawner.core.ssh.sshd import HostKey
from swish_spawner.hub.launch.spawner import SwishSpawner
from swish_spawner.hub.launch.telling import metrics
from tests.conftest import WIDE_POLICY
from tests.fake_api import FakeApi, refusal
from tests.hub.conftest import Process, begin
from tests.hub.launch.test_start import POD, until

Launch = Callable[..., SwishSpawner]
KEPT = WIDE_POLICY.read_text().replace("class: gp3, path: /data}", "class: gp3, path: /data, keep: true}")


async def cancelled(started: asyncio.Future[str]) -> None:
    """Cancel a start, and wait until it has ended."""
    started.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await started


@pytest.mark.parametrize("seconds", [0.002, 0.01, 0.02, 0.04, 0.06, 0.1])
async def test_a_first_start_that_is_cancelled_leaves_no_watch_half_begun(
    launch: Launch, api: FakeApi, seconds: float
) -> None:
    """Whenever that is, the next one in that namespace starts."""
    api.slow_seconds = 0.03
    started = await begin(launch("grace"))
    await asyncio.sleep(seconds)
    await cancelled(started)
    api.slow_seconds = 0
    async with asyncio.timeout(5):
        assert await (await begin(launch()))


async def test_who_waits_for_the_same_watch_is_not_cancelled_with_another(launch: Launch, api: FakeApi) -> None:
    """Neither the one that began it nor a bystander."""
    api.slow_seconds = 0.1
    first = await begin(launch("ada"))
    await asyncio.sleep(0.02)
    second, third = await begin(launch("ben")), await begin(launch("eve"))
    await asyncio.sleep(0.02)
    await cancelled(second)
    async with asyncio.timeout(10):
        assert await first
        assert await third


async def test_a_second_word_counts_from_another_spawner(launch: Launch, api: FakeApi, process: Process) -> None:
    """JupyterHub makes a new one after a start that failed."""
    await (await begin(launch()))
    process.shared.over.clear()
    first = launch()
    with pytest.raises(web.HTTPError, match="still runs, and this hub does not know of it"):
        await (await begin(first))
    await first.stop()
    first.clear_state()
    again = launch()
    again.load_state(first.get_state())
    assert await (await begin(again))


async def test_a_legacy_home_is_looked_for_until_there_is_one(launch: Launch, api: FakeApi) -> None:
    """A first start that is refused makes none."""
    first = launch("Ada.L", options={"pool": "nonsense"})
    first.load_state({"pod_name": "jupyter-ada-2el"})
    with pytest.raises(web.HTTPError):
        await begin(first)
    first.clear_state()
    again = launch("Ada.L")
    again.load_state(first.get_state())
    assert again._state_kubespawner_version == "unknown"


async def test_a_home_is_remembered_whatever_else_is_refused(
    launch: Launch, api: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As its scratch volume."""
    policy = tmp_path / "policy.yaml"
    policy.write_text(KEPT, encoding="utf-8")
    spawner = launch(options={"pool": "high-memory", "memory": "65Gi"}, policy_path=str(policy))
    post = api._post

    async def refuse(request: served.Request, namespace: str, kind: str, name: str) -> served.Response:
        is_scratch = "scratch" in str(await request.json()) and kind == "persistentvolumeclaims"
        return refusal(403, "exceeded quota: storage") if is_scratch else await post(request, namespace, kind, name)

    monkeypatch.setattr(api, "_post", refuse)
    with pytest.raises(web.HTTPError):
        await (await begin(spawner))
    spawner.clear_state()
    assert len(api.objects["persistentvolumeclaims"]) == 1
    assert "pvc_name" in spawner.get_state()


async def test_a_server_that_was_forgotten_makes_no_pod(
    launch: Launch, api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its start goes on where nobody cancelled it, and ends before that."""
    spawner, waits, goes_on = launch(), asyncio.Event(), asyncio.Event()
    make = spawner.make_prerequisites

    async def late() -> None:
        waits.set()
        await goes_on.wait()
        await make()

    monkeypatch.setattr(spawner, "make_prerequisites", late)
    started = await begin(spawner)
    await waits.wait()
    spawner.clear_state()
    goes_on.set()
    with pytest.raises(RuntimeError, match="without a decision"):
        await started
    assert not api.objects["pods"]


async def test_a_token_is_kept_no_longer_than_it_is_needed(launch: Launch, api: FakeApi, process: Process) -> None:
    """Also by a hub that took up a start before the token's Secret was made."""
    api.runs = False
    first = launch()
    first.api_token = "the-person-s-token"
    started = await begin(first)
    state = dict(first.orm_spawner.state)
    await until(lambda: api.objects["pods"])
    assert state["swish_token"]
    again = launch()
    again.load_state(state)
    polled = asyncio.ensure_future(again.poll())
    api.run(POD)
    assert await polled is None
    await until(lambda: "swish_token" not in again.get_state())
    assert "swish_token" not in again.orm_spawner.state
    await cancelled(started)


async def test_metrics_name_what_was_started(launch: Launch, api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which the decision before everything is made says, and none before that."""
    counted: list[Any] = []
    monkeypatch.setattr("swish_spawner.hub.launch.start.launched", lambda what, *_: counted.append(what))
    spawner = launch(options={"pool": "general"})
    await spawner._run_apply_user_options(spawner.user_options)
    spawner.user_options = {"pool": "shared"}
    await spawner.start()
    assert counted == [metrics.What("shared", "python3")]


def test_a_host_key_is_in_no_text() -> None:
    """Of a log that prints one."""
    assert "secret" not in repr(HostKey("secret", "public", "secret word", "secret hash"))
