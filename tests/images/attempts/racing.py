"""Be quicker than the listener, or fill what it needs."""

from __future__ import annotations

from typing import Final

from tests.images.attempts.attempt import FIND, Attempt, python

_KILL: Final = f'"kill -KILL \\$({FIND})"'
#: Passes on what ssh says, but after its first words only once a file is there.
_PROXY: Final = """\
import os, socket, sys, threading, time
wire = socket.create_connection((sys.argv[1], int(sys.argv[2])))
def back():
    while data := wire.recv(65536):
        os.write(1, data)
    os._exit(0)
threading.Thread(target=back).start()
wire.sendall(os.read(0, 65536))
while not os.path.exists(sys.argv[3]):
    time.sleep(0.05)
while data := os.read(0, 65536):
    wire.sendall(data)
"""

RACE: Final = (
    Attempt(
        "write into each sshd that starts, before it has begun (3 s)",
        "race",
        python(
            """
            if apart():
                until = time.monotonic() + 3
                while time.monotonic() < until:
                    for name in filter(str.isdigit, os.listdir("/proc")):
                        try:
                            comm = open(f"/proc/{name}/comm").read()
                            for number in (2, 3, 4) if "sshd" in comm or "swish" in comm or "python" in comm else ():
                                os.write(os.open(f"/proc/{name}/fd/{number}", os.O_WRONLY | os.O_NONBLOCK), LINE)
                        except OSError:
                            pass
                os._exit(0)
            print("done")
            """
        ),
        "nothing",
        is_extra=True,
    ),
    Attempt(
        "take the port while the listener is away (2 s)",
        "race",
        python(
            """
            if apart():
                held, until = socket.socket(socket.AF_INET6), time.monotonic() + 10
                held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                while time.monotonic() < until:
                    try:
                        held.bind(("::", PORT))
                        held.listen()
                        time.sleep(2)
                        break
                    except OSError:
                        time.sleep(0.001)
                os._exit(0)
            print("done", flush=True)
            time.sleep(0.3)
            os.kill(WORKER, signal.SIGKILL)
            """
        ),
        "marked",
    ),
    Attempt(
        "kill the listener as the first thing after the log-in, so that it is not told of (twice)",
        "race",
        f'for _ in 1 2; do sleep 2; $SSH "$HOST" {_KILL}; done; echo done\n',
        "marked",
        is_outside=True,
        log_ins=2,
        is_extra=True,
    ),
    Attempt(
        "log in while the listener is stopped, and kill it before it has told of that",
        "race",
        f"""
        place=$(mktemp -d)
        cat > "$place/proxy.py" <<'END'
{_PROXY}END
        $SSH -o "ProxyCommand=python3 $place/proxy.py %h %p $place/go" "$HOST" 'sleep 3' &
        sleep 0.6
        $SSH "$HOST" "it=\\$({FIND}); kill -STOP \\$it; echo in; sleep 1.2; kill -KILL \\$it" > "$place/said" &
        until [ -s "$place/said" ]; do sleep 0.1; done
        : > "$place/go"; wait; rm -r "$place"; echo done
        """,
        "marked",
        is_outside=True,
        log_ins=2,
    ),
    Attempt(
        "fill the processes for a while (200)",
        "race",
        """
        for _ in $(seq 200); do sleep 3 > /dev/null 2>&1 < /dev/null & done
        echo done
        """,
        "nothing",
    ),
    Attempt(
        "fill the listener's open files by the socket that tells of files (2,000 connections)",
        "race",
        python(
            """
            most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 10000), most))
            kept = [log for _ in range(2000) for log in sockets_of_files()]
            print("silent" if is_silent() else "done", flush=True)
            """
        ),
        "nothing",
        is_extra=True,
    ),
    Attempt(
        "exchange links in the temporary folder while the listener begins (3 s)",
        "race",
        python(
            """
            if apart():
                until, place = time.monotonic() + 3, f"/tmp/swish-ssh-1000-{PORT}"
                while time.monotonic() < until:
                    for target in (os.path.expanduser("~"), "/etc"):
                        try:
                            os.symlink(target, place)
                            os.unlink(place)
                        except OSError:
                            pass
                os._exit(0)
            print("done", flush=True)
            time.sleep(0.3)
            os.kill(WORKER, signal.SIGKILL)
            """
        ),
        "marked",
        is_extra=True,
    ),
)
