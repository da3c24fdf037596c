"""The sweeper in a real hub: its page, who may see it, and what it removes."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from swish_spawner.core import labels
from tests.fake_api import FakeApi, served_beside
from tests.real_hub import TOKEN, Hub, running_hub, until

PAGE = "swish/sweep"
#: The first round comes soon, and two looks may follow each other at once.
CONFIG = f"""
from datetime import timedelta
from functools import partial
import swish_spawner.hub.config
swish_spawner.hub.config._FIRST_SWEEP = 1
swish_spawner.hub.config.Rules = partial(swish_spawner.hub.config.Rules, apart=timedelta(0))

c.JupyterHub.load_groups = {{"imaging": {{"users": ["ada", "grace"]}}}}
c.JupyterHub.services = [
    {{"name": name, "api_token": name + "-{TOKEN}"}} for name in ("reader", "part", "nobody")
] + [{{"name": "tester", "api_token": "{TOKEN}"}}]
c.JupyterHub.load_roles = [
    {{"name": "all", "services": ["tester", "reader"], "scopes": ["admin:servers", "list:users", "read:users"]}},
    {{"name": "part", "services": ["part"], "scopes": ["admin:servers!group=imaging"]}},
]
c.KubeSpawner.port = ENVIRONMENTS
"""


@pytest.mark.claim("sweeper-scope")
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("who", ["part", "nobody", "stranger"])
def test_only_an_administrator_of_all_servers_may(hub: Hub, method: str, who: str) -> None:
    """Not one of some people's servers, which JupyterHub 5 would let in."""
    status, _ = hub.ask(method, PAGE, {} if method == "POST" else None, token=f"{who}-{TOKEN}")
    assert status == 403


@pytest.mark.claim("sweeper-post")
@pytest.mark.parametrize("body", [{"dry_run": "yes"}, {"force": True}, {"end": 1}, {"end": "a/b", "force": 1}, [1]])
def test_a_body_that_means_nothing_is_refused(hub: Hub, body: object) -> None:
    """Rather than read as one that deletes."""
    assert hub.ask("POST", PAGE, body)[0] == 400


@pytest.mark.claim("sweeper-minute")
def test_rounds_come_without_being_asked_for(hub: Hub) -> None:
    """The configuration is read where the hub runs."""
    last = until(lambda: hub.ask("GET", PAGE)[1]["last"])
    assert last["outcome"] in ("not_ready", "clean")


def start(hub: Hub, user: str) -> None:
    """Start somebody's environment, if it does not run, and wait until it is ready."""

    def ready() -> bool:
        return user in {found["name"] for found in hub.ask("GET", "api/users?state=ready")[1]}

    assert ready() or hub.post(f"users/{user}/server", {})[0] in (201, 202)
    until(ready)


def of_grace(api: FakeApi, name: str, **changes: Any) -> None:
    """Add a pod like ada's, of a start of grace's that no hub knows of."""
    pod = copy.deepcopy(api.pod("jupyter-ada")) | changes
    pod["metadata"] |= {"name": name, "uid": name, "creationTimestamp": "2026-01-01T00:00:00Z"}
    pod["metadata"]["annotations"] |= {labels.SPAWN_ID: name, labels.USER: "grace"}
    api.beside(lambda: api.change("pods", "ADDED", pod))


@pytest.mark.claim("sweeper-deletes", "sweeper-post")
def test_a_pod_of_nobody_s_goes_and_a_live_one_stays(hub: Hub, hub_api: FakeApi, go_on: Callable[[], None]) -> None:
    """First the report says it, then a round does it; the hub's own stamps are what tells them apart."""
    start(hub, "ada")
    go_on()
    of_grace(hub_api, "jupyter-lost", status={"phase": "Pending"})

    until(lambda: hub.ask("GET", PAGE)[1]["now"]["nobodys"])
    now = hub.ask("GET", PAGE)[1]["now"]
    assert (now["pods"], now["nobodys"][0]["server"], now["nobodys"][0]["pod"]) == (
        2,
        "grace/",
        "swish-imaging/jupyter-lost",
    )
    for _ in range(2):
        dry = hub.ask("POST", PAGE, {"dry_run": True})[1]
    assert (dry["outcome"], dry["removed"], dry["would_remove"]) == ("dry_run", [], ["swish-imaging/jupyter-lost"])
    done = hub.ask("POST", PAGE)[1]
    assert (done["outcome"], done["removed"]) == ("removed", ["swish-imaging/jupyter-lost"])
    assert hub.ask("GET", PAGE, token=f"reader-{TOKEN}")[1]["last"] == done
    assert list(hub_api.objects["pods"]) == ["swish-imaging/jupyter-ada"]


@pytest.mark.claim("sweeper-no-live-start")
def test_a_hub_that_was_killed_knows_its_pods_again(tmp_path: Path) -> None:
    """The next one reads them from the database, before its sweeper looks."""
    with served_beside(FakeApi()) as api:
        with running_hub(tmp_path, CONFIG, api.url) as hub:
            start(hub, "ada")
            hub.process.kill()
        with running_hub(tmp_path, CONFIG, api.url) as hub:
            until(lambda: hub.ask("GET", PAGE)[1]["now"]["pods"] == 1)
            assert hub.ask("POST", PAGE)[1]["nobodys"] == []


@pytest.mark.claim("lost-stays", "lost-ends-by-word")
def test_one_that_runs_ends_by_an_administrators_word_alone(
    hub: Hub, hub_api: FakeApi, go_on: Callable[[], None]
) -> None:
    """A hub that lost its database knows of none of them, and people work there."""
    of_grace(hub_api, "jupyter-runs")
    go_on()
    runs = "swish-imaging/jupyter-runs"
    until(lambda: [found["pod"] for found in hub.ask("GET", PAGE)[1]["now"]["nobodys"]] == [runs])
    for _ in range(2):
        done = hub.ask("POST", PAGE)[1]
    assert (done["removed"], done["nobodys"][0]["reason"]) == ([], "has run, and is of no start that this hub knows of")
    assert hub.ask("POST", PAGE, {"end": "swish-imaging/jupyter-ada"})[0] == 404
    assert hub.ask("POST", PAGE, {"end": runs})[1] == {"ended": runs}
    assert runs not in hub_api.objects["pods"]
    assert hub_api.graces[-1] is None
