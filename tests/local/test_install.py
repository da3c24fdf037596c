"""Installing the chart, what is remembered of it, and what `status` and `up` say."""

import base64
import json
from pathlib import Path

import pytest
import yaml
from rich.console import Console

from local.contexts import Kube, Target
from local.errors import LocalError
from local.install import Installation, external_host, installed_key, upgrade_argv
from local.progress import Progress
from local.settings import ETC, LocalSettings
from local.shell import Shell
from local.status import down, look
from tests.local.clusters import Resource, SeededApi

KUBE = Kube(Target("other", "prod"), "kubectl", "helm")


def kube_of(cluster: SeededApi) -> Kube:
    """Commands for a cluster."""
    return Kube(cluster.target, "kubectl", "helm")


class FakeShell(Shell):
    """Answers commands from a table: the first entry whose words are all in the command."""

    def __init__(self, answers: dict[str, str]) -> None:
        super().__init__(Path("/dev/null"))
        self.answers = answers
        self.ran: list[str] = []

    def read(self, argv: list[str]) -> str:
        """Answer, or fail as a command would."""
        line = " ".join(argv)
        self.ran.append(line)
        for words, answer in self.answers.items():
            if all(word in line for word in words.split()):
                return answer
        raise LocalError(f"{line} failed")

    def run(self, argv: list[str], **_settings: object) -> str:
        """Answer, or fail as a command would."""
        return self.read(argv)


def test_upgrade_waits_and_lets_the_persons_values_win():
    """Helm waits until everything runs; values of the person come last, so that they win."""
    argv = upgrade_argv(KUBE, Path("/s/values.yaml"), (Path("/a.yaml"), Path("/b.yaml")))
    line = " ".join(argv)
    assert line.startswith("helm upgrade --install swish ")
    assert "--values /s/values.yaml --values /a.yaml --values /b.yaml" in line
    assert {"--wait", "--create-namespace", "--namespace=swish", "--kube-context=prod"} <= set(argv)


@pytest.fixture
def repo(tmp_path):
    """A checkout with a chart, a policy and the namespace."""
    for name in ("chart/values.yaml", "hub_config/policy.yaml", "local/etc/namespace.yaml"):
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.write_text("a: 1\n")
    return tmp_path


@pytest.mark.parametrize("name", ["chart/values.yaml", "hub_config/policy.yaml", "local/etc/namespace.yaml"])
def test_changed_file_means_installing_again(repo, name):
    """A change of chart, hub configuration, policy or namespace is installed; no change is not."""
    before = installed_key({"hub": "x:1"}, (), repo)
    assert installed_key({"hub": "x:1"}, (), repo) == before
    (repo / name).write_text("a: 2\n")
    assert installed_key({"hub": "x:1"}, (), repo) != before


def test_changed_image_or_values_mean_installing_again(repo, tmp_path):
    """A new image and changed values of the person are installed."""
    values = tmp_path / "mine.yaml"
    values.write_text("b: 1\n")
    before = installed_key({"hub": "x:1"}, (values,), repo)
    assert installed_key({"hub": "x:2"}, (values,), repo) != before
    values.write_text("b: 2\n")
    assert installed_key({"hub": "x:1"}, (values,), repo) != before


def test_namespace_is_restricted():
    """The API server refuses pods that could harm the machine."""
    document = yaml.safe_load((ETC / "namespace.yaml").read_text())
    assert document["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


HOSTS = [
    ("none yet", {"status": {"loadBalancer": {}}}, None),
    ("a name", {"status": {"loadBalancer": {"ingress": [{"hostname": "lb.example.org"}]}}}, "lb.example.org"),
    ("an address", {"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.7"}]}}}, "192.0.2.7"),
]


@pytest.mark.parametrize(("why", "service", "host"), HOSTS, ids=[row[0] for row in HOSTS])
def test_external_host(why, service, host):
    """A load balancer's address is used when it has one."""
    assert external_host(service) == host


def test_interrupted_helm_is_forgotten(tmp_path):
    """Only the release that a killed helm left pending is let go."""
    pending = json.dumps([{"name": "swish", "revision": "3", "status": "pending-upgrade"}])
    shell = FakeShell({"list --pending": pending, "delete secret": ""})
    Installation(KUBE, shell, tmp_path)._forget_interrupted()
    assert shell.ran[-1].endswith("delete secret sh.helm.release.v1.swish.v3")


def secret_and_config(**shared: list[str]) -> list[Resource]:
    """What a cluster with Swish in it has of the hub."""
    names = ("user-password", "admin-password", "admin-token")
    data = {name: base64.b64encode(f"the-{name}".encode()).decode() for name in names}
    config = yaml.safe_dump({"hubConfig": {"SharedPasswordAuthenticator": shared} if shared else {}})
    return [thing("Secret", "hub", data=data), thing("ConfigMap", "hub", data={"config.yaml": config})]


def thing(kind: str, name: str, labels: dict[str, str] | None = None, **rest: object) -> Resource:
    """An object in Swish's namespace."""
    return {"kind": kind, "metadata": {"name": name, "namespace": "swish", "labels": labels or {}}, **rest}


@pytest.mark.claim("status-and-down")
def test_status_names_people_and_passwords(clusters, tmp_path):
    """With the shared password, status tells who may log in; an address that does not answer is not up."""
    kube = kube_of(clusters(*secret_and_config(allowed_users=["alice", "bob"], admin_users=["admin"])))
    installation = Installation(kube, FakeShell({}), tmp_path)
    installation.remember(url="http://localhost:1/")
    found = json.loads(look(kube.target, installation).to_json())
    assert (found["username"], found["password"]) == ("alice", "the-user-password")
    assert (found["admin_username"], found["admin_password"]) == ("admin", "the-admin-password")
    assert (found["admin_token"], found["hub_url"]) == ("the-admin-token", "http://localhost:1/")
    assert found["state"] == "degraded"
    assert "does not answer" in found["problems"][0]


def test_status_without_shared_password(clusters, tmp_path):
    """With another log-in nobody's password is told."""
    kube = kube_of(clusters(*secret_and_config()))
    found = look(kube.target, Installation(kube, FakeShell({}), tmp_path))
    assert (found.username, found.password) == (None, None)
    assert found.admin_token == "the-admin-token"


@pytest.mark.claim("status-and-down")
def test_status_of_nothing():
    """Where nothing runs, status says so with every key there."""
    found = json.loads(down(Target("local", "swish-local", Path("/k"))).to_json())
    wanted = "state kubeconfig context namespace hub_url username password admin_token"
    assert set(wanted.split()) <= set(found)
    assert (found["state"], found["kubeconfig"], found["namespace"]) == ("down", "/k", "swish")


def test_status_of_an_unreachable_cluster(away, tmp_path):
    """A cluster that does not answer is degraded, with a sentence and without a traceback."""
    found = look(away, Installation(Kube(away, "kubectl", "helm"), FakeShell({}), tmp_path))
    assert found.state == "degraded"
    assert found.problems[-1] == (
        "The cluster did not tell who may log in: The connection to the server 127.0.0.1:1 was refused - "
        "did you specify the right host or port?"
    )


def test_status_of_a_cluster_without_swish(clusters, tmp_path):
    """What the API server says is told as it is."""
    kube = kube_of(clusters())
    found = look(kube.target, Installation(kube, FakeShell({}), tmp_path))
    assert found.problems == [
        "Swish is not installed there: make up",
        'The cluster did not tell who may log in: Error from server (NotFound): secrets "hub" not found',
    ]


def test_welcome_says_how_to_stop():
    """The last words are the address, a user, the password and how to stop."""
    from local.__main__ import welcome

    found = down(Target("other", "prod"))
    found.hub_url, found.username, found.password = "http://localhost:8000/", "alice", "secret"
    text = welcome(found, LocalSettings(Path("/c"), Path("/h"), context="prod"))
    assert all(word in text for word in ("http://localhost:8000/", "alice", "secret", "make down CONTEXT=prod"))


def test_progress_without_a_terminal(tmp_path):
    """Without a terminal each step is a line with its time; a failed one is marked; the record holds both."""
    with (tmp_path / "out").open("w") as stream:
        progress = Progress("up", Console(file=stream, soft_wrap=True))
        with progress.step("one") as step:
            step.did = "cached"
        with pytest.raises(LocalError), progress.step("two"):
            raise LocalError("no")
    lines = (tmp_path / "out").read_text().splitlines()
    assert lines[0].startswith("✓ one 0.0 s")
    assert lines[1].startswith("✗ two")
    record = json.loads(progress.record(tmp_path / "timings").read_text())
    assert [(step["name"], step["did"]) for step in record["steps"]] == [("one", "cached"), ("two", "")]


def test_interrupted_installation_is_not_taken_for_done(clusters, tmp_path):
    """Until Helm has ended well, nothing counts as installed, not even what was before."""
    shell = FakeShell({"apply": "", "list --pending": "[]"})
    installation = Installation(kube_of(clusters(*INSTALLED)), shell, tmp_path)
    installation.remember(key=installed_key({}, ()))
    values = tmp_path / "mine.yaml"
    values.write_text("b: 1\n")
    with pytest.raises(LocalError, match="upgrade"):
        installation.install([], (values,))
    assert installation.remembered()["key"] is None


def release(revision: int) -> Resource:
    """Helm's record of a revision."""
    marks = {"owner": "helm", "name": "swish", "status": "deployed"}
    return thing("Secret", f"sh.helm.release.v1.swish.v{revision}", marks)


INSTALLED = (release(1), *(thing("Deployment", name) for name in ("hub", "proxy", "web")))


@pytest.fixture
def cluster(clusters):
    """A cluster that has what Helm makes."""
    return clusters(*INSTALLED)


@pytest.fixture
def installation(cluster, tmp_path):
    """An installation that was made there."""
    made = Installation(
        kube_of(cluster), FakeShell({"apply": "", "list --pending": "[]", "upgrade": ""}), tmp_path / "place"
    )
    assert made.install([], ())
    return made


def test_what_is_installed_is_left_alone(installation):
    """Nothing of this checkout has changed, and the cluster has it all."""
    assert not installation.install([], ())


def test_a_release_that_somebody_else_upgraded_is_installed_again(cluster, installation):
    """What was installed last is not in the cluster then, though nothing of this checkout has changed."""
    cluster.objects["secrets"] = {"swish/v2": release(2)}
    assert installation.install([], ())


def test_what_somebody_deleted_is_installed_again(cluster, installation):
    """Helm knows nothing of it: its revision is the same."""
    del cluster.objects["deployments"]["swish/hub"]
    assert installation.install([], ())


def test_the_load_balancers_address_is_the_hubs(clusters, tmp_path):
    """With the path that the values say; no forwarder is needed."""
    status = {"loadBalancer": {"ingress": [{"hostname": "lb.example.org"}]}}
    config = yaml.safe_dump({"urls": {"base": "/swish/"}})
    objects = [
        thing("Service", "proxy-public", status=status),
        thing("ConfigMap", "hub", data={"config.yaml": config}),
    ]
    installation = Installation(kube_of(clusters(*objects)), FakeShell({}), tmp_path)
    assert installation.forward(8000, direct=False) == "http://lb.example.org/swish/"
