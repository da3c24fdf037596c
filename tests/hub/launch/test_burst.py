"""A burst over the limit, at a real hub: nobody is refused, and everybody's environment gets ready."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.fake_api import FakeApi, Resource, served_beside
from tests.real_hub import TOKEN, Hub, running_hub

LIMIT = 2
#: How long a start may take, how long each takes, and so how long the last one's comes after its request.
TIMEOUT_SECONDS, START_SECONDS = 6, 1.0
PEOPLE = {"imaging": [f"imaging-{number}" for number in range(12)], "genomics": ["genomics-0", "genomics-1"]}
EVERYBODY = [person for people in PEOPLE.values() for person in people]
CONFIG = f"""
c.JupyterHub.load_groups = {{team: {{"users": people}} for team, people in {PEOPLE}.items()}}
c.JupyterHub.services = [{{"name": "tester", "api_token": "{TOKEN}"}}]
c.JupyterHub.load_roles = [
    {{"name": "tester", "services": ["tester"], "scopes": ["servers", "list:users", "read:users"]}}
]
c.JupyterHub.concurrent_spawn_limit = {LIMIT}
c.KubeSpawner.start_timeout = {TIMEOUT_SECONDS}
c.KubeSpawner.port = ENVIRONMENTS
"""


class CountingApi(FakeApi):
    """Counts how many pods start at once, and which came when."""

    def __init__(self) -> None:
        super().__init__()
        self.start_seconds = START_SECONDS
        self.most_at_once = 0
        self.came: list[str] = []

    def change(self, kind: str, what: str, resource: Resource) -> Resource:
        """Take in a change."""
        changed = super().change(kind, what, resource)
        pods = self.objects["pods"].values()
        self.most_at_once = max(self.most_at_once, sum(pod["status"]["phase"] == "Pending" for pod in pods))
        if (kind, what) == ("pods", "ADDED"):
            self.came.append(resource["metadata"]["name"].removeprefix("jupyter-"))
        return changed


@pytest.fixture
def cluster() -> Iterator[CountingApi]:
    """An API server whose pods take their time to start."""
    with served_beside(CountingApi()) as api:
        yield api


@pytest.fixture
def hub(tmp_path: Path, cluster: CountingApi) -> Iterator[Hub]:
    """A hub that starts two environments at once."""
    with running_hub(tmp_path, CONFIG, cluster.url) as hub:
        yield hub


def ready(hub: Hub) -> set[str]:
    """Return whose environment is ready."""
    status, users = hub.ask("GET", "api/users?state=ready")
    assert status == 200
    return {user["name"] for user in users}


def wait_for(hub: Hub, people: set[str]) -> None:
    """Wait until the environments of all of them are ready."""
    deadline = time.monotonic() + 120
    while not people <= ready(hub):
        assert time.monotonic() < deadline, people - ready(hub)
        time.sleep(0.1)


def test_a_burst_waits_and_nobody_is_refused(hub: Hub, cluster: CountingApi) -> None:
    """Although the last one's turn comes later than a start may take, and fairly: the small team's is not last."""
    began = time.monotonic()
    with ThreadPoolExecutor(len(EVERYBODY)) as burst:
        answers = list(burst.map(lambda person: hub.post(f"users/{person}/server", {}), EVERYBODY))
    assert set(Counter(status for status, _ in answers)) <= {201, 202}, answers
    said = hub.progress(cluster_last(hub))
    wait_for(hub, set(EVERYBODY))
    assert time.monotonic() - began > TIMEOUT_SECONDS
    assert cluster.most_at_once <= LIMIT
    assert any("ahead of yours" in sentence for sentence in said), said
    assert max(cluster.came.index(person) for person in PEOPLE["genomics"]) < len(EVERYBODY) - 2


def cluster_last(hub: Hub) -> str:
    """Return somebody whose environment is not ready yet, of the team that has to wait longest."""
    return next(person for person in reversed(PEOPLE["imaging"]) if person not in ready(hub))


def test_a_stop_in_the_queue_is_a_clean_end(hub: Hub, cluster: CountingApi) -> None:
    """The rest get their turns, and who stopped may start again."""
    with ThreadPoolExecutor(len(EVERYBODY)) as burst:
        list(burst.map(lambda person: hub.post(f"users/{person}/server", {}), EVERYBODY))
    left = cluster_last(hub)
    assert hub.ask("DELETE", f"api/users/{left}/server")[0] in (202, 204)
    wait_for(hub, set(EVERYBODY) - {left})
    assert left not in cluster.came
    assert hub.post(f"users/{left}/server", {})[0] in (201, 202)
    wait_for(hub, {left})
