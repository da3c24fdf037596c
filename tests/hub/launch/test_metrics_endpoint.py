"""A real hub tells Prometheus of its launches, and nobody else."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from swish_spawner.core.progress.phases import PHASES
from tests.fake_api import FakeApi, served_beside
from tests.real_hub import PATIENT, TOKEN, Hub, running_hub

READER = "a-token-that-may-only-read-metrics"
CONFIG = f"""
c.JupyterHub.load_groups = {{"imaging": {{"users": ["ada", "ben"]}}}}
c.JupyterHub.services = [{{"name": "tester", "api_token": "{TOKEN}"}}, {{"name": "reader", "api_token": "{READER}"}}]
c.JupyterHub.load_roles = [
    {{"name": "tester", "services": ["tester"], "scopes": ["servers", "list:users", "read:users"]}},
    {{"name": "reader", "services": ["reader"], "scopes": ["read:metrics"]}},
]
c.KubeSpawner.port = ENVIRONMENTS
"""
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture
def cluster() -> Iterator[FakeApi]:
    """An API server in memory."""
    with served_beside(FakeApi()) as api:
        yield api


@pytest.fixture
def hub(tmp_path: Path, cluster: FakeApi) -> Iterator[Hub]:
    """A hub with a service that may read its metrics."""
    with running_hub(tmp_path, CONFIG, cluster.url, last=PATIENT) as hub:
        yield hub


def ask(hub: Hub, token: str) -> str:
    """Return the hub's metrics as Prometheus asks for them."""
    headers = {"Authorization": f"Bearer {token}"}
    request = urllib.request.Request(f"{hub.url}/hub/metrics", headers=headers)  # noqa: S310 - our own hub
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        text: str = answer.read().decode()
        return text


def samples(text: str) -> Samples:
    """Return every sample by its name and labels."""
    families = text_string_to_metric_families(text)
    return {(s.name, frozenset(s.labels.items())): s.value for family in families for s in family.samples}


def value(found: Samples, name: str, **labels: str) -> float | None:
    """Return a sample's value, or None if there is none."""
    return found.get((name, frozenset(labels.items())))


def test_prometheus_reads_what_became_of_launches(hub: Hub, cluster: FakeApi) -> None:
    """One that got ready with all its phases, and one that failed with its reason."""
    assert hub.post("users/ada/server", {})[0] in (201, 202)
    assert hub.progress("ada")
    cluster.failures["POST pods"] = [(422, "spec: Invalid value")]
    assert hub.post("users/ben/server", {"user_options": {"image": "python3"}})[0] == 403
    found = samples(ask(hub, READER))
    what = {"pool": "general", "image": "python3"}
    assert value(found, "swish_launch_total", outcome="ready", **what) == 1
    assert value(found, "swish_launch_total", outcome="failed", **what) == 1
    assert value(found, "swish_launch_failed_total", reason="cluster") == 1
    counts = {p.name: value(found, "swish_launch_phase_seconds_count", phase=p.name, **what) for p in PHASES}
    # this API server has neither a kubelet nor images, and so no news of them
    assert counts == {p.name: None if p.name in ("setup", "pull") else 1 for p in PHASES}


def test_a_person_may_not_read_them(hub: Hub) -> None:
    """It takes the scope for it."""
    with pytest.raises(urllib.error.HTTPError) as refused:
        ask(hub, TOKEN)
    with refused.value:
        assert refused.value.code == 403
