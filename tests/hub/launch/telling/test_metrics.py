"""What Prometheus gets to know of launches."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import pytest
from prometheus_client import REGISTRY
from tornado import web

from swish_spawner.core.progress.phases import PHASES
from swish_spawner.hub.launch import start
from swish_spawner.hub.launch.telling.metrics import OTHER, known
from tests.fake_api import FakeApi
from tests.hub.conftest import begin
from tests.hub.launch.test_start import POD, Launch, until

WHAT = {"pool": "general", "image": "python3"}


def value(name: str, **labels: str) -> float:
    """Return a series' value; one that is not there is 0."""
    return REGISTRY.get_sample_value(name, labels) or 0.0


def growth(name: str, **labels: str) -> Callable[[], float]:
    """Return what tells by how much a series has grown since now."""
    before = value(name, **labels)
    return lambda: value(name, **labels) - before


async def test_a_launch_that_gets_ready_is_counted(launch: Launch) -> None:
    """Once, by its pool and image."""
    grown = growth("swish_launch_total", outcome="ready", **WHAT)
    await (await begin(launch()))
    assert grown() == 1


async def test_the_phases_of_a_launch_add_up(launch: Launch, api: FakeApi) -> None:
    """To the time from being asked for to the first answer, with a pull as long as the events tell."""
    sums = [growth("swish_launch_phase_seconds_sum", phase=phase.name, **WHAT) for phase in PHASES]
    pulls = growth("swish_launch_phase_seconds_sum", phase="pull", **WHAT)
    api.runs = False
    spawner = launch()
    started = await begin(spawner)
    await until(lambda: spawner.seen.now)
    api.run(POD, phase="Pending", conditions=[{"type": "PodScheduled", "status": "True"}])
    await until(lambda: "scheduled" in spawner.current.marks)
    tell(api, "Pulling")
    await until(lambda: "pulling" in spawner.current.marks)
    await asyncio.sleep(0.05)
    tell(api, "Pulled")
    await until(lambda: "pulled" in spawner.current.marks)
    api.run(POD)
    await started
    marks = spawner.current.marks
    assert sum(grown() for grown in sums) == pytest.approx(marks["answered"] - marks["asked"])
    assert pulls() == pytest.approx(marks["pulled"] - marks["pulling"])
    assert pulls() >= 0.05


def tell(api: FakeApi, reason: str) -> None:
    """Let Kubernetes say something of the environment's container."""
    about = {**api.pod(POD)["metadata"], "kind": "Pod", "fieldPath": "spec.containers{notebook}"}
    metadata = {"name": f"{POD}.{reason}", "namespace": about["namespace"]}
    api.change("events", "ADDED", {"metadata": metadata, "involvedObject": about, "reason": reason})


QUOTA = "exceeded quota: swish, requested: limits.cpu=1, used: limits.cpu=1, limited: limits.cpu=1"


@pytest.mark.parametrize(("status", "words", "reason"), [(403, QUOTA, "quota"), (422, "no", "cluster")])
async def test_a_launch_that_fails_is_counted_by_why(
    launch: Launch, api: FakeApi, status: int, words: str, reason: str
) -> None:
    """By the kind that the person is told of, and not among the phases."""
    failed = growth("swish_launch_failed_total", reason=reason)
    ended = growth("swish_launch_total", outcome="failed", **WHAT)
    phases = growth("swish_launch_phase_seconds_count", phase="queue", **WHAT)
    api.failures["POST pods"] = [(status, words)]
    started = await begin(launch())
    with pytest.raises(web.HTTPError):
        await started
    assert (failed(), ended(), phases()) == (1, 1, 0)


async def test_a_launch_that_is_taken_back_is_no_failure(launch: Launch, api: FakeApi) -> None:
    """It is counted as cancelled, although its plan is forgotten before it has ended."""
    ended = growth("swish_launch_total", outcome="cancelled", **WHAT)
    api.runs = False
    spawner = launch()
    started = await begin(spawner)
    await until(lambda: api.objects["pods"])
    started.cancel()
    spawner.clear_state()
    with contextlib.suppress(asyncio.CancelledError):
        await started
    assert ended() == 1


async def test_a_launch_that_the_hub_ends_for_its_time_has_failed(
    launch: Launch, api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """JupyterHub cancels it, which is not what the person wanted."""
    failed = growth("swish_launch_failed_total", reason="timeout")
    # as where the hub waits longer for what comes before the pod
    monkeypatch.setattr(start, "_SHARE", 60.0)
    api.runs = False
    spawner = launch()
    started = await begin(spawner)
    await until(lambda: api.objects["pods"])
    spawner.start_timeout = 1
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(started, 1)
    assert failed() == 1


async def test_an_unexpected_error_is_a_failure(launch: Launch) -> None:
    """Of the kind `error`."""

    def fail(*_: object) -> None:
        raise RuntimeError("no")

    failed = growth("swish_launch_failed_total", reason="error")
    with pytest.raises(RuntimeError, match="no"):
        await (await begin(launch(modify_pod_hook=fail)))
    assert failed() == 1


@pytest.mark.parametrize(("name", "label"), [("general", "general"), ("gone", OTHER), (None, OTHER)])
def test_labels_are_names_of_the_policy(name: str | None, label: str) -> None:
    """No other name makes a series."""
    assert known(name, {"general": 1}) == label
