"""A pod says whose it is, and whether somebody may have worked in it."""

from __future__ import annotations

from typing import Any

import pytest

from swish_spawner.core import labels
from swish_spawner.core.ownership import Whose, ending, exit_code, grace_of, has_ended, has_worked, is_ready, start_of

ADAS = Whose("here", "ada", "lab")
STAMPS = {labels.HUB: "here", labels.USER: "ada", labels.SERVER: "lab"}
KUBESPAWNERS = {"hub.jupyter.org/username": "ada", "hub.jupyter.org/servername": "lab"}


def pod(annotations: dict[str, str] | None = None, phase: str = "Running", **notebook: Any) -> dict[str, Any]:
    """Return a pod whose own container has this status."""
    statuses = [{"name": "ssh", "state": {"running": {}}}, {"name": "notebook", **notebook}] if notebook else []
    return {
        "metadata": {"annotations": annotations},
        "spec": {},
        "status": {"phase": phase, "containerStatuses": statuses},
    }


@pytest.mark.parametrize(
    ("annotations", "is_theirs"),
    [
        (STAMPS, True),
        (STAMPS | {labels.HUB: "elsewhere"}, False),
        (STAMPS | {labels.USER: "eve"}, False),
        (STAMPS | {labels.SERVER: ""}, False),
        ({labels.USER: "ada", labels.SERVER: "lab"}, False),
        (STAMPS | KUBESPAWNERS | {labels.HUB: "elsewhere"}, False),
        (KUBESPAWNERS, True),
        (KUBESPAWNERS | {"hub.jupyter.org/username": "eve"}, False),
        ({}, False),
        (None, False),
    ],
)
def test_whose(annotations: dict[str, str] | None, is_theirs: bool) -> None:
    """Installation, person and server all have to be right; KubeSpawner's word counts where Swish has none."""
    assert ADAS.has(pod(annotations)) is is_theirs


@pytest.mark.claim("sweeper-nobody-works")
@pytest.mark.parametrize(
    ("status", "worked"),
    [
        ({}, False),
        ({"state": {"waiting": {"reason": "PodInitializing"}}, "restartCount": 0, "lastState": {}}, False),
        ({"state": {"running": {}}}, True),
        ({"state": {"waiting": {"reason": "CrashLoopBackOff"}}, "restartCount": 3}, True),
        ({"state": {"waiting": {}}, "lastState": {"terminated": {"exitCode": 137}}}, True),
        ({"state": {"terminated": {"exitCode": 0}}}, True),
    ],
)
def test_has_worked(status: dict[str, Any], worked: bool) -> None:
    """Once its own container has run, whatever became of it; another container of the pod says nothing."""
    assert has_worked(pod(**status)) is worked


@pytest.mark.parametrize(
    ("phase", "policy", "state", "code"),
    [
        ("Running", "OnFailure", {"running": {}}, None),
        ("Running", "OnFailure", {"waiting": {"reason": "CrashLoopBackOff"}}, None),
        ("Running", "OnFailure", {"terminated": {"exitCode": 137}}, None),
        ("Running", "OnFailure", {"terminated": {"exitCode": 0}}, 0),
        ("Running", "Always", {"terminated": {"exitCode": 0}}, None),
        ("Running", "Never", {"terminated": {"exitCode": 1}}, 1),
        ("Failed", "OnFailure", {"terminated": {"exitCode": 137}}, 137),
        ("Failed", "OnFailure", {"waiting": {}}, 1),
        ("Succeeded", "Never", {"terminated": {"exitCode": 0}}, 0),
    ],
)
def test_exit_code(phase: str, policy: str, state: dict[str, Any], code: int | None) -> None:
    """A container that Kubernetes starts again has not ended."""
    found = pod(phase=phase, state=state)
    found["spec"]["restartPolicy"] = policy
    assert exit_code(found) == code
    assert has_ended(found) is (phase != "Running")


def test_what_is_needed_for_a_stop_is_in_the_pod() -> None:
    """How long it may take, and which start made it; Kubernetes' own default where it does not say."""
    assert grace_of(pod() | {"spec": {"terminationGracePeriodSeconds": 300}}) == 300
    assert grace_of(pod()) == 30
    assert start_of(pod({labels.SPAWN_ID: "ab"})) == "ab"
    assert start_of(pod()) == ""


READY = {"phase": "Running", "podIP": "10.0.0.1", "containerStatuses": [{"ready": True}, {"ready": True}]}


@pytest.mark.parametrize(
    ("status", "ready"),
    [
        (READY, True),
        (READY | {"podIP": None}, False),
        (READY | {"phase": "Pending"}, False),
        (READY | {"containerStatuses": [{"ready": True}, {"ready": False}]}, False),
        (READY | {"containerStatuses": None}, False),
        (None, False),
    ],
)
def test_is_ready(status: dict[str, Any] | None, ready: bool) -> None:
    """With an address and all its containers; a status that is not complete yet is no error."""
    assert is_ready({"metadata": {}, "status": status}) is ready


def test_what_is_being_deleted_is_not_ready() -> None:
    """Nobody is sent there any more."""
    assert not is_ready({"metadata": {"deletionTimestamp": "2026-11-30T00:00:00Z"}, "status": READY})


def test_why_a_pod_has_ended_is_kubernetes_word() -> None:
    """As far as it says it."""
    status = {"phase": "Failed", "reason": "Evicted", "message": "The node was low on memory"}
    assert ending({"status": status}) == "Failed Evicted The node was low on memory"
    assert ending({"status": {"phase": "Succeeded"}}) == "Succeeded"
