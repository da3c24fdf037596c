"""A sidecar's record is read on over restarts, and its attempts are cleared away."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from benchmarks.attempts_pod import PodSite
from swish_spawner.core.ssh_log.events.source import Source
from tests.e2e.ssh import Host, Laptop
from tests.images.attempts.lab_site import forged_line
from tests.images.attempts.trying import FIRST

SOURCE = Source("sidecar", "swish", "jupyter-ada", "ada", "imaging", "ada")


def line(boot: str, number: int) -> str:
    """Return a line of the record."""
    return forged_line(SOURCE).replace("f00d", boot).replace('"n":1', f'"n":{number}')


@dataclass
class OnePodCluster:
    """Says what a cluster says of one pod."""

    restarts: int = 0
    logs: list[str] = field(default_factory=list)
    previous: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)

    def get(self, *_: str) -> Mapping[str, Any]:
        """Return the pod."""
        state = {"name": "ssh", "restartCount": self.restarts, "containerID": "x"}
        return {"status": {"phase": "Running", "initContainerStatuses": [state]}}

    def kubectl(self, *words: str) -> str:
        """Return a log, or note a command."""
        if words[0] == "exec":
            self.commands.append(words[-1])
            return ""
        if words[-1] != "--previous" and not self.logs:
            raise AssertionError("container is waiting to start")
        return "\n".join(self.previous if words[-1] == "--previous" else self.logs) + "\n"


def site_of(cluster: OnePodCluster, folder: Path) -> PodSite:
    """Return the sidecar."""
    return PodSite(cluster, "jupyter-ada", SOURCE, Laptop(folder), Host("ada", "10.0.0.1", "ssh-ed25519 AAAA"))  # type: ignore[arg-type] # as far as it is used


def test_a_record_goes_on_over_a_restart(tmp_path: Path):
    """What the container said before is read once, and that it says nothing for a while is no reason to forget it."""
    cluster = OnePodCluster(logs=[line("a", 1), "something else", line("a", 2)])
    site = site_of(cluster, tmp_path)
    assert [entry["n"] for entry in site.record()] == [1, 2]
    cluster.previous, cluster.logs, cluster.restarts = [*cluster.logs, line("a", 3)], [], 1
    assert [entry["n"] for entry in site.record()] == [1, 2]
    cluster.logs = [line("b", 1)]
    for _ in range(2):
        assert [(entry["boot"], entry["n"]) for entry in site.record()] == [("a", 1), ("a", 2), ("a", 3), ("b", 1)]


def test_a_client_is_told_no_name(tmp_path: Path):
    """The name goes with the host: a script may have another one."""
    command = site_of(OnePodCluster(), tmp_path).client("sftp", FIRST)
    assert command[0] == "sftp"
    assert not [word for word in command if word.startswith("User=")]
    assert "BatchMode=yes" in command
    assert command.count("-o") == sum("=" in word for word in command)


def test_attempts_are_cleared_away_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """One after the other: from one address, bad log-ins are forgiven with time."""
    cluster, slept = OnePodCluster(), list[float]()
    monkeypatch.setattr("benchmarks.attempts_pod.time.sleep", slept.append)
    site = site_of(cluster, tmp_path)
    site.tidy()
    site.tidy()
    assert [command.startswith("cd && /bin/rm -rf .bashrc ") for command in cluster.commands] == [True, True]
    assert 7 < slept[-1] <= 8
