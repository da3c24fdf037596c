"""Mounts below a folder. A folder is only ever removed when none is left: behind one may lie a user's volume."""

from __future__ import annotations

import ctypes
import os
import re
import subprocess
from pathlib import Path

from local.errors import LocalError

_DETACH = 2


def below(root: Path, mountinfo: str) -> list[Path]:
    """List what is mounted at or below a folder, the innermost and latest first.

    Args:
        root: The folder.
        mountinfo: Text of /proc/self/mountinfo.
    """
    found = []
    for line in mountinfo.splitlines():
        place = Path(re.sub(r"\\([0-7]{3})", lambda match: chr(int(match.group(1), 8)), line.split()[4]))
        if place == root or root in place.parents:
            found.append(place)
    return found[::-1]


def now(root: Path) -> list[Path]:
    """List what is mounted at or below a folder now, the innermost and latest first."""
    return below(root, Path("/proc/self/mountinfo").read_text())


def unmount_all(root: Path) -> int:
    """Unmount all at or below a folder; what is busy is detached and goes when its last user does.

    Returns:
        How many there were.
    """
    places = now(root)
    libc = ctypes.CDLL(None, use_errno=True)
    for place in places:
        name = os.fsencode(place)
        if libc.umount2(name, 0):
            libc.umount2(name, _DETACH)
    return len(places)


def remove_folder(root: Path) -> bool:
    """Remove a folder after unmounting all below it.

    Returns:
        Whether it was there.

    Raises:
        LocalError: Something stays mounted, and nothing was removed; or something could not be removed.
    """
    if not os.path.lexists(root):
        return False
    free(root)
    # a containerd's folder has files by the hundred thousand; this program takes a third of Python's own time for them
    done = subprocess.run(["rm", "-rf", "--one-file-system", "--", root], capture_output=True, text=True, check=False)
    if done.returncode:
        raise LocalError(f"{root} was not removed: {done.stderr.strip()}")
    return True


def free(root: Path) -> None:
    """Unmount all at or below a folder and make sure that nothing is left.

    Raises:
        LocalError: Something stays mounted.
    """
    unmount_all(root)
    left = now(root)
    if left:
        raise LocalError(f"{left[0]} stays mounted, so {root} was not removed: end what uses it and try again.")
