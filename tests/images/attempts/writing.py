"""Write to what sshd or the listener reads, or writes to."""

from __future__ import annotations

from typing import Final

from tests.images.attempts.attempt import Attempt, python

WRITE: Final = (
    Attempt(
        "add a stranger's key to the file of keys",
        "write",
        'echo "$STRANGER" >> "$KEYS/authorized_keys" && echo done\n',
        "refused",
    ),
    Attempt(
        "put another file, a link or a folder in the place of the file of keys",
        "write",
        """
        echo "$STRANGER" > ~/mine
        mv -f ~/mine "$KEYS/authorized_keys" && echo done
        ln -sfn ~/mine "$KEYS/authorized_keys" && echo done
        mv "$KEYS" "$KEYS-away" && echo done
        """,
        "refused",
    ),
    Attempt(
        "add a stranger's key to ~/.ssh/authorized_keys",
        "write",
        'mkdir -p ~/.ssh && echo "$STRANGER" | tee ~/.ssh/authorized_keys > ~/.ssh/authorized_keys2 && echo done\n',
        "nothing",
    ),
    Attempt(
        "let every network in, by the settings",
        "write",
        """echo '{"allow_cidrs": ["0.0.0.0/0"]}' > "$START/settings.json" && echo done\n""",
        "refused",
    ),
    Attempt(
        "exchange the host key, and have an authority of one's own",
        "write",
        """
        : > "$START/host_key" && echo done
        echo "$STRANGER" > "$START/user_ca" && echo done
        """,
        "refused",
    ),
    Attempt(
        "add an account",
        "write",
        "echo 'more::1000:100::/:/bin/sh' >> /etc/passwd && echo done\n",
        "refused",
        is_extra=True,
    ),
    Attempt(
        "change the configuration of the distribution's sshd",
        "write",
        """
        echo 'LogLevel QUIET' >> /etc/ssh/sshd_config && echo done
        echo 'LogLevel QUIET' > /etc/ssh/sshd_config.d/0.conf && echo done
        """,
        "refused",
        is_extra=True,
    ),
    Attempt(
        "put a configuration where /dev/null is, which sshd is given as its file",
        "write",
        "echo 'LogLevel QUIET' > ~/quiet; ln -sf ~/quiet /dev/null && echo done\n",
        "refused",
        is_extra=True,
    ),
    Attempt(
        "change the listener's program, or what Python compiled of it",
        "write",
        """
        echo 'raise SystemExit' >> "$LIB/log.py" && echo done
        echo 'raise SystemExit' >> "$PROGRAM" && echo done
        mkdir -p "$LIB/__pycache__" && echo x > "$LIB/__pycache__/mine" && echo done
        mv "$LIB" "$LIB-away" && echo done
        """,
        "refused",
    ),
    Attempt(
        "change the profile that all shells read",
        "write",
        "echo 'exit' >> /etc/profile && echo done; echo 'exit' >> /etc/bash.bashrc && echo done\n",
        "refused",
        is_extra=True,
    ),
    Attempt(
        "have the names of temporary folders before the listener, with a configuration in them, and end it",
        "write",
        """
        for name in "/tmp/swish-ssh-1000-$PORT" "/tmp/swish-ssh-$PORT"; do
            mkdir -p "$name" && echo 'LogLevel QUIET' > "$name/sshd_config" && ln -s ~/mine "$name/sftp"
        done
        echo done; sleep 0.3; kill -KILL "$WORKER"
        """,
        "marked",
        is_extra=True,
    ),
    Attempt(
        "write a line of the record to the output of process 1",
        "write",
        """
        for number in 1 2; do echo "$FORGED" > "/proc/1/fd/$number" && echo done; done
        """,
        "refused",
    ),
    Attempt(
        "write a line of the record to whatever the listener has open",
        "write",
        """
        for file in "/proc/$WORKER/fd/"* "/proc/$WORKER/fd/"[0-9]; do echo "$FORGED" > "$file" && echo done; done
        """,
        "refused",
    ),
    Attempt(
        "write a line of sshd's to the output of another connection's sshd, before and after its log-in",
        "write",
        """
        for pid in $OTHERS; do
            for number in 1 2 3 4; do echo "$LINE" > "/proc/$pid/fd/$number" && echo done; done
        done
        """,
        "refused",
        is_beside=True,
    ),
    Attempt(
        "write a line of sshd's to the output of the sshd of one's own connection",
        "write",
        """
        for number in 1 2 3 4 5; do echo "$LINE" > "/proc/$MINE/fd/$number" && echo done; done
        """,
        "refused",
    ),
    Attempt(
        "have the listener killed first when memory is short, and freeze its control group",
        "write",
        """
        echo 1000 > "/proc/$WORKER/oom_score_adj" && echo done
        echo 1 > /sys/fs/cgroup/cgroup.freeze && echo done
        """,
        "refused",
        is_extra=True,
    ),
    Attempt(
        "fill the disk for a while (20 MiB)",
        "write",
        """
        for place in ~/full /tmp/swish-attempt-full; do
            head -c 20971520 /dev/zero > "$place" && echo done; rm -f "$place"
        done
        """,
        "nothing",
        is_extra=True,
    ),
    Attempt(
        "write lines of the record to the system's console and log",
        "write",
        python(
            """
            def say(place):
                with open(place, "wb", buffering=0) as out:
                    out.write(FORGED)
            each(("/dev/console", "/dev/kmsg"), say)
            each(["/dev/log"], lambda place: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(FORGED, place))
            """
        ),
        "refused",
        is_extra=True,
    ),
)
