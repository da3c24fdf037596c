"""Run as SFTP's subsystem: become sftp-server, with its log going to the listener.

    sftp_server.py SOCKET COMMAND ARGUMENT...

sshd throws away what a subsystem says. The listener learns from the kernel which process connected, and so whose files
these are. When it does not answer, SFTP works all the same: that a session began is in the log.
"""

import os
import socket
import sys


def main() -> None:
    """Connect, and become the command."""
    name, *command = sys.argv[1:]
    log = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    log.settimeout(5)
    try:
        log.connect(f"\0{name}")
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    else:
        log.setblocking(True)
        os.dup2(log.fileno(), 2)
    os.execv(command[0], command)  # noqa: S606 - no shell, which is the point


if __name__ == "__main__":
    main()
