"""An administrator changes the policy: a protected pool, and a team with a namespace and a quota, come into force."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from benchmarks.imports import idle_pod
from tests.e2e.hub import Person, Server
from tests.e2e.install import Install, wait_until
from tests.e2e.kernel import Kernel
from tests.e2e.nodes import applied
from tests.e2e.policy import Changed
from tests.e2e.servers import remove_servers, server_of_ours
from tests.e2e.telling import failure

GUARDED = {"image": "python3", "pool": "guarded", "cpu": "500m", "memory": "1Gi"}
WALLED = {"team": "walled", "image": "python3", "cpu": "500m", "memory": "1Gi"}
CHECKPOINT = '#!/bin/sh\ndate > "$HOME/checkpoint-ran.txt"\n'


@pytest.fixture(scope="module")
def walled(install: Install, changed_policy: Changed) -> Install:
    """The same installation, looked at in the namespace of team walled."""
    return replace(install, namespace=changed_policy.namespaces["walled"])


def test_the_hub_is_not_restarted_for_a_policy(changed_policy: Changed):
    """A new policy comes into force in the hub that runs."""
    assert not changed_policy.restarted


def evict(install: Install, pod: dict[str, Any]) -> None:
    """Ask Kubernetes to evict a pod, as a drain does; it is not done, only answered.

    Raises:
        AssertionError: Kubernetes refuses; the text is its answer.
    """
    name = pod["metadata"]["name"]
    body = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": name, "namespace": install.namespace},
        "deleteOptions": {"dryRun": ["All"]},
    }
    place = f"/api/v1/namespaces/{install.namespace}/pods/{name}/eviction"
    install.kubectl("create", "--raw", place, "--filename=-", stdin=json.dumps(body))


@pytest.mark.claim("protected")
def test_drain_and_checkpoint(install: Install, alice: Person, server_name: str):
    """A protected environment withstands a drain, and runs the person's checkpoint before it is stopped."""
    server = alice.start_and_wait(server_name, **GUARDED)
    pod = install.environment_pod(alice.name, server_name)
    wait_until("the budget counts the pod", lambda: counted(install, pod))
    with pytest.raises(AssertionError, match=r"TooManyRequests.*disruption budget"):
        evict(install, pod)
    drain(install, pod)
    alice.write_file(server, "checkpoint.txt", CHECKPOINT)
    with Kernel(alice, server) as kernel:
        kernel.run("!mkdir -p .swish && mv checkpoint.txt .swish/checkpoint && chmod +x .swish/checkpoint")
        assert kernel.run("import os; print(os.path.exists('checkpoint-ran.txt'))") == "False\n"
    alice.stop(server_name)
    wait_until("its budget is gone", lambda: not install.find("pdb", pod["metadata"]["name"]))
    again = alice.start_and_wait(server_name, image="python3", cpu="500m", memory="1Gi")
    assert alice.read_file(again, "checkpoint-ran.txt").strip()
    # what is not protected may be evicted, so the refusal above is the budget's
    evict(install, install.environment_pod(alice.name, server_name))


def drain(install: Install, pod: dict[str, Any]) -> None:
    """Drain the pod's node of this one pod, in earnest, and check that it is still there when the time is up."""
    node, environment = pod["spec"]["nodeName"], pod["metadata"]["labels"]["swish.io/environment"]
    only = (f"--pod-selector=swish.io/environment={environment}", "--force", "--delete-emptydir-data")
    try:
        with pytest.raises(AssertionError, match="disruption budget"):
            install.kubectl("drain", node, *only, "--dry-run=none", "--timeout=6s")
    finally:
        # a drain begins by cordoning the node, which is the only one here
        install.kubectl("uncordon", node)
    again = install.get("pod", pod["metadata"]["name"])["metadata"]
    assert (again["uid"], again.get("deletionTimestamp")) == (pod["metadata"]["uid"], None)


def counted(install: Install, pod: dict[str, Any]) -> bool:
    """Say whether the disruption controller has seen that a pod is healthy."""
    status = install.get("pdb", pod["metadata"]["name"]).get("status", {})
    return bool(status.get("currentHealthy") == 1 and status.get("disruptionsAllowed") == 0)


@pytest.fixture(scope="module")
def in_walled(install: Install, walled: Install, alice: Person) -> Iterator[Server]:
    """An environment of team walled."""
    with server_of_ours(install) as name:
        yield alice.start_and_wait(name, **WALLED)


def test_a_launch_without_ssh_adds_nothing(walled: Install, alice: Person, in_walled: Server):
    """No container, no Secret, no Service, though the policy offers it."""
    pod = walled.environment_pod(alice.name, in_walled.name)
    assert "initContainers" not in pod["spec"]
    names = [one["metadata"]["name"] for kind in ("services", "secrets") for one in walled.get(kind)["items"]]
    assert not [name for name in names if in_walled.name in name]


@pytest.mark.claim("quotas")
def test_team_in_its_own_namespace(install: Install, walled: Install, alice: Person, in_walled: Server):
    """A team's environments are in its namespace, Guaranteed, and both hub and cluster hold it to its quota."""
    pod = walled.environment_pod(alice.name, in_walled.name)
    assert install.environment_pods(alice.name, in_walled.name) == []
    assert pod["status"]["qosClass"] == "Guaranteed"
    assert pod["metadata"]["labels"]["swish.io/team"] == "walled"
    with Kernel(alice, in_walled) as kernel:
        assert kernel.run("print(6*7)") == "42\n"
    other = f"{in_walled.name}-2"
    refused = alice.start(other, **{**WALLED, "memory": "2Gi"})
    assert refused.status_code == 403
    assert refused.json()["message"] == (
        "Team Walled may use 2Gi of memory: 1Gi of memory in use (alice 1Gi of memory), 1Gi of memory left, and this "
        "asks for 2Gi of memory; ask for less, or stop an environment."
    )
    # something that the hub knows nothing of takes the rest
    image = pod["spec"]["containers"][0]["image"]
    with applied(walled, idle_pod(image, "lodger")):
        told = failure(alice, other, **WALLED)
    assert "The cluster's quota for team Walled is used up" in told
    assert walled.environment_pods(alice.name, other) == []
    # what was refused is a server all the same, of which nobody may have many
    remove_servers(install, other)
    alice.stop(in_walled.name)
    wait_until("its pod is gone", lambda: not walled.environment_pods(alice.name, in_walled.name))


def test_limit_range_in_the_way(walled: Install, alice: Person, server_name: str):
    """A LimitRange that Swish knows nothing of cannot take a guarantee away; what it forbids is said in its words.

    Every container of an environment states its requests and limits, so that a LimitRange has nothing to fill in.
    """
    smallest = {"type": "Container", "max": {"cpu": "250m"}}
    limits = {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "tight"}, "spec": {"limits": [smallest]}}
    walled.kubectl("create", "--filename=-", stdin=json.dumps(limits))
    try:
        told = failure(alice, server_name, **WALLED)
        assert "larger or smaller than the cluster allows" in told
        assert "maximum cpu usage per Container is 250m" in told
        assert walled.environment_pods(alice.name, server_name) == []
    finally:
        walled.kubectl("delete", "limitrange", "tight")
