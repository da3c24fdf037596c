"""The local cluster goes without a trace, and comes again.

Only when this run booted it, or in CI, because it ends the cluster.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e import install as installation
from tests.e2e import machine
from tests.e2e.hub import Person
from tests.e2e.install import LOCAL, Install

pytestmark = pytest.mark.skipif(
    bool(os.environ.get("CONTEXT")) or not (os.environ.get("SWISH_E2E_BOOTED") or os.environ.get("CI")),
    reason="it would end a cluster that this run did not boot",
)


def run_local(command: str) -> str:
    """Run `up` or `down` as the Makefile does; returns what it said of its steps.

    Raises:
        AssertionError: it failed; the text is what it said.
    """
    done = subprocess.run([*LOCAL, command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout}\n{done.stderr}"
    return done.stderr


def left_behind(before: dict[machine.Process, str]) -> dict[str, object]:
    """Return everything of the cluster that is still to be seen on this machine."""
    # Another container engine may be here; of it, nothing but what was there with our cluster could be ours.
    alone = not shutil.which("docker") and not shutil.which("k3s")
    now = machine.node_processes()
    found: dict[str, object] = {
        "processes": [command for process, command in now.items() if alone or process in before],
        "interfaces": {name for name in machine.network_interfaces() if name == "cni0" or (alone and "veth" in name)},
        "mounts": {place for place in machine.mounts() if place.startswith(machine.FOLDERS)},
        "packet rules": [word for word in ("kube", "cni", "swish") if word in machine.packet_rules().lower()],
        "folders": [folder for folder in machine.FOLDERS if Path(folder).exists()],
    }
    return {what: places for what, places in found.items() if places}


@pytest.mark.claim("make-up-needs", "status-and-down")
def test_down_leaves_nothing_and_up_works_again(install: Install, server_name: str):
    """After `down` no process, interface, mount, rule or folder is left; after `up` people find their files again."""
    with Person(install, install.username, install.password) as alice:
        alice.write_file(alice.launch(server_name), "kept.txt", "through a shutdown\n")
    before = machine.node_processes()
    assert before, "a running cluster has processes"
    run_local("down")
    assert left_behind(before) == {}
    assert installation.status()["state"] == "down"
    # whose containers would still be there had their removal failed
    assert "with the images of the last cluster" in run_local("up")
    again = installation.install()
    with Person(again, again.username, again.password) as alice:
        server = alice.launch(server_name)
        assert alice.read_file(server, "kept.txt") == "through a shutdown\n"
