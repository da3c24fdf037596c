"""Have one's own program run in the place of another, or within another."""

from __future__ import annotations

from typing import Final

from tests.images.attempts.attempt import WITNESS, Attempt, python

_PUT: Final = f'echo "put /etc/os-release {WITNESS}" | $SFTP -b - "$HOST" > ~/said && echo done\n'

REPLACE: Final = (
    Attempt(
        "have programs of the listener's and sshd's names first on the PATH, and end the listener",
        "replace",
        """
        mkdir -p ~/.local/bin
        for name in tini swish-sshd sshd sftp-server python3 sh env; do
            printf '#!/bin/sh\\ncat <<END\\n%s\\nEND\\n' "$FORGED" > ~/.local/bin/$name; chmod +x ~/.local/bin/$name
        done
        echo done; /bin/sleep 0.3; kill -KILL "$WORKER"
        """,
        "marked",
    ),
    Attempt(
        "have modules of Python's and the listener's names among one's own, and end the listener",
        "replace",
        """
        site=$(python3 -c 'import site; print(site.getusersitepackages())')
        mkdir -p "$site"
        for name in sitecustomize usercustomize socket json swish_sshd; do
            printf "print('%s')\\n" "$FORGED" > "$site/$name.py"; cp "$site/$name.py" ~
        done
        echo done; sleep 0.3; kill -KILL "$WORKER"
        """,
        "marked",
        is_extra=True,
    ),
    Attempt(
        "have another sftp-server run, by ~/.bashrc",
        "replace",
        f"""
        $SSH "$HOST" 'cat > ~/.bashrc' <<'END'
case "$BASH_EXECUTION_STRING" in *sftp_server*) exec /usr/lib/openssh/sftp-server;; esac
END
        {_PUT}""",
        "said",
        is_outside=True,
        log_ins=2,
    ),
    Attempt(
        "have a program of one's own run at each log-in, by ~/.ssh/rc",
        "replace",
        """
        mkdir -p ~/.ssh
        printf 'cat <<END\\n%s\\n%s\\nEND\\n' "$FORGED" "$LINE" > ~/.ssh/rc && echo done
        """,
        "nothing",
    ),
    Attempt(
        "take the name of the socket that tells of files",
        "replace",
        python(
            r"""
            names = set(re.findall(r"@(swish-sftp-\w+)", open("/proc/net/unix").read()))
            each(names, lambda name: socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET).bind("\0" + name))
            """
        ),
        "refused",
    ),
    Attempt(
        "run a second listener, with the environment's own host key",
        "replace",
        'timeout 2 python3 -I "$PROGRAM" --start "$START" --keys "$KEYS"; echo done\n',
        "nothing",
        is_extra=True,
    ),
    Attempt(
        "run a second listener in the background, which writes where process 1 does",
        "replace",
        """
        python3 -I "$PROGRAM" --detach --start "$START" --keys "$KEYS" && echo done
        sleep 1; kill -KILL $(pgrep -f '[s]wish.sshd(.py)? --detach')
        """,
        "nothing",
        is_extra=True,
    ),
    Attempt(
        "mount one's own folder over the keys, in a namespace of one's own",
        "replace",
        """unshare --user --map-root-user --mount sh -c 'mount --bind ~ "$KEYS"' && echo done\n""",
        "nothing",
    ),
)
PRELOAD: Final = (
    Attempt(
        "name a library for all programs",
        "preload",
        "echo ~/mine.so > /etc/ld.so.preload && echo done; echo ~ > /etc/ld.so.conf.d/mine.conf && echo done\n",
        "refused",
        is_extra=True,
    ),
    Attempt(
        "name a library for sshd, by ~/.ssh/environment and ~/.pam_environment",
        "preload",
        """
        mkdir -p ~/.ssh
        for name in LD_PRELOAD LD_AUDIT PYTHONPATH PATH; do
            echo "$name=$HOME/mine" | tee -a ~/.ssh/environment ~/.pam_environment > ~/said && echo done
        done
        """,
        "nothing",
    ),
    Attempt(
        "name a library for shells, by their profiles, and end the listener",
        "preload",
        """
        echo "export LD_PRELOAD=$HOME/mine.so" | tee ~/.profile ~/.bash_profile > ~/.bash_login
        echo done; sleep 0.3; kill -KILL "$WORKER"
        """,
        "marked",
        is_extra=True,
    ),
    Attempt(
        "send variables that name libraries, with the client",
        "preload",
        """
        $SSH -o 'SetEnv=LD_PRELOAD=/mine.so LD_AUDIT=/mine.so PYTHONPATH=/mine BASH_ENV=/mine' "$HOST" env > ~/said
        grep -E '^(LD_PRELOAD|LD_AUDIT|BASH_ENV|PYTHONPATH=/mine)' ~/said && echo done
        """,
        "refused",
        is_outside=True,
    ),
    Attempt(
        "name modules for Python, by ~/.bashrc, and copy a file",
        "preload",
        f"""
        $SSH "$HOST" 'mkdir mine; echo "raise SystemExit" | tee mine/socket.py > mine/site.py; cat > ~/.bashrc' <<'END'
export PYTHONPATH=~/mine PYTHONHOME=~/mine
END
        {_PUT}""",
        "nothing",
        is_outside=True,
        log_ins=2,
    ),
)
