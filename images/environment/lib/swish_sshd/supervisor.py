"""The first process: keeps a worker running, collects orphans, and ends both when asked to."""

# ruff: noqa: T201 - a command-line program prints

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from swish_sshd.processes import send, sshds

_PAUSE: Final = 1.0
#: A worker that is stopped goes on; one that is stopped more often than that is made another.
_STOPS: Final = 5


def supervise(work: Callable[[], int]) -> int:
    """Run a worker in a process of its own, and again whenever it dies; returns the exit status once asked to stop.

    The worker is what can be killed, run out of memory or have a bug; this has nothing to go wrong. As process 1 of a
    container it also collects what sessions leave behind.
    """
    stopping: list[int] = []
    worker = 0

    def stop(number: int, _frame: Any) -> None:
        stopping.append(number)
        if worker:
            with suppress(ProcessLookupError):
                os.kill(worker, signal.SIGTERM)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, stop)
    while True:
        worker = _fork(work)
        if stopping:
            os.kill(worker, signal.SIGTERM)
        status = _wait(worker)
        worker = 0
        if stopping:
            return 0
        print(f"swish-sshd: the worker ended with status {status}; another one starts", file=sys.stderr, flush=True)
        time.sleep(_PAUSE)
        if stopping:
            return 0


def _fork(work: Callable[[], int]) -> int:
    is_alone = os.getpid() == 1
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        if is_alone:
            # what an earlier worker started and did not end: nobody writes down any more what it does
            send(sshds(), signal.SIGKILL)
        status = work()
    except SystemExit:
        raise
    except BaseException as error:  # noqa: BLE001 - this process ends here, whatever it was
        print(f"swish-sshd: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
    finally:
        os._exit(status)


def _wait(worker: int) -> int:
    stops = 0
    while True:
        pid, status = os.waitpid(-1, os.WUNTRACED)
        if pid != worker:
            continue
        if not os.WIFSTOPPED(status):
            return os.waitstatus_to_exitcode(status)
        # a session's program can stop it, but not process 1: who logs in meanwhile would not be told of
        stops += 1
        os.kill(worker, signal.SIGCONT if stops <= _STOPS else signal.SIGKILL)


def detach(console: str) -> bool:
    """Go on in the background, with the output going to a file of another process.

    Args:
        console: Where to; what cannot be opened is replaced by nowhere.

    Returns:
        Whether this is the process in the background; the other one has nothing left to do.
    """
    if os.fork():
        return False
    os.setsid()
    if os.fork():
        os._exit(0)
    os.chdir("/")
    null = os.open(os.devnull, os.O_RDWR)
    try:
        output = os.open(console, os.O_WRONLY | os.O_APPEND)
    except OSError:
        output = null
    for descriptor, target in ((null, 0), (output, 1), (output, 2)):
        os.dup2(descriptor, target)
    # whoever started us may wait until nobody holds its pipes any more
    os.closerange(3, 256)
    return True
