"""Which cluster is chosen, and what is run for it."""

from pathlib import Path

import pytest

from local.contexts import Kube, Surroundings, Target, build_argv, choose, forward_argv, load_argvs
from local.errors import LocalError

LOCAL = Path("/var/lib/swish-local/kubeconfig")


def around(system="Linux", root=False, commands=(), contexts=(), local=None, profiles=()):
    """Build surroundings from what a case names."""
    return Surroundings(system, root, frozenset(commands), tuple(contexts), local, tuple(profiles))


CHOICES = [
    ("Linux as root", None, around(root=True), Target("local", "swish-local", LOCAL, ours=True)),
    ("root before kind", None, around(root=True, commands=["docker", "kind"]),
     Target("local", "swish-local", LOCAL, ours=True)),
    ("docker and kind", None, around(commands=["docker", "kind"]), Target("kind", "kind-swish", ours=True)),
    ("kind on a Mac", None, around("Darwin", True, ["docker", "kind"]), Target("kind", "kind-swish", ours=True)),
    ("the local one by name", "swish-local", around(root=True, local=LOCAL), Target("local", "swish-local", LOCAL)),
    ("a kind cluster", "kind-dev", around(contexts=["kind-dev"]), Target("kind", "kind-dev")),
    ("minikube", "mini", around(contexts=["mini"], profiles=["mini"]), Target("minikube", "mini")),
    ("any other", "prod", around(contexts=["dev", "prod"]), Target("other", "prod")),
]  # fmt: skip


@pytest.mark.parametrize(("why", "context", "surroundings", "target"), CHOICES, ids=[row[0] for row in CHOICES])
def test_choice(why, context, surroundings, target):
    """CONTEXT decides; without it this machine's own cluster, then kind."""
    assert choose(context, surroundings) == target


NO_PLACE = [
    ("no root, no docker", around()),
    ("docker alone", around(commands=["docker"])),
    ("kind without docker", around(commands=["kind"])),
    ("a Mac", around("Darwin", True)),
]


@pytest.mark.parametrize(("why", "surroundings"), NO_PLACE, ids=[row[0] for row in NO_PLACE])
def test_no_place_names_three_ways(why, surroundings):
    """Where nothing works, the answer names the three ways."""
    with pytest.raises(LocalError) as refused:
        choose(None, surroundings)
    assert all(word in str(refused.value) for word in ("root", "kind", "CONTEXT="))


def test_unknown_context_lists_the_known():
    """A context that is not there is refused with those that are."""
    with pytest.raises(LocalError, match=r"typo.*dev, prod"):
        choose("typo", around(contexts=["dev", "prod"]))


IMAGE = "docker.io/library/swish-hub:0123"
KIND, MINI, OTHER = Target("kind", "kind-dev"), Target("minikube", "mini"), Target("other", "prod")
LOADS = [
    ("docker to kind", KIND, "docker", None, [f"kind load docker-image {IMAGE} --name dev"]),
    ("podman to kind", KIND, "podman", None, [
        f"podman save --format docker-archive --output /t/a.tar {IMAGE}",
        "kind load image-archive /t/a.tar --name dev"]),
    ("buildah to kind", KIND, "buildah", None, [
        f"buildah push {IMAGE} docker-archive:/t/a.tar:{IMAGE}", "kind load image-archive /t/a.tar --name dev"]),
    ("docker to minikube", MINI, "docker", None, [f"minikube image load {IMAGE} --profile mini"]),
    ("podman to minikube", MINI, "podman", None, [
        f"podman save --format docker-archive --output /t/a.tar {IMAGE}",
        "minikube image load /t/a.tar --profile mini"]),
    ("a registry", OTHER, "docker", "r.example.org/x", [f"docker push {IMAGE}"]),
    ("a registry for kind", KIND, "podman", "r.example.org/x", [f"podman push {IMAGE}"]),
]  # fmt: skip


@pytest.mark.parametrize(("why", "target", "builder", "registry", "commands"), LOADS, ids=[row[0] for row in LOADS])
def test_loads(why, target, builder, registry, commands):
    """Each kind of cluster is loaded by its own command, from whatever built the image."""
    assert [" ".join(argv) for argv in load_argvs(target, builder, IMAGE, registry, "/t/a.tar")] == commands


def test_other_cluster_needs_a_registry():
    """A cluster that cannot be loaded asks for REGISTRY."""
    with pytest.raises(LocalError, match="REGISTRY="):
        load_argvs(OTHER, "docker", IMAGE, None, "/t/a.tar")


@pytest.mark.parametrize("builder", ["docker", "podman", "buildah"])
def test_build_takes_the_checkout_as_context(builder):
    """The same Dockerfile is built the same way by each of the three."""
    wanted = f"{builder} build --file images/hub/Dockerfile --tag {IMAGE} ."
    assert " ".join(build_argv(builder, IMAGE, "images/hub/Dockerfile")) == wanted


def test_commands_name_cluster_and_namespace():
    """Every command names file, context and namespace: a person's current context is never used by accident."""
    kube = Kube(Target("local", "swish-local", LOCAL), "/bin/kubectl", "/bin/helm")
    assert kube.kubectl("get", "pods") == [
        *("/bin/kubectl", f"--kubeconfig={LOCAL}", "--context=swish-local", "--namespace=swish", "get", "pods")
    ]
    assert kube.helm("list") == [
        *("/bin/helm", "list", f"--kubeconfig={LOCAL}", "--kube-context=swish-local", "--namespace=swish")
    ]


def test_own_kubeconfig_is_left_to_kubectl():
    """For other clusters KUBECONFIG, which may be a list of files, is kubectl's to read."""
    kube = Kube(OTHER, "kubectl", "helm")
    assert not [word for word in kube.kubectl("get") + kube.helm("list") if word.startswith("--kubeconfig")]


def test_forwarders_listen_on_loopback_only():
    """Neither way of forwarding lets another machine in."""
    (listen,) = [word for word in forward_argv(8000, "10.232.0.9") if word.startswith("TCP-LISTEN:8000,")]
    assert "bind=127.0.0.1" in listen
    assert "--address=127.0.0.1" in Kube(OTHER, "kubectl", "helm").port_forward(8000)
