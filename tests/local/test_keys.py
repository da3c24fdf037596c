"""Secrets that outlive the cluster."""

import json
from pathlib import Path
from typing import Any

import pytest

from local import keys
from local.contexts import Kube, Target
from local.errors import LocalError
from local.shell import Shell

KUBE = Kube(Target("other", "prod"), "kubectl", "helm")


def secret(name, namespace="swish", kept=True, **data: str):
    """A Secret of the release as the API server gives it."""
    annotations = {"helm.sh/resource-policy": "keep"} if kept else {}
    return {
        "apiVersion": "v1", "kind": "Secret", "type": "Opaque", "data": data,
        "metadata": {"name": name, "namespace": namespace, "labels": {"app.kubernetes.io/managed-by": "Helm"},
                     "annotations": {"meta.helm.sh/release-name": "swish", **annotations},
                     "uid": "1", "resourceVersion": "2"},
    }  # fmt: skip


def namespace(name):
    """A namespace as the API server gives it."""
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": name, "uid": "3"},
        "spec": {"finalizers": ["x"]},
    }


class Cluster(Shell):
    """kubectl of a cluster that has these objects."""

    def __init__(self, *objects: dict[str, Any]) -> None:
        super().__init__(Path("/dev/null"))
        self.objects = list(objects)
        self.ran: list[str] = []

    def read(self, argv):
        """Answer `get`; the release's selector selects Secrets alone."""
        line = " ".join(argv)
        self.ran.append(line)
        kinds = {"secrets": ("Secret",), "namespaces": ("Namespace",), "secrets,namespaces": ("Secret", "Namespace")}
        for words, wanted in kinds.items():
            if f"get {words} " in line:
                return json.dumps({"items": [found for found in self.objects if found["kind"] in wanted]})
        if "get secret/hub" in line and any(found["metadata"]["name"] == "hub" for found in self.objects):
            return ""
        raise LocalError(f"{line} failed")

    def run(self, argv, *, stdin="", **_settings: object):
        """Carry out `create` of what is on standard input; answer all else."""
        if "create" not in argv:
            return self.read(argv)
        self.ran.append(" ".join(argv))
        self.objects += json.loads(stdin)["items"]
        return ""


class Silent(Shell):
    """kubectl of a cluster that does not answer."""

    def read(self, argv):
        """Fail, as kubectl does then."""
        raise LocalError(argv[0])


@pytest.fixture
def path(tmp_path):
    """Where they are kept."""
    return tmp_path / "sub" / "hub.json"


TEAM = (secret("hub", a="Yg=="), secret("ssh-keys-0", "swish-imaging", me="Yw=="), namespace("swish-imaging"))


def test_a_new_cluster_gets_what_the_last_one_had(path):
    """Databases' keys and people's own, in whatever namespace, which is made first."""
    new = Cluster(namespace("swish"))
    assert keys.keep(KUBE, Cluster(*TEAM, namespace("swish"), namespace("default")), path)
    keys.restore(KUBE, new, path)
    made = [(found["kind"], found["metadata"]["name"], found.get("data")) for found in new.objects[1:]]
    assert made == [
        ("Namespace", "swish-imaging", None),
        ("Secret", "ssh-keys-0", {"me": "Yw=="}),
        ("Secret", "hub", {"a": "Yg=="}),
    ]


def test_a_cluster_with_keys_of_its_own_keeps_them(path):
    """Nothing is made over what is there."""
    keys.keep(KUBE, Cluster(*TEAM), path)
    other = Cluster(secret("hub", a="other"))
    keys.restore(KUBE, other, path)
    assert other.objects == [secret("hub", a="other")]


def test_an_interrupted_restore_goes_on(path):
    """The Secret by which a cluster is known to have all is made last, and what is there already is left."""
    keys.keep(KUBE, Cluster(*TEAM), path)
    half = Cluster(namespace("swish-imaging"), secret("ssh-keys-0", "swish-imaging", me="newer"))
    keys.restore(KUBE, half, path)
    assert [found["metadata"]["name"] for found in half.objects] == ["swish-imaging", "ssh-keys-0", "hub"]
    assert half.objects[1]["data"] == {"me": "newer"}


def test_what_an_uninstall_deletes_is_not_kept(path):
    """Helm's own records and an environment's host key are of one cluster."""
    assert keys.keep(KUBE, Cluster(secret("hub"), secret("ssh-1a2b", kept=False)), path)
    assert [kept["metadata"]["name"] for kept in json.loads(path.read_text())["items"]] == ["hub"]


def test_nothing_to_keep_leaves_the_file_alone(path):
    """A cluster in which nothing is installed yet says nothing of people's keys."""
    keys.keep(KUBE, Cluster(*TEAM), path)
    before = path.read_text()
    assert not keys.keep(KUBE, Cluster(), path)
    assert path.read_text() == before


def test_a_cluster_that_does_not_answer_leaves_the_file_alone(path):
    """What was kept at the last `up` is better than nothing."""
    keys.keep(KUBE, Cluster(*TEAM), path)
    before = path.read_text()
    with pytest.raises(LocalError):
        keys.keep(KUBE, Silent(Path("/dev/null")), path)
    assert path.read_text() == before


def test_a_single_secret_is_restored_too(path):
    """As `up` wrote it when there was but one."""
    path.parent.mkdir()
    path.write_text(json.dumps(keys.portable(secret("hub", a="Yg=="))))
    new = Cluster()
    keys.restore(KUBE, new, path)
    assert [found["data"] for found in new.objects] == [{"a": "Yg=="}]


def test_the_file_is_private(path):
    """It can be read by its owner only, and no secret is on a command line."""
    cluster = Cluster(secret("hub", a="c2VjcmV0"))
    keys.keep(KUBE, cluster, path)
    keys.restore(KUBE, new := Cluster(), path)
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0
    assert "c2VjcmV0" not in "\n".join([*cluster.ran, *new.ran])


def test_portable_fits_another_cluster():
    """What is kept of a Secret has its data and Helm's marks, and nothing of its old cluster."""
    given = secret("hub", a="Yg==")
    kept = keys.portable(given)
    assert kept["data"] == {"a": "Yg=="}
    assert set(kept["metadata"]) == {"name", "namespace", "labels", "annotations"}
    assert "uid" in given["metadata"]
