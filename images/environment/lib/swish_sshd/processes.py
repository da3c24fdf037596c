"""Processes, as /proc shows them."""

from __future__ import annotations

import os
import signal
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
#: Deeper than any session nests before something is wrong.
_DEEPEST: Final = 64


def parent_of(pid: int) -> int:
    """Return the parent of a process; 0 when there is none, or no such process."""
    try:
        text = (_PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return 0
    # the name, in brackets, may hold anything
    return int(text.rpartition(")")[2].split()[1])


def ancestors(pid: int) -> Iterator[int]:
    """Yield a process, its parent, and so on."""
    for _ in range(_DEEPEST):
        if pid <= 1:
            return
        yield pid
        pid = parent_of(pid)


def descendants(pid: int) -> list[int]:
    """Return all that a process started and what those started, as far as they still belong to it."""
    children = defaultdict(list)
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            children[parent_of(int(entry.name))].append(int(entry.name))
    found, todo = [], [pid]
    while todo:
        below = children.pop(todo.pop(), [])
        found += below
        todo += below
    return found


def sshds() -> list[int]:
    """Return all processes called as sshd's are that are closed to others of their user, as those that we start are."""
    found = []
    for entry in _PROC.iterdir():
        with suppress(OSError):
            is_called_so = entry.name.isdigit() and (entry / "comm").read_text(errors="replace").startswith("sshd")
            if is_called_so and not os.access(entry / "fd", os.R_OK):
                found.append(int(entry.name))
    return found


def send(pids: list[int], number: signal.Signals) -> None:
    """Send a signal to each process that is still there."""
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)
