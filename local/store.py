"""What containerd has unpacked outlives the cluster: `down` puts it into the cache, and `up` takes it back.

To unpack the images again takes longer than all of the rest of a boot. Of containers nothing is kept.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from local import daemons, mounts
from local.paths import State
from local.shell import Shell

#: Beside what is kept: who has not this file may have put something else there.
_MARK = "kept-by-swish"
# of containerd's folders; all others are of containers
_KEPT = ("io.containerd.content.", "io.containerd.metadata.", "io.containerd.snapshotter.")


@dataclass(frozen=True)
class Store:
    """Where containerd's folder is while no cluster has it.

    Args:
        state: The cluster's places.
        cache: The cache; one on another file system keeps nothing.
    """

    state: State
    cache: Path

    @property
    def place(self) -> Path:
        """Where the folder lies in the cache."""
        return self.cache / "swish-containerd"

    def take(self, version: str) -> bool:
        """Give a cluster that has no folder the kept one; returns whether there was one.

        Args:
            version: Name of what containerd was built from; another one's folder is removed.
        """
        if self.state.containerd_root.exists() or not self._ours:
            return False
        found = (self.place / version).is_dir() and _moved(self.place / version, self.state.containerd_root)
        mounts.remove_folder(self.place)
        return found

    def clear(self, shell: Shell) -> str:
        """Have a running containerd forget its containers, of which nothing may be left in its folder.

        Returns:
            Name of what containerd was built from; empty when its folder is not to be kept.

        Raises:
            LocalError: containerd did not do as it was told.
        """
        record = daemons.read_record(self.state.run / "containerd.json")
        if not record.child:
            return ""
        # the one that was built with it, whatever this checkout would build
        ctr = ctr_argv(self.state, Path(record.argv[0]).with_name("ctr"))

        def listed(kind: str) -> list[str]:
            return [line.split()[0] for line in shell.read([*ctr, kind, "ls"]).splitlines()[1:]]

        daemons.wait_for(lambda: not listed("tasks"), 10, "containerd did not notice that its containers have ended")
        for kind in ("containers", "sandboxes"):
            if names := listed(kind):
                shell.run([*ctr, kind, "rm", *names])
        # The removal of a lease can be told to wait until what nobody needs any more is gone.
        shell.ok([*ctr, "leases", "create", "--id", "swish-local-down"])
        for name in listed("leases"):
            shell.run([*ctr, "leases", "rm", "--sync", name])
        left = [line for line in shell.read([*ctr, "snapshots", "ls"]).splitlines()[1:] if line.split()[-1] == "Active"]
        return "" if left or listed("containers") else Path(record.argv[0]).parent.name

    def keep(self, version: str) -> bool:
        """Move the folder of a containerd that has ended into the cache; returns whether it could be.

        Args:
            version: What `clear` returned.
        """
        root = self.state.containerd_root
        for folder in root.iterdir():
            if not folder.name.startswith(_KEPT) and folder.is_dir():
                mounts.remove_folder(folder)
        # what is cut short by a machine that goes down would be taken for whole the next time
        os.sync()
        if self._ours:
            mounts.remove_folder(self.place)
        try:
            self.place.mkdir(mode=0o700, parents=True)
        except FileExistsError:
            return False
        (self.place / _MARK).touch()
        return _moved(root, self.place / version)

    @property
    def _ours(self) -> bool:
        return not self.place.is_symlink() and (self.place / _MARK).is_file()


def ctr_argv(state: State, ctr: Path) -> list[str]:
    """Give the beginning of a command for containerd, in the namespace that Kubernetes uses."""
    return [str(ctr), "--address", str(state.containerd_socket), "-n", "k8s.io"]


def _moved(folder: Path, target: Path) -> bool:
    try:
        folder.rename(target)
    except OSError:
        # another file system
        return False
    return True
