"""Secrets that outlive the cluster."""

import json

import pytest

from local import keys
from local.errors import LocalError


def secret(name, namespace="swish", kept=True, **data: str):
    """A Secret of the release as the API server gives it."""
    annotations = {"helm.sh/resource-policy": "keep"} if kept else {}
    return {
        "apiVersion": "v1", "kind": "Secret", "type": "Opaque", "data": data,
        "metadata": {"name": name, "namespace": namespace, "labels": {"app.kubernetes.io/name": "swish"},
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


@pytest.fixture
def path(tmp_path):
    """Where they are kept."""
    return tmp_path / "sub" / "hub.json"


HOME, IMAGING = namespace("swish"), namespace("swish-imaging")
TEAM = (HOME, secret("hub", a="Yg=="), secret("ssh-keys-0", "swish-imaging", me="Yw=="), IMAGING)


@pytest.fixture
def kept(clusters, path):
    """Where those of a cluster with a team in a namespace of its own were written down."""
    assert keys.keep(clusters(*TEAM, namespace("default")).target, path)
    return path


def data(cluster):
    """What a cluster's Secrets hold, by namespace and name."""
    return {name: found.get("data") for name, found in cluster.objects["secrets"].items()}


def test_a_new_cluster_gets_what_the_last_one_had(clusters, kept):
    """Databases' keys and people's own, in whatever namespace, which is made first."""
    new = clusters(HOME)
    keys.restore(new.target, kept)
    assert data(new) == {"swish/hub": {"a": "Yg=="}, "swish-imaging/ssh-keys-0": {"me": "Yw=="}}
    assert set(new.objects["namespaces"]) == {"/swish", "/swish-imaging"}


def test_a_cluster_with_keys_of_its_own_keeps_them(clusters, kept):
    """Nothing is made over what is there."""
    other = clusters(HOME, secret("hub", a="other"))
    keys.restore(other.target, kept)
    assert data(other) == {"swish/hub": {"a": "other"}}


def test_what_an_interrupted_restore_made_is_left(clusters, kept):
    """Somebody may have changed it since."""
    half = clusters(HOME, IMAGING, secret("ssh-keys-0", "swish-imaging", me="newer"))
    keys.restore(half.target, kept)
    assert data(half) == {"swish/hub": {"a": "Yg=="}, "swish-imaging/ssh-keys-0": {"me": "newer"}}


def test_an_interrupted_restore_goes_on(clusters, kept):
    """The Secret by which a cluster is known to have all is made last."""
    new = clusters(HOME)
    new.failures["POST secrets"] = [(500, "etcd is away")]
    with pytest.raises(LocalError, match="etcd is away"):
        keys.restore(new.target, kept)
    assert data(new) == {}
    keys.restore(new.target, kept)
    assert list(data(new)) == ["swish-imaging/ssh-keys-0", "swish/hub"]


def test_what_an_uninstall_deletes_is_not_kept(clusters, path):
    """Helm's own records and an environment's host key are of one cluster."""
    assert keys.keep(clusters(secret("hub"), secret("ssh-1a2b", kept=False)).target, path)
    assert [kept["metadata"]["name"] for kept in json.loads(path.read_text())["items"]] == ["hub"]


def test_nothing_to_keep_leaves_the_file_alone(clusters, kept):
    """A cluster in which nothing is installed yet says nothing of people's keys."""
    before = kept.read_text()
    assert not keys.keep(clusters().target, kept)
    assert kept.read_text() == before


def test_a_cluster_that_does_not_answer_leaves_the_file_alone(away, kept):
    """What was kept at the last `up` is better than nothing."""
    before = kept.read_text()
    with pytest.raises(LocalError):
        keys.keep(away, kept)
    assert kept.read_text() == before


def test_a_single_secret_is_restored_too(clusters, path):
    """As `up` wrote it when there was but one."""
    path.parent.mkdir()
    path.write_text(json.dumps(keys.portable(secret("hub", a="Yg=="))))
    new = clusters(HOME)
    keys.restore(new.target, path)
    assert data(new) == {"swish/hub": {"a": "Yg=="}}


def test_the_file_is_private(kept):
    """It can be read by its owner only."""
    assert kept.stat().st_mode & 0o077 == 0
    assert kept.parent.stat().st_mode & 0o077 == 0


def test_portable_fits_another_cluster():
    """What is kept of a Secret has its data and Helm's marks, and nothing of its old cluster."""
    given = secret("hub", a="Yg==")
    kept = keys.portable(given)
    assert kept["data"] == {"a": "Yg=="}
    assert set(kept["metadata"]) == {"name", "namespace", "labels", "annotations"}
    assert "uid" in given["metadata"]
