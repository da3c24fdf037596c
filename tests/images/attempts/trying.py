"""Make an attempt, have an honest person and a stranger come after it, and look at the record."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Final, Protocol

from tests.images.attempts.attempt import BROKEN, FIND, FORGED_ADDRESS, FORGED_KEY, Attempt
from tests.images.attempts.judging import Came, Entry, Found, is_told, judge, log_ins

#: The person's keys at a place, and one that is on no list.
FIRST, SECOND, STRANGER = "first", "second", "stranger"
_TIMEOUT: Final = 60
_ROOT: Final = Path(__file__).parents[3]
#: How long the record may take to tell of all who came (seconds); what it does not tell by then is missing.
_TOLD: Final = 15.0
_LINE: Final = f"Accepted publickey for swish from {FORGED_ADDRESS} port 5 ssh2: ED25519 {FORGED_KEY}"
#: Finds out, in a session, which process is what.
_LOOK: Final = f"""
WORKER=$({FIND})
MINE=$$
while [ "$MINE" -gt 1 ]; do
    ABOVE=$(ps -o ppid= -p "$MINE" | tr -d ' ')
    [ "$ABOVE" = "$WORKER" ] && break
    MINE=${{ABOVE:-0}}
done
OTHERS=$(pgrep -P "$WORKER" | grep -vx "$MINE" | tr '\\n' ' ')
export WORKER MINE OTHERS
[ "$WORKER" ] && [ "$MINE" -gt 1 ] || {{ echo {BROKEN}; exit 1; }}
"""


class Site(Protocol):
    """A place where sshd runs, with a person's computer before it."""

    @property
    def host(self) -> str:
        """The address where it is reached."""

    @property
    def port(self) -> int:
        """The port there."""

    @property
    def login(self) -> str:
        """The login name."""

    @property
    def inside(self) -> Mapping[str, str]:
        """The variables of scripts in a session: START, KEYS, LIB, PROGRAM, PORT."""

    @property
    def addresses(self) -> Sequence[str]:
        """The addresses that the person's computer may have there."""

    @property
    def patience(self) -> float:
        """How long it may take until somebody is let in again that ended the listener (seconds)."""

    def fingerprint(self, key: str) -> str:
        """Return the fingerprint of one of the keys."""

    def public(self, key: str) -> str:
        """Return one of the public keys."""

    def client(self, program: str, key: str) -> list[str]:
        """Return the command of ssh or sftp with all options, port and key, but neither login name nor host."""

    def elsewhere(self) -> str:
        """Return another address of the person's computer each time, or nothing where there is but one."""

    def record(self) -> list[Entry]:
        """Return what is kept of the container's output."""

    def tidy(self) -> None:
        """Take away what attempts left in the person's home and the temporary folder."""

    def revive(self) -> None:
        """See to it that the container runs again if it ended."""


def try_out(site: Site, attempt: Attempt) -> Found:
    """Make an attempt, and say what came of it."""
    site.tidy()
    before = len(site.record())
    with beside(site) if attempt.is_beside else nullcontext():
        printed = outside(site, attempt) if attempt.is_outside else within(site, attempt)
    status = visits(site, at_once=attempt.outcome != "marked")
    people = Counter({site.fingerprint(FIRST): attempt.log_ins + 1, site.fingerprint(SECOND): int(attempt.is_beside)})
    came = Came(+people, site.fingerprint(STRANGER), site.addresses, status)
    until = time.monotonic() + _TOLD
    while not is_told(entries := site.record()[before:], came) and time.monotonic() < until:
        time.sleep(0.05)
    return judge(attempt, printed, entries, came)


def within(site: Site, attempt: Attempt) -> str:
    """Run a script in a session, and return what it printed."""
    script = f"{_variables({**_words(site), **site.inside})}{_LOOK}{attempt.script}"
    return _run([*site.client("ssh", FIRST), f"{site.login}@{site.host}", script])


def outside(site: Site, attempt: Attempt) -> str:
    """Run a script on the person's own computer, and return what it printed."""
    clients = {name: shlex.join(site.client(name.lower(), FIRST)) for name in ("SSH", "SFTP")}
    place = {"HOST": f"{site.login}@{site.host}", "ADDRESS": site.host, "PORT": str(site.port)}
    place |= {"FROM": site.elsewhere(), "PYTHON": sys.executable, "PYTHONPATH": str(_ROOT)}
    return _run(["sh", "-c", _variables({**_words(site), **clients, **place}) + attempt.script])


def _words(site: Site) -> dict[str, str]:
    return {"STRANGER": site.public(STRANGER), "FORGED": site.inside["FORGED"], "LINE": _LINE}


def _variables(variables: Mapping[str, str]) -> str:
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())


def _run(command: Sequence[str]) -> str:
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=_TIMEOUT,
            check=False, cwd=os.sep,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return BROKEN
    return f"{done.stdout}\n{done.stderr}"


def visits(site: Site, *, at_once: bool) -> int:
    """Have an honest person and a stranger come, and return the stranger's status.

    Args:
        site: Where to.
        at_once: Whether both can; where the listener may be away, nobody is refused until somebody was let in.
    """
    if not at_once:
        enter(site)
        return knock(site)
    with ThreadPoolExecutor(1) as others:
        status = others.submit(knock, site)
        enter(site)
        return status.result()


def enter(site: Site) -> None:
    """Get in honestly, and leave; what ended the listener is waited for.

    Raises:
        TimeoutError: The person is not let in any more.
    """
    until = time.monotonic() + site.patience
    while time.monotonic() < until:
        site.revive()
        if _status([*site.client("ssh", FIRST), f"{site.login}@{site.host}", "true"]) == 0:
            return
        time.sleep(0.2)
    raise TimeoutError("the person is not let in any more")


def knock(site: Site) -> int:
    """Try to get in with a key that is on no list, and return ssh's status."""
    source = site.elsewhere()
    options = ["-o", f"BindAddress={source}"] if source else []
    return _status([*site.client("ssh", STRANGER), *options, f"{site.login}@{site.host}", "true"])


def _status(command: Sequence[str]) -> int:
    quiet = subprocess.DEVNULL
    return subprocess.run(command, stdin=quiet, stdout=quiet, stderr=quiet, timeout=_TIMEOUT, check=False).returncode


@contextmanager
def beside(site: Site) -> Iterator[None]:
    """Have a session of another key, and somebody who has not logged in, until the block ends."""
    before, pipe = log_ins(site.record())[site.fingerprint(SECOND)], subprocess.PIPE
    command = [*site.client("ssh", SECOND), f"{site.login}@{site.host}", "echo in; cat"]
    source = site.elsewhere()
    with (
        subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL) as session,
        socket.create_connection((site.host, site.port), _TIMEOUT, (source, 0) if source else None) as waiting,
    ):
        try:
            waiting.sendall(b"SSH-2.0-waits\r\n")
            waiting.recv(100)
            if session.stdout:
                session.stdout.readline()
            until = time.monotonic() + _TOLD
            while log_ins(site.record())[site.fingerprint(SECOND)] == before and time.monotonic() < until:
                time.sleep(0.05)
            yield
        finally:
            session.kill()
