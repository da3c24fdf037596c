"""What a control plane is started with."""

import yaml

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
