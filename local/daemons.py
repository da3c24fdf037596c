"""Daemons that outlive `make up`: starting, looking after and ending exactly those that are ours."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from local import supervisor
from local.errors import LocalError
from local.supervisor import boot_id, start_time

MARK = "SWISH_LOCAL"
"""Environment variable that every process started here carries, and so everything that those start."""

COMMAND = "command"
"""The mark of what `up` and `down` run and wait for, such as kubeadm and builds."""

# The marks of a cluster that an earlier version booted, until nobody has one: no other cluster has such daemons.
_LOCAL = frozenset((COMMAND, "containerd", "kubelet"))

# Nobody waits for these: they outlive us, unless we stop them ourselves.
_STARTED: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True)
class Daemon:
    """One supervised daemon.

    Args:
        name: Its name; records and logs are called so.
        argv: Its command; holds no secret.
        run: Folder of records.
        logs: Folder of logs.
    """

    name: str
    argv: tuple[str, ...]
    run: Path
    logs: Path

    @property
    def record(self) -> Path:
        """Who runs it now, as JSON."""
        return self.run / f"{self.name}.json"

    @property
    def log(self) -> Path:
        """Its output."""
        return self.logs / f"{self.name}.log"


@dataclass(frozen=True)
class Running:
    """What a record says and the kernel confirms: numbers of processes that are certainly ours, or None."""

    supervisor: int | None = None
    child: int | None = None
    argv: tuple[str, ...] = ()


def read_record(record: Path) -> Running:
    """Read who runs a daemon; a number that another process has by now, or of an earlier boot, is left out."""
    try:
        document = json.loads(record.read_text())
    except (OSError, ValueError):
        return Running()
    if document.get("boot") != boot_id():
        return Running()
    return Running(
        _confirmed(document["pid"], document["start"]),
        _confirmed(document["child"], document["child_start"]),
        tuple(document["argv"]),
    )


def _confirmed(pid: int | None, start: int | None) -> int | None:
    return pid if pid and start is not None and start_time(pid) == start else None


def ensure(daemon: Daemon, env: Mapping[str, str] | None = None) -> bool:
    """Make sure that a daemon runs with this very command under a supervisor.

    Args:
        daemon: The daemon.
        env: Its whole environment beside our mark; None for this process's.

    Returns:
        Whether it had to be started.

    Raises:
        LocalError: Its supervisor did not come up within ten seconds.
    """
    running = read_record(daemon.record)
    if running.supervisor and running.argv == daemon.argv:
        return False
    stop(daemon.name, daemon.run)
    daemon.run.mkdir(parents=True, exist_ok=True)
    daemon.logs.mkdir(parents=True, exist_ok=True)
    argv = [sys.executable, "-I", supervisor.__file__, str(daemon.record), str(daemon.log), "--", *daemon.argv]
    # Own session, no standard streams, no inherited descriptors, no folder held: nothing ties it to a terminal.
    marked_env = {**(os.environ if env is None else env), MARK: mark_of(daemon.name, daemon.run)}
    process = subprocess.Popen(
        argv, env=marked_env, stdin=subprocess.DEVNULL, cwd="/",
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True, close_fds=True,
    )  # fmt: skip
    _STARTED.append(process)
    return wait_for(lambda: bool(read_record(daemon.record).supervisor), 10, f"{daemon.name} did not start") or True


def stop(name: str, run: Path) -> bool:
    """End a daemon and its supervisor; a daemon whose supervisor was killed is ended too.

    Args:
        name: The daemon's name.
        run: Folder of records.

    Returns:
        Whether anything ran.
    """
    running = read_record(run / f"{name}.json")
    marks = marked(mark_of(name, run))
    orphans = [pid for pid in marks if pid not in (running.supervisor, running.child) and _is_daemon(name, pid)]
    found = [pid for pid in (running.supervisor, running.child) if pid]
    if running.supervisor:
        # It ends its child itself, and the record with it.
        end([running.supervisor], supervisor.GRACE_SECONDS + 6)
    end([pid for pid in [running.child, *orphans] if pid], supervisor.GRACE_SECONDS)
    (run / f"{name}.json").unlink(missing_ok=True)
    _STARTED[:] = [process for process in _STARTED if process.poll() is None]
    return bool(found or orphans)


def _is_daemon(name: str, pid: int) -> bool:
    """Tell a daemon from what it started: containers' shims carry containerd's mark and must outlive it."""
    return name != "containerd" or program(pid) == name


def program(pid: int) -> str:
    """Return the name of the program that a process runs; empty when the process is gone."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def end(pids: Iterable[int], patience_seconds: float) -> None:
    """End processes: ask, wait, then kill. A number is only used while the same process has it."""
    starts = {pid: start_time(pid) for pid in pids}
    for sign, patience in ((signal.SIGTERM, patience_seconds), (signal.SIGKILL, 5.0)):
        for pid, start in starts.items():
            if start is not None and start_time(pid) == start:
                try:
                    os.kill(pid, sign)
                except ProcessLookupError:
                    continue
        until = time.monotonic() + patience
        while time.monotonic() < until:
            if not any(start is not None and start_time(pid) == start for pid, start in starts.items()):
                return
            time.sleep(0.05)


def mark_of(name: str, run: Path) -> str:
    """Return the mark of a daemon: there may be others of its name, for other clusters."""
    return f"{name} of {run}"


def of_cluster(run: Path) -> list[int]:
    """List the processes of the cluster whose records are in a folder, and what a command runs and waits for."""
    return _carrying(lambda mark: mark in _LOCAL or mark.endswith(f" of {run}"))


def marked(mark: str) -> list[int]:
    """List the processes that carry a mark of ours in their environment."""
    return _carrying(lambda found: found == mark)


def _carrying(is_wanted: Callable[[str], bool]) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            variables = (folder / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        marks = [value.partition(b"=")[2] for value in variables if value.startswith(f"{MARK}=".encode())]
        if any(is_wanted(os.fsdecode(mark)) for mark in marks):
            found.append(int(folder.name))
    return [pid for pid in sorted(found) if pid != os.getpid()]


def wait_for(ready: Callable[[], bool], seconds: float, problem: str) -> bool:
    """Wait until something is so.

    Returns:
        True.

    Raises:
        LocalError: It was not within `seconds`; the text is `problem`.
    """
    until = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > until:
            raise LocalError(f"{problem} within {seconds:.0f} s.")
        time.sleep(0.2)
    return True
