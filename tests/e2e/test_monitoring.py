"""Monitoring of our own: what Prometheus says of an environment is what its containers count."""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.e2e.install import Install, kubectl_path, wait_until
from tests.e2e.servers import server_of_ours

#: Keeps a core as busy as it may be, with 100 MiB of its own, and says that it has begun.
LOAD = "x = bytearray(100 << 20); x[::4096] = b'1' * 25600; print('busy', flush=True)\nwhile True: pass"
#: Says each second what the container's control group counts, by either version: seconds of CPU, and bytes.
COUNTERS = """
import time
from pathlib import Path
def of(path): return dict(line.split() for line in path.read_text().splitlines())
one, two = Path('/sys/fs/cgroup/cpuacct/cpuacct.usage'), Path('/sys/fs/cgroup/cpu.stat')
old, new = Path('/sys/fs/cgroup/memory'), Path('/sys/fs/cgroup')
place, used, key = (old, 'memory.usage_in_bytes', 'total_inactive_file') if old.is_dir() else (
    new, 'memory.current', 'inactive_file')
while True:
    cpu = int(one.read_text()) / 1e9 if one.exists() else int(of(two)['usage_usec']) / 1e6
    print(time.time(), cpu, int((place / used).read_text()) - int(of(place / 'memory.stat')[key]), flush=True)
    time.sleep(1)
"""
#: The rules' rates are of two minutes, and a sample may be a scrape old.
SETTLED = 150
TOLERANCE = 0.05
#: A project that no other test launches for, so that all that is said of it is of this environment.
PROJECT = "atlas"


@dataclass
class Counted:
    """What one container has counted, second by second.

    Attributes:
        at: when (seconds since 1970).
        cpu: seconds of CPU.
        memory: bytes.
    """

    at: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)

    def read(self, text: str) -> None:
        """Take in what `COUNTERS` printed; its last line may be cut."""
        for line in text.splitlines()[:-1]:
            for column, value in zip((self.at, self.cpu, self.memory), map(float, line.split()), strict=True):
                column.append(value)

    def value(self, column: list[float], moment: float) -> float:
        """Return what was counted at a moment, between the two lines around it."""
        after = next(number for number, at in enumerate(self.at) if at >= moment)
        before, span = after - 1, self.at[after] - self.at[after - 1]
        share = (moment - self.at[before]) / span
        return column[before] + share * (column[after] - column[before])

    def cores(self, begin: float, end: float) -> float:
        """Return how many cores were used between two moments."""
        return (self.value(self.cpu, end) - self.value(self.cpu, begin)) / (end - begin)


@pytest.fixture(scope="module")
def has_monitoring(install: Install) -> None:
    """There is a Prometheus of ours."""
    if install.find("deployment", "prometheus") is None:
        pytest.skip("this cluster has monitoring of its own: `monitoring.stack` is off")


def ask(install: Install, path: str, **words: str) -> Any:
    """Return what Prometheus answers, through the API server."""
    place = f"/api/v1/namespaces/{install.namespace}/services/prometheus:http/proxy/api/v1/{path}?{urlencode(words)}"
    return json.loads(install.kubectl("get", "--raw", place))["data"]


def figure(install: Install, query: str, moment: float) -> float:
    """Return the one value of a query at a moment."""
    (found,) = ask(install, "query", query=query, time=str(moment))["result"]
    return float(found["value"][1])


def window(install: Install, selector: str, moment: float) -> tuple[float, float]:
    """Return when the kubelet looked first and last, of what a rate at a moment is made."""
    (found,) = ask(install, "query", query=selector, time=str(moment))["result"]
    return found["values"][0][0], found["values"][-1][0]


@contextmanager
def running(
    install: Install, namespace: str, pod: str, container: str, program: str
) -> Iterator[subprocess.Popen[str]]:
    """Run a program in a container until the end of the block."""
    place = [f"--kubeconfig={install.kubeconfig}", f"--context={install.context}", f"--namespace={namespace}"]
    words = ["exec", pod, f"--container={container}", "--", "python3", "-c", program]
    with subprocess.Popen([kubectl_path(), *place, *words], stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.usefixtures("has_monitoring")
def test_prometheus_reads_all_that_it_is_told_to(install: Install):
    """Each target answers, and each rule can be evaluated."""

    def answering() -> bool:
        found = {
            one["labels"]["job"]: one["health"] for one in ask(install, "targets", state="active")["activeTargets"]
        }
        return found.keys() >= {"hub", "web", "containers", "kube-state-metrics"} and set(found.values()) == {"up"}

    wait_until("each target answers", answering)
    rules = [rule for group in ask(install, "rules")["groups"] for rule in group["rules"]]
    assert [rule["name"] for rule in rules if rule["health"] != "ok"] == []


@pytest.mark.usefixtures("has_monitoring", "changed_policy")
def test_figures_are_what_containers_count(install: Install, log_in):
    """Of a busy environment and the sshd beside it: within one part in twenty, at the moment of the rules."""
    choices = {"image": "python3", "pool": "general", "cpu": "250m", "memory": "512Mi", "project": PROJECT}
    counted = {name: Counted() for name in ("notebook", "ssh")}
    with server_of_ours(install) as name:
        log_in("alice").start_and_wait(name, **choices, ssh=True)
        metadata = install.environment_pod("alice", name)["metadata"]
        where = install, metadata["namespace"], metadata["name"]
        with running(*where, "notebook", LOAD) as load, ExitStack() as stack:
            assert load.stdout is not None
            assert load.stdout.readline() == "busy\n"
            counting = {container: stack.enter_context(running(*where, container, COUNTERS)) for container in counted}
            time.sleep(SETTLED)
            pod = f'namespace="{metadata["namespace"]}", pod="{metadata["name"]}"'
            moment = figure(
                install, f'timestamp(swish:environment_cpu_cores{{{pod}, container="notebook"}})', time.time()
            )
            for container, process in counting.items():
                process.kill()
                counted[container].read(process.communicate()[0])
        memory = 0.0
        for container, of_it in counted.items():
            this = f'{{{pod}, container="{container}"}}'
            begin, end = window(install, f"container_cpu_usage_seconds_total{this}[2m]", moment)
            cores = figure(install, f"swish:environment_cpu_cores{this}", moment)
            assert cores == pytest.approx(of_it.cores(begin, end), rel=TOLERANCE, abs=0.003), container
            read = figure(install, f"timestamp(container_memory_working_set_bytes{this})", moment)
            memory += of_it.value(of_it.memory, read)
        assert figure(
            install, f'swish:project_memory_gb{{label_swish_io_project="{PROJECT}"}}', moment
        ) == pytest.approx(memory / 1e9, rel=TOLERANCE)
        team = '{label_swish_io_team="imaging"}'
        joined = f"swish:environment_cpu_cores * on (namespace, pod, uid) group_left () swish:environment_labels{team}"
        together = figure(install, f"swish:team_cpu_cores{team}", moment)
        assert together == pytest.approx(figure(install, f"sum({joined})", moment), rel=TOLERANCE)
        assert together > figure(install, f'swish:environment_cpu_cores{{{pod}, container="notebook"}}', moment)
