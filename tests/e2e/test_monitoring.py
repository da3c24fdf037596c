"""Monitoring of our own: what Prometheus says of environments is what their containers count."""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from urllib.parse import urlencode

import pytest

from tests.e2e.hub import Server
from tests.e2e.install import Install, kubectl_path, wait_until
from tests.e2e.servers import server_of_ours

#: Keeps a core as busy as it may be, with 100 MiB of its own, and says that it has begun.
LOAD = "x = bytearray(100 << 20); x[::4096] = b'1' * 25600; print('busy', flush=True)\nwhile True: pass"
#: What a container's control group counts, in seconds of CPU and in bytes, by either version.
COUNTERS = """
from pathlib import Path
def of(path): return dict(line.split() for line in Path(path).read_text().splitlines())
one, two = Path('/sys/fs/cgroup/cpuacct/cpuacct.usage'), Path('/sys/fs/cgroup/cpu.stat')
cpu = int(one.read_text()) / 1e9 if one.exists() else int(of(two)['usage_usec']) / 1e6
one, two = Path('/sys/fs/cgroup/memory'), Path('/sys/fs/cgroup')
used, stat, key = (one / 'memory.usage_in_bytes', one / 'memory.stat', 'total_inactive_file') \\
    if one.is_dir() else (two / 'memory.current', two / 'memory.stat', 'inactive_file')
print(cpu, int(used.read_text()) - int(of(stat)[key]))
"""
#: The rules' rates are of two minutes, and a sample may be a scrape old.
SETTLED = 150
TOLERANCE = 0.05


@dataclass(frozen=True)
class Loaded:
    """A busy environment."""

    install: Install
    server: Server
    namespace: str
    pod: str

    def counters(self) -> tuple[float, float, float]:
        """Return the moment, and what its container has used: seconds of CPU, and bytes now."""
        words = [f"--namespace={self.namespace}", "exec", self.pod, "--container=notebook", "--"]
        said = self.install.kubectl(*words, "python3", "-c", COUNTERS)
        cpu, memory = map(float, said.split())
        return time.monotonic(), cpu, memory


@pytest.fixture(scope="module")
def has_monitoring(install: Install) -> None:
    """There is a Prometheus of ours."""
    if install.find("deployment", "prometheus") is None:
        pytest.skip("this cluster has monitoring of its own: `monitoring.stack` is off")


def ask(install: Install, path: str, **words: str) -> object:
    """Return what Prometheus answers, through the API server."""
    place = f"/api/v1/namespaces/{install.namespace}/services/prometheus:http/proxy/api/v1/{path}?{urlencode(words)}"
    return json.loads(install.kubectl("get", "--raw", place))["data"]


def figures(install: Install, query: str) -> dict[str, float]:
    """Return the values of a query by their labels, as JSON."""
    found = ask(install, "query", query=query)
    assert isinstance(found, dict)
    return {json.dumps(one["metric"], sort_keys=True): float(one["value"][1]) for one in found["result"]}


def total(install: Install, query: str) -> float:
    """Return the sum of a query's values."""
    return sum(figures(install, query).values())


@contextmanager
def load(install: Install, server: Server, user: str) -> Iterator[Loaded]:
    """Keep an environment busy."""
    metadata = install.environment_pod(user, server.name)["metadata"]
    words = ["exec", metadata["name"], "--container=notebook", "--", "python3", "-c", LOAD]
    place = [
        f"--kubeconfig={install.kubeconfig}",
        f"--context={install.context}",
        f"--namespace={metadata['namespace']}",
    ]
    with subprocess.Popen([kubectl_path(), *place, *words], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "busy\n"
            yield Loaded(install, server, metadata["namespace"], metadata["name"])
        finally:
            process.kill()


@pytest.mark.usefixtures("has_monitoring")
def test_prometheus_reads_all_that_it_is_told_to(install: Install):
    """Each target answers, and each rule can be evaluated."""

    def answering() -> bool:
        targets = ask(install, "targets", state="active")
        assert isinstance(targets, dict)
        found = {one["labels"]["job"]: one["health"] for one in targets["activeTargets"]}
        return found.keys() >= {"hub", "web", "containers", "kube-state-metrics"} and set(found.values()) == {"up"}

    wait_until("each target answers", answering)
    rules = ask(install, "rules")
    assert isinstance(rules, dict)
    assert [rule["name"] for group in rules["groups"] for rule in group["rules"] if rule["health"] != "ok"] == []


@pytest.mark.usefixtures("has_monitoring", "changed_policy")
def test_figures_are_what_containers_count(install: Install, log_in):
    """Of two teams, each with a busy environment, one of them with sshd beside it: within one part in twenty.

    What other tests run meanwhile is in a team's figure, and is taken from the same moment.
    """
    choices = {"image": "python3", "pool": "general", "cpu": "250m", "memory": "512Mi"}
    with ExitStack() as stack:
        busy = {}
        for user, team, ssh in (("alice", "imaging", True), ("bob", "genomics", False)):
            name = stack.enter_context(server_of_ours(install))
            server = log_in(user).start_and_wait(name, **choices, ssh=ssh)
            busy[team] = stack.enter_context(load(install, server, user))
        time.sleep(SETTLED / 10)
        before = {team: one.counters() for team, one in busy.items()}
        time.sleep(SETTLED)
        for team, one in busy.items():
            (began, cpu, _), (ended, more, memory) = before[team], one.counters()
            of_it = f'{{namespace="{one.namespace}", pod="{one.pod}", container="notebook"}}'
            cores = total(install, f"swish:environment_cpu_cores{of_it}")
            assert cores == pytest.approx((more - cpu) / (ended - began), rel=TOLERANCE), team
            assert total(install, f"swish:environment_memory_bytes{of_it}") == pytest.approx(memory, rel=TOLERANCE)
            joined = "* on (namespace, pod, uid) group_left (label_swish_io_team) swish:environment_labels"
            (together,) = figures(install, f'swish:team_cpu_cores{{label_swish_io_team="{team}"}}').values()
            parts = total(install, f'swish:environment_cpu_cores {joined}{{label_swish_io_team="{team}"}}')
            assert together == pytest.approx(parts, rel=TOLERANCE)
            assert cores <= parts
        of_projects = total(install, "swish:project_memory_gb")
        assert of_projects == pytest.approx(total(install, "swish:environment_memory_bytes") / 1e9, rel=TOLERANCE)
