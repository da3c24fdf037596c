"""A node that is there for GPU work alone; nothing else can be launched meanwhile."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.e2e.hub import Person
from tests.e2e.install import Install
from tests.e2e.kernel import Kernel
from tests.e2e.test_policy import GIB, SMALL, TAINT, toleration

GPU = "nvidia.com/gpu"


@pytest.fixture(scope="module")
def gpu_node(install: Install) -> Iterator[str]:
    """The one node, which has two GPUs and is there for GPU work alone until the test is done."""
    with ExitStack() as undo:
        name = undo.enter_context(node_with_gpus(install, 2))
        install.kubectl("taint", "node", name, f"{TAINT}=gpu:NoSchedule")
        undo.callback(install.kubectl, "taint", "node", name, f"{TAINT}=gpu:NoSchedule-")
        yield name


@contextmanager
def node_with_gpus(install: Install, count: int) -> Iterator[str]:
    """Have the one node say that it has GPUs, until the block ends; return its name."""
    nodes = install.get("nodes")["items"]
    if len(nodes) != 1 or GPU in nodes[0]["status"]["capacity"]:
        pytest.skip("needs a cluster of one node without a GPU, as the local one is")
    name = nodes[0]["metadata"]["name"]

    def change(operation: str) -> None:
        # the kubelet would work the second out of the first, with the next of its reports
        paths = [f"/status/{kind}/{GPU.replace('/', '~1')}" for kind in ("capacity", "allocatable")]
        patch = json.dumps([{"op": operation, "path": path, "value": str(count)} for path in paths])
        install.kubectl("patch", "node", name, "--subresource=status", "--type=json", f"--patch={patch}")

    change("add")
    try:
        yield name
    finally:
        change("remove")


@pytest.mark.claim("pools-by-request")
def test_gpu_lands_on_it(install: Install, alice: Person, server_name: str, gpu_node: str):
    """Who asks for a GPU gets one, on the node that is tainted for it, Guaranteed and with large shared memory."""
    server = alice.start_and_wait(server_name, **SMALL, gpu="nvidia-t4")
    pod = install.environment_pod(alice.name, server_name)
    assert pod["spec"]["nodeName"] == gpu_node
    assert toleration("gpu") in pod["spec"]["tolerations"]
    assert pod["spec"]["containers"][0]["resources"]["limits"][GPU] == "1"
    assert pod["metadata"]["labels"]["swish.io/workload"] == "gpu"
    assert pod["status"]["qosClass"] == "Guaranteed"
    assert "Pool: gpu, since a GPU is asked for" in [event.get("message") for event in server.events]
    with Kernel(alice, server) as kernel:
        code = "import os; shm = os.statvfs('/dev/shm'); print(shm.f_frsize * shm.f_blocks)"
        assert kernel.run(code) == f"{GIB}\n"


@pytest.mark.usefixtures("gpu_node")
def test_general_keeps_off_it(install: Install, alice: Person, server_name: str):
    """An environment of the general pool waits while there is only a GPU node, says so, and can be stopped."""
    answer = alice.start(server_name, **SMALL)
    assert answer.status_code == 202
    messages = alice.progress_until(server_name, "1 not open to it")
    assert any(message.startswith("Pool: general") for message in messages)
    assert "nodeName" not in install.environment_pod(alice.name, server_name)["spec"]
    alice.stop(server_name)
