"""What of a cluster can be seen on this machine, told without any of the code that started it."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

#: Programs that only a Kubernetes node runs.
NODE_PROGRAMS = {
    "containerd",
    "containerd-shim",
    "containerd-shim-runc-v2",
    "kubelet",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kube-proxy",
    "etcd",
    "coredns",
    "local-path-provisioner",
    "configurable-http-proxy",
    "jupyterhub",
    "jupyterhub-singleuser",
    "pause",
}
#: Folders that only a cluster on this machine makes.
FOLDERS = ("/var/lib/swish-local", "/etc/kubernetes", "/var/lib/kubelet")

Process = tuple[int, str]


@dataclass(frozen=True)
class Program:
    """A process.

    Attributes:
        process: its id and its start time, so that an id used again is another one.
        parent: its parent's id.
        command: its command line.
    """

    process: Process
    parent: int
    command: str


def programs() -> list[Program]:
    """Return every process."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            command = (folder / "cmdline").read_text(errors="replace").replace("\0", " ").strip()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended meanwhile
        found.append(Program((int(folder.name), fields[19]), int(fields[1]), command))
    return found


def is_of_a_node(command: str) -> bool:
    """Return whether this is the command line of a node's program or of something in our containers."""
    words = command.split()[:3]
    return bool(NODE_PROGRAMS & {Path(word).name for word in words}) or "swish-local" in command


def node_processes() -> dict[Process, str]:
    """Return the processes that only a node has, without those of tests that run beside these."""
    found = programs()
    by_id = {one.process[0]: one for one in found}

    def is_of_a_test(one: Program) -> bool:
        parent = by_id.get(one.parent)
        return parent is not None and ("-m pytest" in parent.command or is_of_a_test(parent))

    return {one.process: one.command for one in found if is_of_a_node(one.command) and not is_of_a_test(one)}


def network_interfaces() -> set[str]:
    """Return the names of the machine's network interfaces."""
    return {path.name for path in Path("/sys/class/net").iterdir()}


def mounts() -> set[str]:
    """Return where this machine's file systems are mounted."""
    return {line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()}


def packet_rules() -> str:
    """Return all nftables rules."""
    return subprocess.run(["nft", "list", "ruleset"], capture_output=True, text=True, check=True).stdout
