"""Which cluster: the one of CONTEXT, this machine's own, or a kind cluster. And the commands each of them takes."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from local.errors import LocalError
from local.paths import State
from local.settings import LOCAL_CONTEXT, NAMESPACE, LocalSettings

KIND_CLUSTER = "swish"
Kind = Literal["local", "kind", "minikube", "other"]
_WAYS = (
    "There are three ways: the local cluster (Linux, as root, Debian or a relative of it), a kind cluster (install "
    "docker and kind), or any cluster of yours (make up CONTEXT=<its kubectl context>)."
)


@dataclass(frozen=True)
class Target:
    """The cluster to work on.

    Args:
        kind: How images get into it: `local` by containerd, the others by their own commands or a registry.
        context: Its kubectl context.
        kubeconfig: The file that has the context; None for kubectl's own choice.
        ours: Whether `up` makes the cluster itself and `down` ends it.
    """

    kind: Kind
    context: str
    kubeconfig: Path | None = None
    ours: bool = False


@dataclass(frozen=True)
class Surroundings:
    """What the choice depends on.

    Args:
        system: Kernel name.
        root: Whether we are root.
        commands: Which of docker and kind work here.
        contexts: kubectl's contexts, by KUBECONFIG or ~/.kube/config.
        local_kubeconfig: The local cluster's kubeconfig if it is up.
        minikube_profiles: minikube's clusters; their contexts have the same names.
    """

    system: str
    root: bool
    commands: frozenset[str]
    contexts: tuple[str, ...]
    local_kubeconfig: Path | None
    minikube_profiles: tuple[str, ...] = ()


def choose(context: str | None, around: Surroundings) -> Target:
    """Choose the cluster.

    Args:
        context: What the person asked for; None leaves the choice to us.
        around: What there is.

    Returns:
        The target.

    Raises:
        LocalError: There is no such context, or none was asked for and no way works here; the text says the ways.
    """
    if context:
        return _asked(context, around)
    if around.system == "Linux" and around.root:
        return Target("local", LOCAL_CONTEXT, State().kubeconfig, ours=True)
    if {"docker", "kind"} <= around.commands:
        return Target("kind", f"kind-{KIND_CLUSTER}", ours=True)
    raise LocalError(f"Swish finds no place to run here. {_WAYS}")


def _asked(context: str, around: Surroundings) -> Target:
    if context == LOCAL_CONTEXT and around.local_kubeconfig:
        return Target("local", context, around.local_kubeconfig)
    if context not in around.contexts:
        local = (LOCAL_CONTEXT,) if around.local_kubeconfig else ()
        known = ", ".join([*around.contexts, *local]) or "none"
        raise LocalError(
            f"CONTEXT={context} is no kubectl context; there are: {known}. See kubectl config get-contexts."
        )
    if context.startswith("kind-"):
        return Target("kind", context)
    return Target("minikube" if context in around.minikube_profiles else "other", context)


def look_around(settings: LocalSettings) -> Surroundings:
    """Find out what the choice depends on; changes nothing."""
    local = State().kubeconfig
    asked = bool(settings.context)
    profiles = _lines(["minikube", "profile", "list", "--output=json", "--light"]) if asked else ()
    return Surroundings(
        system=platform.system(),
        root=_is_root(),
        commands=frozenset(name for name, argv in _PROBES.items() if not asked and _works(argv)),
        contexts=_lines(["kubectl", "config", "get-contexts", "--output=name"]) if asked else (),
        local_kubeconfig=local if _readable(local) else None,
        minikube_profiles=tuple(name for name in [settings.context or ""] if any(f'"{name}"' in p for p in profiles)),
    )


_PROBES = {"docker": ["docker", "info"], "kind": ["kind", "version"]}


def _is_root() -> bool:
    return os.geteuid() == 0


def _readable(path: Path) -> bool:
    try:
        return path.is_file()
    except PermissionError:
        return False


def _works(argv: list[str]) -> bool:
    return bool(shutil.which(argv[0])) and not subprocess.run(argv, capture_output=True, check=False).returncode


def _lines(argv: list[str]) -> tuple[str, ...]:
    if not shutil.which(argv[0]):
        return ()
    return tuple(subprocess.run(argv, capture_output=True, text=True, check=False).stdout.split())


def create_kind_argv() -> list[str]:
    """Give the command that makes the kind cluster."""
    return ["kind", "create", "cluster", "--name", KIND_CLUSTER, "--wait", "180s"]


def delete_kind_argv() -> list[str]:
    """Give the command that ends the kind cluster."""
    return ["kind", "delete", "cluster", "--name", KIND_CLUSTER]


def build_argv(builder: str, reference: str, dockerfile: str) -> list[str]:
    """Give the command that builds an image in the checkout.

    Args:
        builder: docker, podman or buildah.
        reference: The image's name.
        dockerfile: Its Dockerfile, from the checkout's root.
    """
    return [builder, "build", "--file", dockerfile, "--tag", reference, "."]


def load_argvs(target: Target, builder: str, reference: str, registry: str | None, archive: str) -> list[list[str]]:
    """Give the commands that bring a built image into a cluster.

    Args:
        target: The cluster.
        builder: What built it.
        reference: The image's name.
        registry: REGISTRY, if set: then it is pushed there, whatever the cluster.
        archive: A file to use on the way.

    Returns:
        The commands, in order.

    Raises:
        LocalError: The cluster cannot be loaded and no registry is set.
    """
    if registry:
        return [[builder, "push", reference]]
    if target.kind == "kind":
        cluster = target.context.removeprefix("kind-")
        if builder == "docker":
            return [["kind", "load", "docker-image", reference, "--name", cluster]]
        return [_save(builder, reference, archive), ["kind", "load", "image-archive", archive, "--name", cluster]]
    if target.kind == "minikube":
        profile = ["--profile", target.context]
        if builder == "docker":
            return [["minikube", "image", "load", reference, *profile]]
        return [_save(builder, reference, archive), ["minikube", "image", "load", archive, *profile]]
    raise LocalError(
        f"Images cannot be loaded into the cluster of context {target.context}: give a registry that it pulls from "
        "with REGISTRY=<host/path>."
    )


def _save(builder: str, reference: str, archive: str) -> list[str]:
    if builder == "buildah":
        return ["buildah", "push", reference, f"docker-archive:{archive}:{reference}"]
    return [builder, "save", "--format", "docker-archive", "--output", archive, reference]


@dataclass(frozen=True)
class Kube:
    """Commands for one cluster.

    Args:
        target: The cluster.
        kubectl: The kubectl to use.
        helm: The helm to use.
    """

    target: Target
    kubectl_path: str
    helm_path: str

    def kubectl(self, *words: str) -> list[str]:
        """Give a kubectl command in Swish's namespace."""
        file = [f"--kubeconfig={self.target.kubeconfig}"] if self.target.kubeconfig else []
        return [self.kubectl_path, *file, f"--context={self.target.context}", f"--namespace={NAMESPACE}", *words]

    def helm(self, *words: str) -> list[str]:
        """Give a helm command in Swish's namespace."""
        file = [f"--kubeconfig={self.target.kubeconfig}"] if self.target.kubeconfig else []
        return [self.helm_path, *words, *file, f"--kube-context={self.target.context}", f"--namespace={NAMESPACE}"]

    def port_forward(self, port: int) -> list[str]:
        """Give the command that makes the proxy reachable on this machine and nowhere else."""
        return self.kubectl("port-forward", "--address=127.0.0.1", "service/proxy-public", f"{port}:80")


def forward_argv(port: int, cluster_ip: str) -> list[str]:
    """Give the command that forwards a loopback port to a Service that this machine reaches directly."""
    # nodelay: a key pressed in a terminal must not wait for more. -t: an answer may outlive the end of its question.
    listen = f"TCP-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr,backlog=256,nodelay"
    return ["socat", "-t", "60", listen, f"TCP:{cluster_ip}:80,nodelay"]


def find_builder(commands: tuple[str, ...] = ("docker", "podman", "buildah")) -> str:
    """Find what can build images here: docker before podman before buildah.

    Raises:
        LocalError: None of them works.
    """
    for name in commands:
        if _works([name, "info"]):
            return name
    raise LocalError("Nothing here builds images: install docker, podman or buildah.")
