"""Machines that cannot carry the local cluster are told so, in a sentence that says what to do."""

import dataclasses
from typing import Any

import pytest
import yaml

from local.preflight import GIB, NETWORKS, MachineFacts, overlapping, problems
from local.settings import ETC

GOOD = MachineFacts(
    system="Linux",
    uid=0,
    distributions=("debian",),
    has_apt=True,
    has_go=True,
    tools_cached=False,
    cache_free_bytes=60 * GIB,
    state_free_bytes=60 * GIB,
    memory_bytes=8 * GIB,
    booted=False,
    foreign=None,
    taken_ports=(),
    taken_networks=(),
)
BAD = [
    ("another system", {"system": "Darwin"}, ["Linux", "CONTEXT"]),
    ("another distribution", {"distributions": ("fedora",)}, ["fedora", "kind", "minikube", "CONTEXT"]),
    ("Debian without apt", {"has_apt": False}, ["Debian", "CONTEXT"]),
    ("not root", {"uid": 1000}, ["root", "CONTEXT"]),
    ("no Go and nothing built", {"has_go": False}, ["go", "install"]),
    ("little disk", {"cache_free_bytes": 5 * GIB}, ["5.0 GiB", "14", "SWISH_CACHE"]),
    ("little disk for the state", {"state_free_bytes": GIB}, ["/var/lib"]),
    ("little memory", {"memory_bytes": 2 * GIB}, ["2.0 GiB", "memory"]),
    ("our port taken", {"taken_ports": (8000,)}, ["8000", "PORT="]),
    ("Kubernetes' port taken", {"taken_ports": (6443,)}, ["6443", "stop"]),
    ("another Kubernetes", {"foreign": "/etc/kubernetes/admin.conf"}, ["/etc/kubernetes/admin.conf"]),
    ("our network taken", {"taken_networks": ("10.231.0.0/16",)}, ["10.231.0.0/16"]),
]
FINE = [
    ("a good machine", {}),
    ("a relative of Debian", {"distributions": ("linuxmint", "ubuntu", "debian")}),
    ("no Go, but everything built", {"has_go": False, "tools_cached": True}),
    ("little disk, but everything built", {"cache_free_bytes": 5 * GIB, "tools_cached": True}),
    ("little disk, but the cluster is there", {"state_free_bytes": GIB, "booted": True}),
]


@pytest.mark.claim("make-up-needs")
@pytest.mark.parametrize(("why", "change", "words"), BAD, ids=[row[0] for row in BAD])
def test_refused(why, change, words):
    """Each obstacle alone gives exactly one sentence, with the words a person needs."""
    (sentence,) = problems(dataclasses.replace(GOOD, **change), 8000)
    assert [word for word in words if word not in sentence] == []
    assert "\n" not in sentence


@pytest.mark.claim("make-up-needs")
@pytest.mark.parametrize(("why", "change"), FINE, ids=[row[0] for row in FINE])
def test_accepted(why, change):
    """What is unusual but works is not refused."""
    assert problems(dataclasses.replace(GOOD, **change), 8000) == []


def test_all_at_once():
    """Several obstacles are all told, not one after the other."""
    change: dict[str, Any] = {"has_go": False, "memory_bytes": GIB, "taken_ports": (8000, 6443)}
    assert len(problems(dataclasses.replace(GOOD, **change), 8000)) == 4


def test_overlapping():
    """A route inside, around or equal to our network counts; a neighbour and the default route do not."""
    assert overlapping(("10.231.0.0/16",), ("default", "10.230.0.0/16", "192.0.2.0/24")) == ()
    for route in ("10.231.4.0/24", "10.0.0.0/8", "10.231.0.0/16", "10.231.0.7"):
        assert overlapping(("10.231.0.0/16",), (route,)) == ("10.231.0.0/16",)


def test_networks_are_kubeadms():
    """The networks that are checked are those that kubeadm is told."""
    (cluster,) = [
        document
        for document in yaml.safe_load_all((ETC / "kubeadm.yaml").read_text())
        if document["kind"] == "ClusterConfiguration"
    ]
    assert (cluster["networking"]["podSubnet"], cluster["networking"]["serviceSubnet"]) == NETWORKS
