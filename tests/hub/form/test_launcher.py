"""What a launch page says of a pool's room."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from swish_spawner.hub.launch.spawner import SwishSpawner
from tests.fake_api import FakeApi

Launch = Callable[..., SwishSpawner]


def add_node(api: FakeApi, cpu: str, **spec: Any) -> None:
    """Let there be a node."""
    status = {"allocatable": {"cpu": cpu, "memory": "64Gi"}, "conditions": [{"type": "Ready", "status": "True"}]}
    api.change("nodes", "ADDED", {"metadata": {"name": "one", "namespace": ""}, "spec": spec, "status": status})


async def test_a_page_says_what_is_free(api: FakeApi, launch: Launch) -> None:
    """From the first page on, and the policy's pool that grows says that it does."""
    add_node(api, "1")
    html = await launch().get_options_form()
    # 500m fits and 4 does not, but that pool grows
    assert html.count("Free now") == 2
    assert "Needs a new node" in html


async def test_what_runs_takes_its_room(api: FakeApi, launch: Launch) -> None:
    """Where the hub may not list all pods, those that it watches count."""
    add_node(api, "1")
    spawner = launch()
    await spawner._start_watching_pods()
    metadata = {"name": "p", "namespace": "swish", "uid": "u", "resourceVersion": "9"}
    notebook = {"name": "notebook", "resources": {"requests": {"cpu": "950m"}}}
    spawner.pod_reflector.offer({"metadata": metadata, "spec": {"nodeName": "one", "containers": [notebook]}})
    api.failures["LIST pods"] = [(403, "no")]
    assert "Free now" not in await spawner.get_options_form()


async def test_without_a_right_the_policy_alone_is_said(api: FakeApi, launch: Launch) -> None:
    """The page is no error, and says nothing of what it does not know."""
    api.failures["LIST nodes"] = [(403, "no")]
    html = await launch().get_options_form()
    assert "Gets a new node if none is free" in html
    assert "Free now" not in html
    assert "Full" not in html


async def test_what_an_administrator_tolerates_counts(api: FakeApi, launch: Launch) -> None:
    """Whether it was configured as a list or as a mapping, and also after a plan was applied over it."""
    theirs = {"key": "example.org/theirs", "operator": "Exists"}
    add_node(api, "8", taints=[{"key": "example.org/theirs", "effect": "NoSchedule"}])
    assert "Free now" not in await launch().get_options_form()
    assert "Free now" in await launch(tolerations=[theirs]).get_options_form()
    spawner = launch(tolerations={"one": theirs})
    await spawner._run_apply_user_options({})
    assert "Free now" in await spawner.get_options_form()
