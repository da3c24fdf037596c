"""Can this machine carry the local cluster? Asked before anything is changed."""

from __future__ import annotations

import ipaddress
import json
import os
import platform
import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

from local.paths import State

GIB = 2**30
NETWORKS = ("10.231.0.0/16", "10.232.0.0/16")
"""Pods and Services, as in etc/kubeadm.yaml; a test compares the two."""

BRIDGE = "cni0"
_PORTS = (2379, 2380, 6443, 10250, 10257, 10259)
_ELSEWHERE = "use kind, minikube or any other cluster: make up CONTEXT=<its kubectl context>."


@dataclass(frozen=True)
class MachineFacts:
    """What the checks look at.

    Args:
        system: Kernel name, such as `Linux`.
        uid: Effective user.
        distributions: ID and ID_LIKE of /etc/os-release.
        has_apt: Whether apt-get and dpkg are there.
        has_go: Whether a `go` command is there.
        tools_cached: Whether every tool is built already.
        cache_free_bytes: Free space where the cache lies.
        state_free_bytes: Free space where the state lies.
        memory_bytes: Memory and nothing else, no swap.
        booted: Whether our cluster was booted on this machine; what it holds is then no foreigner's.
        foreign: What looks like another Kubernetes, such as `/etc/kubernetes`; None when nothing does.
        taken_ports: Ports that we need and another program listens on.
        taken_networks: Our networks that overlap a route of the machine.
    """

    system: str
    uid: int
    distributions: tuple[str, ...]
    has_apt: bool
    has_go: bool
    tools_cached: bool
    cache_free_bytes: int
    state_free_bytes: int
    memory_bytes: int
    booted: bool
    foreign: str | None
    taken_ports: tuple[int, ...]
    taken_networks: tuple[str, ...]


def problems(facts: MachineFacts, port: int) -> list[str]:
    """List what stands in the way, each in one sentence that says what to do.

    Args:
        facts: What the machine is like.
        port: The public address's port.

    Returns:
        Sentences; empty when the cluster can be booted. A machine of the wrong kind gets that one sentence alone.
    """
    if facts.system != "Linux":
        return [f"The local cluster needs Linux, and this is {facts.system}: {_ELSEWHERE}"]
    if not facts.has_apt or not {"debian", "ubuntu"}.intersection(facts.distributions):
        name = facts.distributions[0] if facts.distributions else "unknown"
        return [f"The local cluster needs Debian or a relative of it, and this distribution is {name}: {_ELSEWHERE}"]
    if facts.uid != 0:
        return [f"The local cluster runs daemons of the machine, so it must be started as root; or {_ELSEWHERE}"]
    return [*_room(facts), *_obstacles(facts, port)]


def _room(facts: MachineFacts) -> list[str]:
    found = []
    if not facts.tools_cached and not facts.has_go:
        found.append("There is no `go` command: install Go 1.26 or newer, which builds the cluster's tools.")
    need = 4 if facts.tools_cached else 14
    if facts.cache_free_bytes < need * GIB:
        free = facts.cache_free_bytes / GIB
        found.append(
            f"The cache folder has {free:.1f} GiB free and {need} are needed: make room or set SWISH_CACHE elsewhere."
        )
    if not facts.booted and facts.state_free_bytes < 5 * GIB:
        free = facts.state_free_bytes / GIB
        found.append(f"/var/lib has {free:.1f} GiB free and the local cluster needs 5: make room there.")
    if facts.memory_bytes < 3.5 * GIB:
        found.append(f"This machine has {facts.memory_bytes / GIB:.1f} GiB of memory and the local cluster needs 4.")
    return found


def _obstacles(facts: MachineFacts, port: int) -> list[str]:
    found = []
    if facts.foreign:
        found.append(f"There is another Kubernetes on this machine ({facts.foreign}): remove it, or {_ELSEWHERE}")
    for number in facts.taken_ports:
        if number == port:
            found.append(f"Port {port} is taken by another program: choose another one with PORT=<number>.")
        else:
            found.append(f"Port {number}, which Kubernetes needs, is taken by another program: stop that program.")
    found.extend(
        f"The network {network}, which the local cluster uses, overlaps a route of this machine: {_ELSEWHERE}"
        for network in facts.taken_networks
    )
    return found


def gather(state: State, cache: Path, port: int, *, tools_cached: bool, forwarding: bool) -> MachineFacts:
    """Look at the machine; changes nothing.

    Args:
        state: Our places.
        cache: Folder of built artefacts.
        port: The public address's port.
        tools_cached: Whether every tool is built already.
        forwarding: Whether our own forwarder holds the port.
    """
    booted = state.root.exists()
    wanted = [] if forwarding else [port]
    return MachineFacts(
        system=platform.system(),
        uid=os.geteuid(),
        distributions=_distributions(),
        has_apt=bool(shutil.which("apt-get") and shutil.which("dpkg")),
        has_go=bool(shutil.which("go")),
        tools_cached=tools_cached,
        cache_free_bytes=_free_bytes(cache),
        state_free_bytes=_free_bytes(state.root),
        memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        booted=booted,
        foreign=None if booted else _foreign(state),
        taken_ports=tuple(p for p in wanted + ([] if booted else list(_PORTS)) if _taken(p)),
        taken_networks=() if booted else overlapping(NETWORKS, _routes()),
    )


def overlapping(networks: tuple[str, ...], routes: tuple[str, ...]) -> tuple[str, ...]:
    """List those of `networks` that share an address with a route; the default route does not count."""
    known = [ipaddress.ip_network(route, strict=False) for route in routes if route != "default"]
    return tuple(text for text in networks if any(ipaddress.ip_network(text).overlaps(route) for route in known))


def _distributions() -> tuple[str, ...]:
    try:
        info = platform.freedesktop_os_release()
    except OSError:
        return ()
    return (info.get("ID", ""), *info.get("ID_LIKE", "").split())


def _free_bytes(path: Path) -> int:
    while not path.exists():
        path = path.parent
    return shutil.disk_usage(path).free


def _foreign(state: State) -> str | None:
    for path in (state.host.kubernetes / "admin.conf", state.host.kubernetes / "manifests", state.host.kubelet / "pki"):
        if path.exists() and (path.is_file() or any(path.iterdir())):
            return str(path)
    return f"the network interface {BRIDGE}" if Path("/sys/class/net", BRIDGE).exists() else None


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        # As the forwarder listens: connections that are only waiting to be forgotten do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def _routes() -> tuple[str, ...]:
    try:
        done = subprocess.run(["ip", "-json", "-4", "route"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ()
    return tuple(route["dst"] for route in json.loads(done.stdout) if route.get("dev") != BRIDGE)
