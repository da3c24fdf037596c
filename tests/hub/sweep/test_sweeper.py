"""The sweeper removes what is decided, says what it did, and no trouble of the cluster's ends it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import REGISTRY

from swish_spawner.core.upkeep.sweep import Desired, Observed, Rules, Verdict
from swish_spawner.errors import ClusterAway, ClusterRefused
from swish_spawner.hub.sweep.sweeper import NotReady, Sweeper

RULES = Rules(apart=timedelta(0))
LONG_AGO = datetime.now(UTC) - timedelta(hours=1)


def pod(name: str, spawn_id: str = "dead") -> Observed:
    """Return a pod of this installation, made long ago."""
    return Observed(f"swish/{name}", f"uid-{name}", "7", LONG_AGO, False, "here", spawn_id, "ada/")


class FakeWorld:
    """A hub and a cluster in memory.

    Attributes:
        pods: there are.
        live: the starts that the hub's memory has.
        stored: the starts that its database has.
        asked: how often the database was asked.
        trouble: what the next calls raise, by method.
    """

    def __init__(self, *pods: Observed) -> None:
        self.pods = list(pods)
        self.live, self.stored = {"live"}, set[str]()
        self.asked = 0
        self.trouble: dict[str, Exception] = {}

    def _raise(self, method: str) -> None:
        if method in self.trouble:
            raise self.trouble[method]

    def desired(self, *, asked_again: bool) -> Desired:
        """Return what the hub knows."""
        self._raise("desired")
        self.asked += asked_again
        return Desired("here", self.live | (self.stored if asked_again else set()), set())

    def observed(self) -> list[Observed]:
        """Return the pods."""
        self._raise("observed")
        return list(self.pods)

    def is_live(self, spawn_id: str) -> bool:
        """Look into the memory."""
        return spawn_id in self.live

    async def delete(self, pod: Observed) -> bool:
        """Delete a pod that has not changed."""
        await asyncio.sleep(0)
        self._raise(f"delete {pod.key}")
        self._raise("delete")
        self.pods.remove(pod)
        return True


def count(name: str, **labels: str) -> float:
    """Return a metric's value."""
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def test_a_pod_that_is_nobodys_goes_in_the_second_round() -> None:
    """And a live one stays."""
    world = FakeWorld(pod("a"), pod("b", "live"))
    sweeper = Sweeper(world, RULES)
    before = count("swish_sweeper_removed_total", kind="Pod")
    assert (await sweeper.round()).outcome == "clean"
    assert count("swish_sweeper_dead") == 1
    report = await sweeper.round()
    assert (report.outcome, report.removed, world.pods) == ("removed", (pod("a"),), [pod("b", "live")])
    assert count("swish_sweeper_removed_total", kind="Pod") == before + 1
    assert sweeper.last is report


async def test_to_look_is_no_round() -> None:
    """However often an administrator reads the report."""
    sweeper = Sweeper(FakeWorld(pod("a")), RULES)
    for _ in range(3):
        assert sweeper.look().document()["would_remove"] == []
    assert (await sweeper.round()).removed == ()


@pytest.mark.claim("sweeper-no-live-start", "sweeper-costs-nothing")
async def test_the_database_has_the_last_word() -> None:
    """A start that the hub's memory has lost is live all the same; it is asked only where there is doubt."""
    world = FakeWorld(pod("a", "stored"), pod("b", "live"))
    world.stored = {"stored"}
    sweeper = Sweeper(world, RULES)
    for _ in range(3):
        report = await sweeper.round()
        assert (report.outcome, report.decision and report.decision.nobodys) == ("clean", ())
    assert world.asked == 3
    world.pods.pop(0)
    await sweeper.round()
    assert world.asked == 3


@pytest.mark.claim("sweeper-dry-run")
@pytest.mark.parametrize("always", [True, False])
async def test_a_dry_run_only_says(always: bool) -> None:
    """Whether it is the installation's, which nobody can lift, or this round's."""
    world = FakeWorld(pod("a"))
    sweeper = Sweeper(world, RULES, dry_run=always)
    for _ in range(3):
        report = await sweeper.round(dry_run=not always)
    assert report.outcome == "dry_run"
    assert report.document()["would_remove"] == ["swish/a"]
    assert world.pods == [pod("a")]


@pytest.mark.claim("sweeper-fuse-is-said")
async def test_a_fuse_is_said_and_nothing_goes(caplog: pytest.LogCaptureFixture) -> None:
    """In the log once, in the report and in the metrics each time."""
    world = FakeWorld(*(pod(str(number)) for number in range(9)))
    sweeper = Sweeper(world, RULES)
    before = count("swish_sweeper_rounds_total", outcome="held")
    for _ in range(3):
        report = await sweeper.round()
    assert (report.outcome, len(world.pods)) == ("held", 9)
    assert count("swish_sweeper_rounds_total", outcome="held") == before + 3
    assert [record.message for record in caplog.records] == [
        f"The sweeper removes nothing more for now: {report.problem}"
    ]


@pytest.mark.claim("lost-stays", "lost-is-reported")
async def test_a_lost_environment_is_counted_and_stays() -> None:
    """It is among those that are nobody's, with its reason."""
    lost = replace(pod("a"), worked=True)
    world = FakeWorld(lost, pod("b", "live"))
    sweeper = Sweeper(world, RULES)
    for _ in range(3):
        report = await sweeper.round()
    assert (report.outcome, world.pods[0]) == ("clean", lost)
    assert [found["reason"] for found in report.document()["nobodys"]] == [Verdict.LOST.value]
    assert count("swish_sweeper_lost") == 1


async def test_a_start_that_is_live_by_now_is_left() -> None:
    """Starts go on while the pods before it are deleted."""
    world = FakeWorld(pod("a"), pod("b"))
    sweeper = Sweeper(world, RULES)
    await sweeper.round()
    decided = sweeper.look()
    world.live.add("dead")
    assert (await sweeper._act(decided, dry_run=False)).removed == ()


@pytest.mark.claim("sweeper-not-ready")
@pytest.mark.parametrize(
    ("method", "error", "outcome", "left"),
    [
        ("desired", NotReady("not yet"), "not_ready", 2),
        ("observed", NotReady("not yet"), "not_ready", 2),
        ("observed", OSError("a mistake of ours"), "error", 2),
        ("delete", ClusterAway("no answer"), "away", 2),
        ("delete swish/a", ClusterRefused("forbidden", 403), "error", 1),
    ],
)
async def test_trouble_ends_a_round_and_not_the_sweeper(method: str, error: Exception, outcome: str, left: int) -> None:
    """A pod that may not be deleted is in no other's way, and an API server that is away is asked no more."""
    world = FakeWorld(pod("a"), pod("b"))
    sweeper = Sweeper(world, RULES)
    await sweeper.round()
    world.trouble[method] = error
    report = await sweeper.round()
    assert (report.outcome, len(world.pods)) == (outcome, left)
    assert str(error) in report.problem
    world.trouble.clear()
    await sweeper.round()
    assert world.pods == []


@pytest.mark.claim("sweeper-minute", "sweeper-pauses")
async def test_rounds_come_by_themselves_and_seldom_while_they_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pauses grow up to ten minutes, and are a minute again after a good round."""
    pauses: list[float] = []
    world = FakeWorld()

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 5:
            world.trouble.clear()
        if len(pauses) == 6:
            raise asyncio.CancelledError

    monkeypatch.setattr("swish_spawner.adapters.backoff.random.uniform", lambda *_: 1)
    monkeypatch.setattr("swish_spawner.adapters.backoff.asyncio.sleep", sleep)
    world.trouble["observed"] = OSError("away")
    with pytest.raises(asyncio.CancelledError):
        await Sweeper(world, RULES).run()
    assert pauses == [120, 240, 480, 600, 600, 60]


async def test_rounds_do_not_overlap() -> None:
    """An administrator's waits for the one that is under way."""
    world = FakeWorld(pod("a"))
    sweeper = Sweeper(world, RULES)
    await sweeper.round()
    reports = await asyncio.gather(sweeper.round(), sweeper.round())
    assert [len(report.removed) for report in reports] == [1, 0]
