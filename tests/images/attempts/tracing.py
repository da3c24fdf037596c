"""Get at the memory or the open files of the listener, or of an sshd."""

from __future__ import annotations

from typing import Final

from tests.images.attempts.attempt import Attempt, python

#: Takes an open file of another process, where sshd says what it does, and writes to it.
_TAKE: Final = """
PIDFD_OPEN, PIDFD_GETFD = 434, 438

def take(pid, text):
    handle = checked(libc.syscall(PIDFD_OPEN, pid, 0))
    os.write(checked(libc.syscall(PIDFD_GETFD, handle, 2, 0)), text)
"""
_ATTACH: Final = """
ATTACH, DETACH = 16, 17

def attach(pid):
    checked(libc.ptrace(ATTACH, pid, None, None))
    os.waitpid(pid, 0x40000000)
    libc.ptrace(DETACH, pid, None, None)
"""

TRACE: Final = (
    Attempt(
        "trace process 1 and the listener",
        "trace",
        python(f"{_ATTACH}\neach((1, WORKER), attach)\n"),
        "refused",
    ),
    Attempt(
        "trace other connections' sshd",
        "trace",
        python(f"{_ATTACH}\neach(OTHERS, attach)\n"),
        "refused",
        is_beside=True,
        is_extra=True,
    ),
    Attempt("trace one's own sshd", "trace", python(f"{_ATTACH}\neach([MINE], attach)\n"), "refused", is_extra=True),
    Attempt(
        "take the open files of process 1 and the listener, and write to them",
        "trace",
        python(f"{_TAKE}\neach((1, WORKER), lambda pid: take(pid, FORGED))\n"),
        "refused",
    ),
    Attempt(
        "take the open files of other connections' sshd, and write a log-in to them",
        "trace",
        python(f"{_TAKE}\neach(OTHERS, lambda pid: take(pid, LINE))\n"),
        "refused",
        is_beside=True,
    ),
    Attempt(
        "take the open files of one's own sshd, and write a log-in to them",
        "trace",
        python(f"{_TAKE}\neach([MINE], lambda pid: take(pid, LINE))\n"),
        "refused",
    ),
    Attempt(
        "open the memory of the listener and of every sshd",
        "trace",
        python("each((1, WORKER, MINE, *OTHERS), lambda pid: open(f'/proc/{pid}/mem', 'r+b'))\n"),
        "refused",
        is_beside=True,
    ),
    Attempt(
        "write into the memory of the listener and of every sshd",
        "trace",
        python(
            """
            class Piece(ctypes.Structure):
                _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]
            def write(pid):
                text = ctypes.create_string_buffer(LINE)
                ours = Piece(ctypes.addressof(text), 8)
                # where nothing is: whoever may write is told of the address
                theirs = Piece(4096, 8)
                found = libc.process_vm_writev(pid, ctypes.byref(ours), 1, ctypes.byref(theirs), 1, 0)
                if found < 0 and ctypes.get_errno() != 14:
                    checked(found)
            each((1, WORKER, MINE, *OTHERS), write)
            """
        ),
        "refused",
        is_beside=True,
        is_extra=True,
    ),
    Attempt(
        "read the variables, the maps, the files and the folder of the listener",
        "trace",
        """
        for name in environ maps stack auxv; do cat "/proc/$WORKER/$name" > ~/read && [ -s ~/read ] && echo done; done
        ls "/proc/$WORKER/fd/" > ~/read && echo done
        ls "/proc/$WORKER/cwd/" > ~/read && echo done
        ls "/proc/1/root/" > ~/read && echo done
        """,
        "refused",
    ),
    Attempt(
        "do the same as root of a user namespace of one's own",
        "trace",
        """
        unshare --user --map-root-user sh -c 'cat "/proc/$WORKER/environ" && echo done'
        unshare --user --map-root-user sh -c 'echo "$FORGED" > /proc/1/fd/1 && echo done'
        """,
        "refused",
    ),
)
