"""What of a cluster can be seen on this machine, told without any of the code that started it."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

#: Programs that only a Kubernetes node runs.
NODE_PROGRAMS = {"containerd", "containerd-shim", "containerd-shim-runc-v2", "kubelet"}
#: Those that it runs in containers. Outside of one they are somebody else's, such as of tests that run beside these.
CONTAINED_PROGRAMS = {
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
        contained: whether it sees other files than we do.
    """

    process: Process
    parent: int
    command: str
    contained: bool


def programs() -> list[Program]:
    """Return every process."""
    found, ours = [], _files(Path("/proc/self"))
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            command = (folder / "cmdline").read_text(errors="replace").replace("\0", " ").strip()
            contained = _files(folder) != ours
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended meanwhile
        found.append(Program((int(folder.name), fields[19]), int(fields[1]), command, contained))
    return found


def _files(process: Path) -> str:
    """Return a name for the files that a process sees; empty if that is not ours to know."""
    try:
        return str((process / "ns" / "mnt").readlink())
    except PermissionError:
        return ""


def is_of_a_node(one: Program) -> bool:
    """Return whether this is a node's program or something in our containers."""
    wanted = NODE_PROGRAMS | (CONTAINED_PROGRAMS if one.contained else set())
    return bool(wanted & {Path(word).name for word in one.command.split()[:3]}) or "swish-local" in one.command


def node_processes() -> dict[Process, str]:
    """Return the processes that only a node has, without those of tests that run beside these."""
    found = programs()
    by_id = {one.process[0]: one for one in found}

    def is_of_a_test(one: Program) -> bool:
        parent = by_id.get(one.parent)
        return parent is not None and ("-m pytest" in parent.command or is_of_a_test(parent))

    return {one.process: one.command for one in found if is_of_a_node(one) and not is_of_a_test(one)}


def network_interfaces() -> set[str]:
    """Return the names of the machine's network interfaces."""
    return {path.name for path in Path("/sys/class/net").iterdir()}


def mounts() -> set[str]:
    """Return where this machine's file systems are mounted."""
    return {line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()}


def packet_rules() -> str:
    """Return all nftables rules."""
    return subprocess.run(["nft", "list", "ruleset"], capture_output=True, text=True, check=True).stdout
