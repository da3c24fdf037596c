"""Stop, end or starve the listener, or an sshd."""

from __future__ import annotations

from typing import Final

from tests.images.attempts.attempt import Attempt, python

SIGNAL: Final = (
    Attempt("kill process 1, and stop it", "signal", "kill -KILL 1; kill -STOP 1 && echo done\n", "nothing"),
    Attempt(
        "slow the listener down as far as one may, and keep the processors busy (3 s)",
        "signal",
        python(
            """
            os.setpriority(os.PRIO_PROCESS, WORKER, 19)
            os.sched_setscheduler(WORKER, os.SCHED_IDLE, os.sched_param(0))
            if apart():
                os.fork()
                os.fork()
                until = time.monotonic() + 3
                while time.monotonic() < until:
                    pass
                os._exit(0)
            print("done")
            """
        ),
        "nothing",
        is_extra=True,
    ),
    Attempt("end the listener", "signal", 'echo done; sleep 0.3; kill -TERM "$WORKER"\n', "marked", is_extra=True),
    Attempt("kill the listener", "signal", 'echo done; sleep 0.3; kill -KILL "$WORKER"\n', "marked", is_extra=True),
    Attempt(
        "send the listener signals that it does not expect",
        "signal",
        'kill -CONT "$WORKER"; kill -WINCH "$WORKER"; echo done; sleep 0.3; kill -USR1 "$WORKER"\n',
        "marked",
        is_extra=True,
    ),
    Attempt(
        "tell the listener a thousand times that a child has ended",
        "signal",
        python("for _ in range(1000):\n    os.kill(WORKER, signal.SIGCHLD)\nprint('done')\n"),
        "nothing",
        is_extra=True,
    ),
    Attempt(
        "stop the listener",
        "signal",
        python(
            """
            os.kill(WORKER, signal.SIGSTOP)
            time.sleep(0.2)
            print("silent" if is_silent() else "done", flush=True)
            os.kill(WORKER, signal.SIGCONT)
            """
        ),
        "nothing",
    ),
    Attempt(
        "stop the listener again and again (3 s)",
        "signal",
        python(
            """
            print("done", flush=True)
            time.sleep(0.3)
            if apart():
                until = time.monotonic() + 3
                try:
                    while time.monotonic() < until:
                        os.kill(WORKER, signal.SIGSTOP)
                except ProcessLookupError:
                    pass
                os._exit(0)
            """
        ),
        "marked",
        is_extra=True,
    ),
    Attempt(
        "leave the listener no open file, for a while",
        "signal",
        python(
            """
            before = resource.prlimit(WORKER, resource.RLIMIT_NOFILE)
            resource.prlimit(WORKER, resource.RLIMIT_NOFILE, (3, before[1]))
            print("silent" if is_silent() else "it goes on", flush=True)
            resource.prlimit(WORKER, resource.RLIMIT_NOFILE, before)
            """
        ),
        "said",
        is_extra=True,
    ),
    Attempt(
        "kill the sshd of one's own connection, and go on",
        "signal",
        'echo done; sleep 0.3; kill -KILL "$MINE"; sleep 1.5; echo unseen\n',
        "nothing",
    ),
    Attempt(
        "stop the sshd of one's own connection, kill the listener, and go on",
        "signal",
        'echo done; sleep 0.3; kill -STOP "$MINE"; kill -KILL "$WORKER"; sleep 3; echo unseen\n',
        "marked",
    ),
    Attempt(
        "stop the listener, kill the sshd of one's own connection and then the listener, and go on",
        "signal",
        """
        echo done; sleep 0.3
        kill -STOP "$WORKER"; kill -KILL "$MINE" "$WORKER"; sleep 3; echo unseen
        """,
        "marked",
        is_extra=True,
    ),
    Attempt(
        "kill the sshd of other connections",
        "signal",
        'for pid in $OTHERS; do kill -KILL "$pid" && echo done; done\n',
        "nothing",
        is_beside=True,
    ),
    Attempt("end process 1", "signal", "echo done; sleep 0.3; kill -TERM 1\n", "marked"),
)
