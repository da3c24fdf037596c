"""The main job: log in, launch, run a cell, stop, and find the files again."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e.hub import Person, Server
from tests.e2e.install import Install
from tests.e2e.kernel import Kernel
from tests.e2e.servers import server_of_ours
from tests.e2e.test_secrets import Secrets, secrets  # noqa: F401 - a fixture

LABELS = {
    "swish.io/team": "imaging",
    "swish.io/project": "atlas",
    "swish.io/workload": "general",
    "swish.io/image": "python3",
}


@dataclass(frozen=True)
class Launched:
    """An environment that was launched through the form, and its pod."""

    person: Person
    server: Server
    pod: dict[str, Any]

    @property
    def container(self) -> dict[str, Any]:
        """The notebook's container in the pod's spec."""
        (found,) = [each for each in self.pod["spec"]["containers"] if each["name"] == "notebook"]
        return dict(found)


@pytest.fixture(scope="module")
def launched(install: Install, alice: Person) -> Iterator[Launched]:
    """One small environment of team imaging's project atlas."""
    with server_of_ours(install) as name:
        server = alice.launch(name, team="imaging", project="atlas", image="python3", size="general/small")
        yield Launched(alice, server, install.environment_pod(alice.name, name))


@pytest.fixture(scope="module")
def kernel(launched: Launched) -> Iterator[Kernel]:
    """A kernel in that environment."""
    with Kernel(launched.person, launched.server) as kernel:
        yield kernel


def test_progress_goes_up_and_ends_ready(launched: Launched):
    """The progress stream only goes forward, says something at each step, and ends with the server's address."""
    events = launched.server.events
    steps = [event["progress"] for event in events]
    assert steps == sorted(steps)
    assert steps[-1] == 100
    assert all(event.get("message") or event.get("html_message") for event in events)
    assert events[-1]["url"].endswith(f"/user/{launched.person.name}/{launched.server.name}/")


def test_cell_runs(kernel: Kernel):
    """A cell that is sent over the kernel's websocket prints its answer back."""
    assert kernel.run("print(6*7)") == "42\n"


@pytest.mark.claim("node-size-and-team")
def test_labels(launched: Launched):
    """The pod says whose it is and what it is, for selecting and for the bill."""
    labels = launched.pod["metadata"]["labels"]
    assert LABELS.items() <= labels.items()
    assert launched.server.name in labels["swish.io/environment"]
    assert launched.pod["metadata"]["annotations"]["swish.io/user"] == launched.person.name
    assert launched.pod["metadata"]["annotations"]["swish.io/server"] == launched.server.name


@pytest.mark.claim("node-size-and-team", "guaranteed")
def test_size_and_quality_of_service(launched: Launched):
    """The pod gets the size that was chosen, as request and as limit, and Kubernetes calls it Guaranteed."""
    small = {"cpu": "500m", "memory": str(1024**3)}
    resources = launched.container["resources"]
    for kind in ("requests", "limits"):
        assert resources[kind]["cpu"] == small["cpu"]
        assert resources[kind]["memory"] in {small["memory"], "1Gi"}
    assert launched.pod["status"]["qosClass"] == "Guaranteed"


def test_the_token_is_not_in_the_pod(launched: Launched, install: Install):
    """Whoever may look at pods alone cannot speak for the person; the Secret that has it goes with the pod."""
    tokens = [variable for variable in launched.container["env"] if variable["name"].endswith("_API_TOKEN")]
    assert tokens
    assert not [variable for variable in tokens if "value" in variable]
    name = tokens[0]["valueFrom"]["secretKeyRef"]["name"]
    secret = install.get("secret", name)
    assert secret["metadata"]["ownerReferences"][0]["uid"] == launched.pod["metadata"]["uid"]


@pytest.mark.claim("restricted")
def test_pod_is_restricted(launched: Launched):
    """Each container of the pod drops all capabilities, cannot gain any, is not root and is under seccomp."""
    spec = launched.pod["spec"]
    shared = spec.get("securityContext", {})
    containers = [*spec["containers"], *spec.get("initContainers", [])]
    for container in containers:
        own = {**shared, **container.get("securityContext", {})}
        assert own["runAsNonRoot"] is True
        assert own["allowPrivilegeEscalation"] is False
        assert own["capabilities"] == {"drop": ["ALL"]}
        assert own["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False


def test_namespace_enforces_restriction(install: Install):
    """Kubernetes itself refuses pods here that do not meet the restricted standard."""
    namespace = install.get("namespace", install.namespace)
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_privileged_pod_is_refused(install: Install):
    """A privileged pod in the environments' namespace is refused when it is made."""
    overrides = '{"spec":{"containers":[{"name":"x","image":"x","securityContext":{"privileged":true}}]}}'
    with pytest.raises(AssertionError, match="violates PodSecurity"):
        install.kubectl("run", "e2e-privileged", "--image=x", f"--overrides={overrides}", "--dry-run=server")


@pytest.mark.claim("restricted")
def test_inside_the_environment(kernel: Kernel):
    """Code in a cell is uid 1000, holds no capability, and finds no token of the cluster."""
    assert kernel.run("import os; print(os.getuid(), os.getgid())") == "1000 100\n"
    assert kernel.run("print(*(l.split()[1] for l in open('/proc/self/status') if l.startswith('CapEff')))") == (
        "0000000000000000\n"
    )
    assert kernel.run("print(os.path.exists('/var/run/secrets/kubernetes.io'))") == "False\n"


def test_environment_sees_no_secret_of_the_hub(kernel: Kernel, secrets: Secrets):  # noqa: F811 - it is the fixture
    """The variables and command lines that a person sees in an environment hold none of the hub's secrets."""
    shown = kernel.run(
        "import glob, os\n"
        "print(dict(os.environ))\n"
        "for path in glob.glob('/proc/[0-9]*/cmdline'):\n"
        "    print(open(path).read())"
    )
    assert "JUPYTERHUB_USER" in shown
    told = secrets.told_by(shown)
    assert told == []


@pytest.mark.claim("home-outlives", "files-after-a-stop")
def test_file_survives_a_stop(install: Install, launched: Launched):
    """A file that was saved before an environment stopped is there when it has started again, in a new pod."""
    # the last of this module: what the others look at is gone then
    person, name = launched.person, launched.server.name
    person.write_file(launched.server, "kept.txt", "still here\n")
    person.stop(name)
    second = person.launch(name)
    assert install.environment_pod(person.name, name)["metadata"]["uid"] != launched.pod["metadata"]["uid"]
    assert person.read_file(second, "kept.txt") == "still here\n"
    with Kernel(person, second) as kernel:
        assert kernel.run("print(open('kept.txt').read(), end='')") == "still here\n"
