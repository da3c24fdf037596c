"""A real OpenSSH behind `swish-sshd`, run as the unprivileged user of an environment, and real clients for it.

Run by root, the listener gets what a pod gives it: a user id without rights, its own /etc/passwd and its own terminals.
Run by anybody else, it is that user's.
"""

from __future__ import annotations

import getpass
import json
import os
import pwd
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

from benchmarks.processes import free_port

IMAGES: Final = Path(__file__).parents[2] / "images"
ROOT: Final = os.getuid() == 0
SSHD: Final = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/sbin")
USER: Final = "swish" if ROOT else getpass.getuser()
TIMEOUT: Final = 30
_NEEDED: Final = ("ssh", "scp", "sftp", "rsync", "ssh-keygen")
#: What a container runtime does, and this test does not leave behind: a mount namespace of its own ends with it.
_CONTAINER: Final = """
mount -t devpts -o newinstance,gid=5,mode=620,ptmxmode=666 devpts /dev/pts && mount --bind /dev/pts/ptmx /dev/ptmx &&
mount --bind "$0/passwd" /etc/passwd &&
exec setpriv --reuid=1000 --regid=100 --clear-groups --bounding-set=-all --no-new-privs env -i HOME="$0/home" "$@"
"""


def missing() -> str:
    """Say what these tests need and this machine does not have; empty when all is there."""
    absent = [name for name in _NEEDED if not shutil.which(name)] + ([] if SSHD else ["sshd"])
    if absent:
        return f"no {', '.join(absent)} here; `make openssh` installs OpenSSH and rsync on Debian"
    return "" if _python() else "no Python 3.11 that another user than root may run"


def _python() -> str:
    """Return a Python that the listener's user may run; empty when there is none."""
    if not ROOT:
        return sys.executable
    found = shutil.which("python3", path="/usr/bin:/usr/local/bin")
    enough = [found or "false", "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
    return found if found and subprocess.run(enough, check=False).returncode == 0 else ""


@dataclass
class Lab:
    """One listener with its folders, and what it writes."""

    folder: Path
    port: int = field(default_factory=free_port)
    settings: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    process: subprocess.Popen[str] | None = None
    _lines: queue.Queue[str] = field(default_factory=queue.Queue)

    def make(self) -> None:
        """Make the folders: a host key, one person's key and one of a stranger, settings, accounts and a home."""
        for name in ("start", "keys", "home", "run"):
            (self.folder / name).mkdir()
        for part in ("bin", "lib"):
            shutil.copytree(IMAGES / "environment" / part, self.folder / part, ignore=shutil.ignore_patterns("__py*"))
        for key in ("start/host_key", "ada", "ada-second", "stranger"):
            self.make_key(key)
        (self.folder / "keys" / "authorized_keys").write_text((self.folder / "ada.pub").read_text())
        self.write_settings()
        self.write_accounts("*")
        self.own()

    def make_key(self, name: str, kind: str = "ed25519", *options: str) -> None:
        """Make a pair of keys."""
        words = ["ssh-keygen", "-q", "-t", kind, *options, "-N", "", "-C", "", "-f", str(self.folder / name)]
        subprocess.run(words, check=True)

    def write_accounts(self, password_hash: str) -> None:
        """Write the /etc/passwd that the listener sees where root runs the tests."""
        home = self.folder / "home"
        lines = ["root:*:0:0:root:/root:/usr/sbin/nologin", f"{USER}:{password_hash}:1000:100::{home}:/bin/bash"]
        (self.folder / "passwd").write_text("\n".join(lines) + "\n")

    def write_settings(self) -> None:
        """Write settings.json."""
        whole = {
            "mode": "environment", "environment": "lab", "team": "imaging", "user": "ada@example.org",
            "port": self.port, "allow_cidrs": ["127.0.0.0/8"], "gateway_cidrs": [], "remote_forwarding": False,
            "password": False, **self.settings,
        }  # fmt: skip
        (self.folder / "start" / "settings.json").write_text(json.dumps(whole))

    def own(self) -> None:
        """Give all to the user that the listener runs as."""
        self.folder.chmod(0o755)
        if ROOT:
            for path in (self.folder, *self.folder.rglob("*")):
                os.chown(path, 1000, 100, follow_symlinks=False)

    @property
    def command(self) -> list[str]:
        """The command that runs the listener as the environment's user."""
        program = [_python(), "-I", str(self.folder / "bin" / "swish_sshd.py")]
        program += ["--start", f"{self.folder}/start", "--keys", f"{self.folder}/keys"]
        program += ["--sshd", str(SSHD), "--temporary", f"{self.folder}/run", *self.more]
        return self.inside(*program)

    def inside(self, *program: str) -> list[str]:
        """Return the command that runs a program as the environment's user, with what a pod gives it."""
        variables = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", **self.variables}
        words = [f"{name}={value}" for name, value in variables.items()]
        if not ROOT:
            return ["env", "-i", f"HOME={self.folder}/home", *words, *program]
        return [
            "unshare", "--mount", "--propagation", "private", "sh", "-c", _CONTAINER, str(self.folder), *words, *program
        ]  # fmt: skip

    more: list[str] = field(default_factory=list)

    def start(self, *, wait: bool = True) -> None:
        """Start the listener."""
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd="/"
        )
        for stream, take in ((self.process.stdout, self._take_event), (self.process.stderr, self._take_said)):
            threading.Thread(target=_follow, args=(stream, take), daemon=True).start()
        if wait:
            self.wait_for(lambda: self.find("started"))

    def _take_event(self, line: str) -> None:
        self.events.append(json.loads(line))

    def _take_said(self, line: str) -> None:
        self.said.append(line)

    def stop(self) -> int:
        """Ask the listener to stop; returns its exit status."""
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(TIMEOUT)
        time.sleep(0.1)
        return status

    def find(self, event: str, **fields: Any) -> list[dict[str, Any]]:
        """Return the events of a kind whose fields have these values."""
        return [
            found for found in list(self.events)
            if found["event"] == event and all(found.get(name) == value for name, value in fields.items())
        ]  # fmt: skip

    def wait_for(self, condition: Callable[[], Any], seconds: float = TIMEOUT) -> Any:
        """Wait until something is true, and return it."""
        deadline = time.monotonic() + seconds
        while not (found := condition()):
            if time.monotonic() > deadline:
                raise AssertionError(f"not in {seconds} s; events: {self.events[-20:]}; said: {self.said[-20:]}")
            time.sleep(0.02)
        return found

    def clear(self) -> None:
        """Forget the events so far, once all who came have left."""
        self.wait_for(lambda: len(self.find("login")) == len(self.find("logout")))
        self.events.clear()

    def wait_event(self, event: str, **fields: Any) -> dict[str, Any]:
        """Wait for an event, and return the last one that fits."""
        found: list[dict[str, Any]] = self.wait_for(lambda: self.find(event, **fields))
        return found[-1]

    def options(self, key: str = "ada", *, capital: bool = False) -> list[str]:
        """Return the options of a client that heeds nothing but these."""
        known = self.folder / "known_hosts"
        if not known.exists():
            public = (self.folder / "start" / "host_key.pub").read_text()
            known.write_text(f"[127.0.0.1]:{self.port} {public}")
        words = {
            "IdentitiesOnly": "yes", "IdentityFile": self.folder / key, "IdentityAgent": "none", "BatchMode": "yes",
            "UserKnownHostsFile": known, "StrictHostKeyChecking": "yes", "LogLevel": "ERROR", "ConnectTimeout": "20",
        }  # fmt: skip
        pairs = [word for name, value in words.items() for word in ("-o", f"{name}={value}")]
        return ["-F", "none", *pairs, "-P" if capital else "-p", str(self.port)]

    def ssh(self, *words: str, key: str = "ada", user: str = USER, **more: Any) -> subprocess.CompletedProcess[str]:
        """Run ssh to its end; options come before the first word that is none, which begins the command."""
        flags = list(_flags(words))
        command = ["ssh", *self.options(key), *flags, f"{user}@127.0.0.1", *words[len(flags) :]]
        return self.run(command, **more)

    def run(self, command: list[str], **more: Any) -> subprocess.CompletedProcess[str]:
        """Run a client to its end."""
        given = {"stdin": subprocess.DEVNULL, **more} if "input" not in more else more
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **given)

    def open(self, *words: str, key: str = "ada") -> subprocess.Popen[str]:
        """Start ssh, and leave it running."""
        flags = list(_flags(words))
        command = ["ssh", *self.options(key), *flags, f"{USER}@127.0.0.1", *words[len(flags) :]]
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    @property
    def home(self) -> Path:
        """The person's home in the environment: where a session begins."""
        return self.folder / "home" if ROOT else Path(pwd.getpwuid(os.getuid()).pw_dir)


def _flags(words: tuple[str, ...]) -> Iterator[str]:
    """Yield the options that words begin with; each of one letter that takes a value has it as the next word."""
    takes_value = False
    for word in words:
        if not takes_value and not word.startswith("-"):
            return
        takes_value = word in {"-L", "-R", "-W", "-o", "-S"} and not takes_value
        yield word


def _follow(stream: Any, take: Callable[[str], None]) -> None:
    for line in stream:
        take(line.rstrip("\n"))


@contextmanager
def lab(parent: Path | None = None, **settings: Any) -> Iterator[Lab]:
    """Make a listener, not yet started, and clear it away; its folder is in the parent, or where temporary ones are."""
    with cleared(Lab(new_folder(parent), settings=settings)) as made:
        yield made


def new_folder(parent: Path | None = None) -> Path:
    """Make a folder for a lab, in the parent, or where temporary ones are."""
    return Path(tempfile.mkdtemp(prefix="swish-lab-", dir=parent))


L = TypeVar("L", bound=Lab)


@contextmanager
def cleared(made: L) -> Iterator[L]:
    """Make what a lab needs, and clear all away."""
    try:
        made.make()
        yield made
    finally:
        if made.process and made.process.poll() is None:
            made.stop()
        if made.process:
            for stream in (made.process.stdout, made.process.stderr):
                if stream:
                    stream.close()
        shutil.rmtree(made.folder, ignore_errors=True)
