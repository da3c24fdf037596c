"""A person's servers in the words of a page."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from swish_spawner.core.environments import environments_of
from swish_spawner.core.policy.values import Policy
from swish_spawner.core.record import EnvironmentRecord, PlanRecord
from tests.core.test_record import PLAN, SSH


def server(name: str = "lab", *, plan: PlanRecord = PLAN, **more: Any) -> dict[str, Any]:
    """Return a server as the hub describes it."""
    usual = {"name": name, "ready": True, "pending": None, "url": f"/user/ada/{name}/", "last_activity": "2026-11-26"}
    return usual | {"state": EnvironmentRecord(plan).document()} | more


def user(*servers: dict[str, Any]) -> dict[str, Any]:
    """Return a person as the hub describes one."""
    return {"name": "ada", "servers": {one["name"]: one for one in servers}}


def test_titles_are_the_policys(policy: Policy) -> None:
    """Not the names that only configuration knows."""
    (one,) = environments_of(user(server()), policy)
    assert (one.team, one.image, one.size, one.price) == (
        "Imaging",
        "Python 3",
        "2 CPU, 8Gi memory",
        "0.095 EUR per hour",
    )


def test_what_the_policy_has_dropped_keeps_its_name(policy: Policy) -> None:
    """It runs on."""
    (one,) = environments_of(user(server(plan=replace(PLAN, team="old", image="old"))), policy)
    assert (one.team, one.image) == ("old", "old")


@pytest.mark.parametrize(
    ("more", "state", "link"),
    [
        ({}, "running", ("Open JupyterLab", "/user/ada/lab/")),
        ({"ready": False, "pending": "spawn"}, "starting", ("See how far it is", "/hub/spawn-pending/a%2Fda/lab")),
        ({"ready": False}, "stopped", ("Start", "/hub/spawn/a%2Fda/lab")),
    ],
)
def test_states_have_links(policy: Policy, more: dict[str, Any], state: str, link: tuple[str, str]) -> None:
    """To the hub's own pages."""
    (one,) = environments_of(user(server(**more)), policy)
    assert one.state == state
    assert link in one.links("/hub/", "a/da").items()


def test_what_stops_has_no_link(policy: Policy) -> None:
    """There is nothing to do but wait."""
    (one,) = environments_of(user(server(pending="stop")), policy)
    assert (one.state, one.links("/hub/", "ada")) == ("stopping", {})


def test_what_runs_comes_first(policy: Policy) -> None:
    """Then by name."""
    servers = [server("a", ready=False), server("z"), server("b")]
    assert [one.server for one in environments_of(user(*servers), policy)] == ["b", "z", "a"]


def test_a_default_server_that_was_never_used_is_none(policy: Policy) -> None:
    """The hub lists one for everybody."""
    assert environments_of(user(server("", ready=False, last_activity=None)), policy) == ()
    assert environments_of(user(server("")), policy)[0].title == "Your default environment"


def test_odd_options_are_left_out(policy: Policy) -> None:
    """The hub keeps them as they were sent, and they may have been refused."""
    (one,) = environments_of(user(server(ready=False, state=None, user_options={"team": ["x"]})), policy)
    assert (one.team, one.size, one.price) == ("", "", "")


def test_the_gateway_is_the_one_that_there_is(policy: Policy) -> None:
    """By its name of now; what was started without one has none."""
    now = replace(policy, ssh=replace(policy.ssh, gateway="now.example.org"))
    shown = []
    for before in ("before.example.org", None):
        record = EnvironmentRecord(PLAN, replace(SSH, gateway=before))
        (one,) = environments_of(user(server(state=record.document())), now)
        assert one.ssh is not None
        shown.append(one.ssh.gateway)
    assert shown == ["now.example.org", None]


def test_gpus_are_counted(policy: Policy) -> None:
    """Beside CPU and memory."""
    (one,) = environments_of(user(server(plan=replace(PLAN, gpu="nvidia-t4", gpu_count=2))), policy)
    assert one.size == "2 CPU, 8Gi memory, 2 of nvidia-t4"
