"""One attempt, as a value, and what its script may use."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent
from typing import Final, Literal

#: What comes of an attempt, by how much of the record it touches: the operating system or sshd says no; it is done, and
#: the record is as it would be without; it works, and the record has a mark of it; it works, and what the listener says
#: is late, or lacks files, or has files too many, as the documentation says; and what must not be.
Outcome = Literal["refused", "nothing", "marked", "said", "changed"]
KINDS: Final = ("write", "signal", "trace", "replace", "preload", "race", "forge")
#: A key and an address that are nobody's: where one is in the record, it was forged.
FORGED_KEY: Final = "SHA256:forged"
FORGED_ADDRESS: Final = "192.0.2.7"
#: The files that an honest sftp of an attempt writes are called so.
WITNESS: Final = "witness"

#: What is printed where nothing could be tried.
BROKEN: Final = "broken"
#: Finds the listener, in a session: the oldest child of process 1 that begins so. Scripts have its name in them, too.
FIND: Final = "pgrep -o -P 1 -f '^[^ ]*python[^ ]* -I [^ ]*swish.sshd'"
_PYTHON: Final = """\
import ctypes, json, os, re, resource, signal, socket, sys, time
libc = ctypes.CDLL(None, use_errno=True)
WORKER, MINE, PORT = (int(os.environ.get(name) or 0) for name in ("WORKER", "MINE", "PORT"))
OTHERS = [int(pid) for pid in os.environ.get("OTHERS", "").split()]
FORGED, LINE = (os.environ[name].encode() + b"\\n" for name in ("FORGED", "LINE"))

def each(targets, call):
    for target in targets:
        try:
            call(target)
            print("done", flush=True)
        except OSError as error:
            print(error.strerror, flush=True)

def checked(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result

def apart():
    # true in a process of its own that outlives the session
    if os.fork():
        return False
    os.setsid()
    if os.fork():
        os._exit(0)
    null = os.open("/dev/null", os.O_RDWR)
    for descriptor in range(3):
        os.dup2(null, descriptor)
    return True

def sockets_of_files():
    # whoever else has such a socket on this machine turns us away
    for name in set(re.findall(r"@(swish-sftp-\\w+)", open("/proc/net/unix").read())):
        log = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        log.settimeout(0.5)
        try:
            log.connect("\\0" + name)
            yield log
        except OSError:
            pass

def tell_of_files(*lines):
    for log in list(sockets_of_files()):
        for line in lines:
            try:
                log.send(line)
            except OSError:
                pass
        time.sleep(0.2)
        log.close()

def is_silent():
    try:
        with socket.create_connection(("127.0.0.1", PORT), 2) as probe:
            probe.settimeout(1.5)
            probe.sendall(b"SSH-2.0-probe\\r\\n")
            probe.recv(100)
    except OSError as error:
        return isinstance(error, TimeoutError)
    return False

"""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What somebody tries.

    A script has these variables. Inside: `START`, `KEYS`, `LIB`, `PROGRAM` and `PORT`, where the listener's things are;
    `WORKER`, its process; `MINE`, the sshd of the script's own connection; `OTHERS`, those of other connections. On the
    person's own computer: `SSH` and `SFTP`, the clients with their options, `HOST` with the login name, `ADDRESS` and
    `PORT`, and `FROM`, an address to come from where it may choose. In both: `STRANGER`, a public key that is on no
    list; `FORGED`, a line of the record that is not true; `LINE`, one of sshd's.

    It prints `done` where what it tried worked, `silent` where the listener said nothing meanwhile, and `unseen` where
    it goes on after the record says that it has ended.

    Args:
        name: What it does.
        kind: One of `KINDS`.
        script: For a POSIX shell.
        outcome: What must come of it.
        is_outside: Whether it runs on the person's own computer, and not in a session.
        is_beside: Whether others are there meanwhile: a session of another key, and somebody who has not logged in.
        log_ins: How often the person gets in for it.
        is_extra: Whether a sample does without, since it takes long or another one is nearly the same.
    """

    name: str
    kind: str
    script: str
    outcome: Outcome
    is_outside: bool = False
    is_beside: bool = False
    log_ins: int = 1
    is_extra: bool = False


def python(code: str) -> str:
    """Return a shell's script that runs a Python program, which has a few functions more than Python's own."""
    return f"python3 - <<'PYTHON'\n{_PYTHON}{dedent(code)}PYTHON\n"
