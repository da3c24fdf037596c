"""Run as SFTP's subsystem: become sftp-server, with its log going to the listener.

    sftp_server.py SOCKET COMMAND ARGUMENT...

sshd throws away what a subsystem says. The listener learns from the kernel which process connected, and so whose files
these are; since a short transfer may be over before it has looked, it says when it has. When it does not answer, SFTP
works all the same: that a session began is in the log.
"""

import os
import socket
import sys


def main() -> None:
    """Connect, and become the command."""
    name, *command = sys.argv[1:]
    log = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    log.settimeout(5)
    if _is_heard(log, name):
        log.setblocking(True)
        os.dup2(log.fileno(), 2)
    else:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    os.execv(command[0], command)  # noqa: S606 - no shell, which is the point


def _is_heard(log: socket.socket, name: str) -> bool:
    """Connect, and wait until the listener knows who this is; one that is late may still read on."""
    try:
        log.connect(f"\0{name}")
    except OSError:
        return False
    try:
        return bool(log.recv(1))
    except TimeoutError:
        return True
    except OSError:
        return False


if __name__ == "__main__":
    main()
