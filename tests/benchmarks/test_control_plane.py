"""What a control plane is started with."""

import asyncio
import shutil

import yaml

from benchmarks import control_plane
from benchmarks.control_plane import ControlPlane, stages
from benchmarks.processes import free_port


def test_pods_take_the_time_that_was_asked_for():
    """Spread evenly between two durations, and only before they are ready."""
    _, *documents = yaml.safe_load_all(stages((4, 6)))
    delays = {stage["metadata"]["name"]: stage["spec"].get("delay") for stage in documents}
    assert delays.pop("pod-ready") == {"durationMilliseconds": 4000, "jitterDurationMilliseconds": 6000}
    assert set(delays.values()) == {None}


def test_kubeconfig_leads_to_the_server_or_to_the_proxy(tmp_path):
    """Each in a file of its own that others cannot read."""
    plane = ControlPlane(tmp_path)
    found = {}
    for url in ("", "http://127.0.0.1:1"):
        path = plane.kubeconfig(url)
        assert path.stat().st_mode & 0o077 == 0
        found[url] = yaml.safe_load(path.read_text())["clusters"][0]["cluster"]
    assert found[""]["server"] == plane.url
    assert found["http://127.0.0.1:1"] == {"server": "http://127.0.0.1:1"}


def test_ports_are_free():
    """Nobody gets the same one twice at once."""
    assert free_port() > 1023


async def test_a_scheduler_that_ends_is_started_again(tmp_path, monkeypatch):
    """As a kubelet does, and not once more when everything has ended."""
    started = []

    def find(tool: str) -> str:
        started.append(tool)
        return shutil.which("true") or ""

    monkeypatch.setattr(control_plane, "find_tool", find)
    monkeypatch.setattr(control_plane, "_LOOK_AGAIN", 0.01)
    plane = ControlPlane(tmp_path)
    plane._keeper = asyncio.create_task(plane._keep_scheduler())
    async with asyncio.timeout(10):
        while len(started) < 3:  # noqa: ASYNC110 - a process says nothing when it ends
            await asyncio.sleep(0.01)
    await plane.stop()
    before = list(started)
    await asyncio.sleep(0.05)
    assert started == before
    assert set(started) == {"kube-scheduler"}
