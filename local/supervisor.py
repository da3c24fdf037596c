"""Keeps one daemon running; a program of its own that needs nothing but Python's library.

`python supervisor.py RECORD LOG -- COMMAND…` runs COMMAND until it is told to stop (SIGTERM), starting it again when
it ends: after half a second at first, then after growing pauses up to 15 s; a minute's good run sets the pause back.
RECORD says as JSON who runs, so that whoever stops it can tell a process from another one that was given the same
number later.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import FrameType

LONGEST_PAUSE_SECONDS = 15.0
GOOD_RUN_SECONDS = 60.0
GRACE_SECONDS = 20.0
LOG_LIMIT_BYTES = 50 * 2**20


def start_time(pid: int) -> int | None:
    """Tell when a process started, in clock ticks since boot; None when there is no such process or it is a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def boot_id() -> str:
    """Name this run of the kernel; a process number means nothing in another."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def next_pause(pause: float, ran_seconds: float) -> float:
    """Tell how long to wait before the next start.

    Args:
        pause: The last pause in seconds; 0 at first.
        ran_seconds: How long the daemon ran.

    Returns:
        Seconds, at most LONGEST_PAUSE_SECONDS.
    """
    if ran_seconds >= GOOD_RUN_SECONDS:
        return 0.5
    return min(LONGEST_PAUSE_SECONDS, max(0.5, pause * 2))


class Supervisor:
    """Runs one daemon.

    Args:
        record: File to write; whoever holds its lock is the daemon's only supervisor.
        log: File for the daemon's output; moved to `<log>.1` when it is over 50 MiB at a start.
        argv: The daemon's command.
    """

    def __init__(self, record: Path, log: Path, argv: list[str]) -> None:
        self.record, self.log, self.argv = record, log, argv
        self.stopping = threading.Event()
        self.child: subprocess.Popen[bytes] | None = None

    def run(self) -> int:
        """Keep the daemon running until told to stop.

        Returns:
            0; or 3 when another supervisor has the daemon already.
        """
        lock = self.record.with_suffix(".lock").open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return 3
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        pause = 0.0
        while not self.stopping.is_set():
            started = time.monotonic()
            self._start()
            self._wait()
            pause = next_pause(pause, time.monotonic() - started)
            self.stopping.wait(pause)
        self.record.unlink(missing_ok=True)
        return 0

    def _start(self) -> None:
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as output:
            output.write(f"--- {time.strftime('%FT%TZ', time.gmtime())} start: {' '.join(self.argv)}\n".encode())
            output.flush()
            try:
                self.child = subprocess.Popen(
                    self.argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
                )
            except OSError as problem:
                output.write(f"--- cannot start: {problem}\n".encode())
                self.child = None
        self._write()

    def _wait(self) -> None:
        child = self.child
        if child is None:
            return
        while child.poll() is None:
            if self.stopping.is_set():
                self._end(child)
                return
            self.stopping.wait(0.25)

    def _end(self, child: subprocess.Popen[bytes]) -> None:
        """End the daemon and what it started in its own process group; containers have groups of their own."""
        for sign, patience in ((signal.SIGTERM, GRACE_SECONDS), (signal.SIGKILL, 5.0)):
            try:
                os.killpg(child.pid, sign)
                child.wait(patience)
            except ProcessLookupError:
                return
            except subprocess.TimeoutExpired:
                continue
            return

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self.stopping.set()

    def _write(self) -> None:
        pid = self.child.pid if self.child else None
        document = {
            "pid": os.getpid(),
            "start": start_time(os.getpid()),
            "boot": boot_id(),
            "argv": self.argv,
            "child": pid,
            "child_start": start_time(pid) if pid else None,
        }
        partial = self.record.with_suffix(".partial")
        partial.write_text(json.dumps(document))
        partial.replace(self.record)


def main(arguments: list[str]) -> int:
    """Run the program.

    Args:
        arguments: RECORD LOG -- COMMAND…
    """
    record, log, dashes, *argv = arguments
    if dashes != "--" or not argv:
        print(__doc__, file=sys.stderr)
        return 2
    # containerd unpacks images with this mask; a stricter one would keep containers' users from their own programs.
    os.umask(0o022)
    return Supervisor(Path(record), Path(log), argv).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
