"""One hub a namespace: a second one is refused at its start, and nobody's environments are touched."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes_asyncio.client import ApiClient, Configuration, CoordinationV1Api

from swish_spawner.adapters.kubernetes.lease import Leases
from swish_spawner.adapters.kubernetes.requests import Patience
from swish_spawner.core.upkeep.tenancy import LEASE, holder_of
from swish_spawner.hub.sweep import tenancy
from swish_spawner.hub.sweep.tenancy import Occupied, Tenancy
from tests.fake_api import FakeApi, served_beside
from tests.hub.launch.test_rest import CONFIG
from tests.real_hub import running_hub, until


@pytest.fixture
async def leases(api: FakeApi) -> AsyncIterator[Leases]:
    """Its Leases."""
    async with ApiClient(Configuration(host=api.url)) as client:
        yield Leases(CoordinationV1Api(client), LEASE, Patience(request_seconds=1, answer_seconds=1))


class Clock:
    """A clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def monotonic(self) -> float:
        """Return the time."""
        return self.seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """What a hub measures by."""
    clock = Clock()
    monkeypatch.setattr(tenancy, "time", clock)
    return clock


def hub(leases: Leases, installation: str, *, is_used: bool = False) -> Tenancy:
    """Return a hub that has just begun."""
    return Tenancy(installation, leases, lambda: ["one"], lambda: is_used)


def holder(api: FakeApi) -> str:
    """Return whose the namespace is."""
    return holder_of(api.objects["leases"][f"one/{LEASE}"])


async def test_the_first_hub_has_it(api: FakeApi, leases: Leases) -> None:
    """Where nobody has made the Lease, it does."""
    await hub(leases, "a").hold("one")
    assert holder(api) == "a"


async def test_one_that_the_chart_has_made_is_filled_in(api: FakeApi, leases: Leases) -> None:
    """So that it goes with the chart."""
    made = {"metadata": {"name": LEASE, "namespace": "one", "labels": {"helm": "x"}}}
    api.change("leases", "ADDED", made)
    await hub(leases, "a").hold("one")
    assert holder(api) == "a"
    assert api.objects["leases"][f"one/{LEASE}"]["metadata"]["labels"] == {"helm": "x"}


async def test_the_hub_after_it_has_it_at_once(api: FakeApi, leases: Leases) -> None:
    """It is the same installation."""
    await hub(leases, "a").hold("one")
    version = api.version
    await hub(leases, "a").hold("one")
    assert (holder(api), api.version) == ("a", version + 1)


async def renewed(first: Tenancy, second: Tenancy) -> None:
    """Let a hub renew what another one looks at, often enough to be at work for sure."""
    await first.hold("one")
    for _ in range(3):
        await second.hold("one")
        await first.hold("one")


async def test_another_hub_that_is_at_work_refuses_a_second(api: FakeApi, leases: Leases) -> None:
    """Once it has been seen to renew what it holds, whatever its clock says."""
    first, second = hub(leases, "a"), hub(leases, "b")
    with pytest.raises(Occupied, match=r"Another hub of Swish \(installation a\) is at work in namespace one"):
        await renewed(first, second)
    assert holder(api) == "a"


async def test_a_hub_with_environments_ends_for_none(
    api: FakeApi, leases: Leases, caplog: pytest.LogCaptureFixture
) -> None:
    """Nor at its start: the other may have come while its node was drained."""
    await renewed(hub(leases, "a"), hub(leases, "b", is_used=True))
    assert holder(api) == "a"
    assert "is at work in namespace one" in caplog.text


async def test_whoever_writes_a_lease_once_is_no_hub(api: FakeApi, leases: Leases) -> None:
    """Nor are several who do."""
    one = hub(leases, "a")
    for other in ("x", "y", "z", "x"):
        lease = {"metadata": {"name": LEASE, "namespace": "one"}, "spec": {"holderIdentity": other, "renewTime": other}}
        api.change("leases", "MODIFIED", lease)
        await one.hold("one")


async def test_a_namespace_that_does_not_answer_costs_no_other_its_lease(
    api: FakeApi, leases: Leases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are asked at once, and for no longer than until the next time."""
    monkeypatch.setattr(tenancy, "RENEW_SECONDS", 0.2)
    read = Leases.read

    async def slow(self: Leases, namespace: str) -> Any:
        if namespace == "away":
            await asyncio.sleep(60)
        return await read(self, namespace)

    monkeypatch.setattr(Leases, "read", slow)
    working = asyncio.create_task(Tenancy("a", leases, lambda: ["away", "one"], lambda: False).run())
    try:
        async with asyncio.timeout(20):
            times: set[str] = set()
            while len(times) < 3:
                found = api.objects["leases"].get(f"one/{LEASE}", {})
                times |= {found["spec"]["renewTime"]} if found else set()
                await asyncio.sleep(0.01)
    finally:
        working.cancel()
        await asyncio.wait([working])


async def test_what_nobody_renews_is_free_after_a_minute(api: FakeApi, leases: Leases, clock: Clock) -> None:
    """A hub that has lost its cookie secret is another, and the one before it has ended."""
    await hub(leases, "a").hold("one")
    second = hub(leases, "b")
    for seconds, whose in ((0, "a"), (59, "a"), (2, "b")):
        clock.seconds += seconds
        await second.hold("one")
        assert holder(api) == whose


async def test_a_hub_that_people_work_with_does_not_end(
    api: FakeApi, leases: Leases, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """Another has taken what it could not renew: that is said, and a person decides."""
    first, second = hub(leases, "a", is_used=True), hub(leases, "b", is_used=True)
    await first.hold("one")
    await second.hold("one")
    clock.seconds += 61
    for _ in range(4):
        await second.hold("one")
        await first.hold("one")
    assert holder(api) == "b"
    assert caplog.text.count("installation b") == 1


async def test_what_is_seen_late_ends_no_hub(
    api: FakeApi, leases: Leases, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """The policy names another namespace, or the right to look has come: people rely on it."""
    second = hub(leases, "b")
    clock.seconds += 121
    await renewed(hub(leases, "a"), second)
    assert holder(api) == "a"
    assert "is at work in namespace one" in caplog.text


@pytest.mark.parametrize("refused", [(403, "is forbidden"), (500, "webhook"), (404, "no such kind")])
async def test_a_hub_that_may_not_ask_works(
    api: FakeApi, leases: Leases, caplog: pytest.LogCaptureFixture, refused: tuple[int, str]
) -> None:
    """As one did before there was such a Lease; once in the log, and as soon as it may, it asks."""
    one = hub(leases, "a")
    for verb in ("GET", "POST"):
        api.failures[f"{verb} leases"] = [refused] * 99
    await one.hold("one")
    await one.hold("one")
    assert caplog.text.count("cannot be seen") == 1
    api.failures.clear()
    await one.hold("one")
    assert holder(api) == "a"


@pytest.mark.parametrize("verb", ["POST", "PUT"])
async def test_of_two_that_take_it_at_once_one_has_it(api: FakeApi, leases: Leases, verb: str) -> None:
    """The other looks again."""
    if verb == "PUT":
        api.change("leases", "ADDED", {"metadata": {"name": LEASE, "namespace": "one"}})
    lease: Any = await leases.read("one") or {"metadata": {"name": LEASE, "namespace": "one"}}
    assert await leases.write("one", lease)
    assert not await leases.write("one", lease)


def test_a_second_real_hub_ends_with_words(tmp_path: Path) -> None:
    """It says which namespace, and the first one goes on."""
    folders = [tmp_path / name for name in ("first", "second")]
    for folder in folders:
        folder.mkdir()
    with served_beside(FakeApi()) as api, running_hub(folders[0], CONFIG + _OFTEN, api.url) as first:
        until(lambda: api.objects["leases"])
        with running_hub(folders[1], CONFIG + _OFTEN, api.url) as second:
            second.process.join(60)
        said = (folders[1] / "log").read_text()
        assert second.process.exitcode == 1
        assert "is at work in namespace swish" in said
        assert "Traceback" not in said
        assert first.answers()


_OFTEN = """
from swish_spawner.hub.sweep import tenancy
tenancy.RENEW_SECONDS = 2
"""
