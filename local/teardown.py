"""Ending the local cluster: exactly what `up` started and changed, in the order that keeps users' files safe."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

from local import cgroups, daemons, mounts
from local.errors import LocalError
from local.machine import read_facts
from local.paths import State
from local.preflight import BRIDGE
from local.progress import Progress
from local.shell import Shell
from local.store import Store

_TABLES = (("ip", "swish-local"), ("ip", "kube-proxy"), ("ip6", "kube-proxy"))
_GRACE_SECONDS = 10
# of the control plane, whose data goes with it: they would wait for clients that are gone
_DISPOSABLE = ("kube-apiserver", "etcd", "coredns")


def exists(state: State) -> bool:
    """Whether there is anything of ours on this machine."""
    return state.root.exists() or state.trash.exists() or bool(daemons.of_cluster(state.run))


def teardown(state: State, shell: Shell, progress: Progress, store: Store | None = None) -> None:
    """End the cluster and leave nothing of it but the cache and users' volumes; may be repeated after any interruption.

    Args:
        state: The cluster's places.
        shell: Runs commands.
        progress: Says what is done.
        store: Where to keep the unpacked images of a whole cluster; None for nowhere.

    Raises:
        LocalError: Something could not be ended or removed; the rest was.
    """
    if not state.booted.exists():
        store = None
    # From here on this is no cluster any more, wherever this is interrupted.
    state.booted.unlink(missing_ok=True)
    with progress.step("End the daemons"):
        for name in ("forwarder", "kubelet"):
            daemons.stop(name, state.run)
    with progress.step("End the containers") as step:
        step.did = f"{_end_containers(state)} processes"
        version = _clear(store, shell) if store else ""
        _end_containerd(state)
    with progress.step("Undo the network"):
        undo_network(shell)
    with progress.step("Remove the files"):
        _remove_files(state)
        _restore(state)
        if store and version:
            store.keep(version)
        # Last of all: as long as it is there, `down` knows that there is something to do.
        _remove_root(state)
        left = [*daemons.of_cluster(state.run), *cgroups.members(state.host.cgroups)]
        if left:
            raise LocalError(f"These processes could not be ended: {left}.")


def _end_containers(state: State) -> int:
    """End what runs in containers; with the kubelet gone nobody starts one again.

    Users' programs get the time to write their files.
    """
    pids = cgroups.members(state.host.cgroups)
    daemons.end([pid for pid in pids if daemons.program(pid) in _DISPOSABLE], 0)
    daemons.end(pids, _GRACE_SECONDS)
    # Children of a process that was ended just now, moved to the container's first process or born since.
    daemons.end(cgroups.members(state.host.cgroups), 1)
    return len(pids)


def _clear(store: Store, shell: Shell) -> str:
    """Have containerd forget its containers; one that cannot is not kept."""
    try:
        return store.clear(shell)
    except LocalError:
        return ""


def _end_containerd(state: State) -> None:
    """End containerd and its shims."""
    daemons.stop("containerd", state.run)
    daemons.end(daemons.of_cluster(state.run), 5)
    for root in cgroups.remove(state.host.cgroups):
        raise LocalError(f"The control group {root} could not be removed: a process in it did not end.")


def undo_network(shell: Shell) -> None:
    """Remove the bridge, the pods' ends of it and our nftables tables."""
    for link in Path("/sys/class/net", BRIDGE, "brif").glob("*"):
        shell.ok(["ip", "link", "delete", link.name])
    if Path("/sys/class/net", BRIDGE).exists():
        shell.run(["ip", "link", "delete", BRIDGE])
    tables = json.loads(shell.read(["nft", "--json", "list", "tables"]))["nftables"]
    there = {(entry["table"]["family"], entry["table"]["name"]) for entry in tables if "table" in entry}
    for family, name in _TABLES:
        if (family, name) in there:
            shell.run(["nft", "delete", "table", family, name])


def _remove_files(state: State) -> None:
    mounts.unmount_all(state.root)
    mounts.remove_folder(state.host.kubelet)
    mounts.remove_folder(state.host.kubernetes)
    _remove_links(state.host.container_logs, state.root)
    for sandbox in (state.containerd_root / "io.containerd.grpc.v1.cri" / "sandboxes").glob("*"):
        for result in state.host.cni_results.glob(f"results/*-{sandbox.name}-*"):
            result.unlink()
    _remove_sockets(state.host.shim_sockets / "s")
    before = read_facts(state).get("before")
    for path in state.host.shared:
        if not (isinstance(before, dict) and before.get(str(path), False)):
            with contextlib.suppress(OSError):
                # Only when empty: it may be another program's by now.
                if path.is_file():
                    path.unlink() if not path.stat().st_size else None
                else:
                    path.rmdir()


def _remove_root(state: State) -> None:
    mounts.remove_folder(state.trash)
    if state.root.exists():
        mounts.free(state.root)
        state.root.rename(state.trash)
        mounts.remove_folder(state.trash)


def _remove_links(folder: Path, target: Path) -> None:
    """Remove the links in a folder that point below `target`."""
    for link in folder.glob("*"):
        if link.is_symlink() and target in link.readlink().parents:
            link.unlink()


def _remove_sockets(folder: Path) -> None:
    """Remove the sockets of shims that are gone; one that somebody listens on is another containerd's."""
    listening = Path("/proc/net/unix").read_text()
    for socket in folder.glob("*"):
        if socket.is_socket() and str(socket) not in listening:
            socket.unlink()


def _restore(state: State) -> None:
    """Put the kernel's settings back as they were before the first `up`."""
    before = read_facts(state).get("before")
    for name, value in (before if isinstance(before, dict) else {}).items():
        path = Path("/proc/sys", name)
        if isinstance(value, str) and path.exists() and path.read_text().strip() != value:
            path.write_text(value)


def purge(state: State) -> bool:
    """Delete users' volumes and the keys beside them; returns whether there were any."""
    return mounts.remove_folder(state.volumes)
