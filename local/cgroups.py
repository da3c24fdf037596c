"""The kubelet's cgroups: which processes are in containers, and removing what is left, on cgroup v1 and v2."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

_NAMES = ("kubepods", "kubepods.slice", "k8s.io")


def roots(cgroups: Path = Path("/sys/fs/cgroup")) -> list[Path]:
    """List the kubelet's top cgroups: one for each hierarchy of v1, one in all of v2."""
    hierarchies = [cgroups, *(path for path in cgroups.iterdir() if path.is_dir())] if cgroups.is_dir() else []
    return [path / name for path in hierarchies for name in _NAMES if (path / name).is_dir()]


def members(cgroups: Path = Path("/sys/fs/cgroup")) -> list[int]:
    """List the processes in containers."""
    found: set[int] = set()
    for root in roots(cgroups):
        for file in root.rglob("cgroup.procs"):
            with contextlib.suppress(OSError):
                found.update(map(int, file.read_text().split()))
    return sorted(found)


def remove(cgroups: Path = Path("/sys/fs/cgroup"), patience_seconds: float = 5) -> list[Path]:
    """Remove the kubelet's cgroups, which hold no process any more.

    Returns:
        Those that could not be removed; normally none.
    """
    until = time.monotonic() + patience_seconds
    while True:
        for root in roots(cgroups):
            for folder in sorted([root, *(p for p in root.rglob("*") if p.is_dir())], reverse=True):
                with contextlib.suppress(OSError):
                    folder.rmdir()
        left = roots(cgroups)
        if not left or time.monotonic() > until:
            return left
        time.sleep(0.2)
