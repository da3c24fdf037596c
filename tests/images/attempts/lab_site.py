"""This machine's OpenSSH as an environment's container has it: as process 1, with files of root's."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from swish_spawner.core.ssh_log.events.source import Source
from tests.images import ssh_lab
from tests.images.attempts.attempt import FORGED_ADDRESS, FORGED_KEY
from tests.images.attempts.judging import Entry, Record
from tests.images.attempts.trying import FIRST, SECOND, STRANGER
from tests.images.ssh_lab import Lab, cleared, new_folder

_SOURCE: Final = Source("sidecar", "swish", "jupyter-ada", "lab", "imaging", "ada@example.org")
_KEYS: Final = {FIRST: "ada", SECOND: "ada-second", STRANGER: "stranger"}
#: Where attempts leave things outside of the home.
_LEFT: Final = "swish-ssh-*"


def forged_line(source: Source) -> str:
    """Return a line of the record that is not true."""
    return json.dumps(
        {
            "swish": "ssh", "boot": "f00d", "n": 1, "time": "2026-01-02T03:04:05Z", "environment": source.environment,
            "team": source.team, "user": source.user, "event": "login", "connection": 99, "address": FORGED_ADDRESS,
            "fingerprint": FORGED_KEY, "method": "publickey", "key_type": "ED25519",
        },
        separators=(",", ":"),
    )  # fmt: skip


@dataclass
class PodLab(Lab):
    """A lab in which sessions may do what they may in an environment's sidecar, or more; only root can make one."""

    #: What both streams have had, as the node would have it.
    lines: list[str] = field(default_factory=list)

    def own(self) -> None:
        """Give all to root but the home, with the modes that a Secret's files and the image's have."""
        for path in self.folder.rglob("*"):
            os.chown(path, 0, 100 if path.parent.name in {"start", "keys"} else 0, follow_symlinks=False)
        for name in ("start", "keys"):
            for path in (self.folder / name).iterdir():
                path.chmod(0o440)
        os.chown(self.folder / "home", 1000, 100)
        self.folder.chmod(0o755)
        # as in the images: what its user may not read is closed to the user's other processes
        shutil.copy(str(ssh_lab.SSHD), self.folder / "sshd")
        (self.folder / "sshd").chmod(0o711)
        self.more = ["--sshd", f"{self.folder}/sshd", "--temporary", "/tmp"]  # noqa: S108 - the usual one is the point

    def inside(self, *program: str) -> list[str]:
        """Return the command that runs a program as process 1 of a container."""
        unshare, *rest = super().inside(*program)
        return [unshare, "--pid", "--fork", "--kill-child", "--mount-proc", *rest]

    def _take_event(self, line: str) -> None:
        self.lines.append(line)
        self.events += [json.loads(line)] if line.startswith("{") else []

    def _take_said(self, line: str) -> None:
        self.lines.append(line)
        self.said.append(line)

    def stop(self) -> int:
        """Ask process 1 to stop; what runs it hears no signals."""
        if self.process is None:
            return 0
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        for child in children.read_text().split() if children.exists() else ():
            os.kill(int(child), signal.SIGTERM)
        try:
            return self.process.wait(ssh_lab.TIMEOUT)
        except subprocess.TimeoutExpired:
            # all that runs there goes with it
            self.process.kill()
            return self.process.wait()


@dataclass
class LabSite:
    """A lab, as attempts use it."""

    box: PodLab
    host: str = "127.0.0.1"
    login: str = ssh_lab.USER
    patience: float = ssh_lab.TIMEOUT
    addresses: Sequence[str] = ("127.0.0.1",)
    _elsewhere: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _record: Record = field(default_factory=lambda: Record(_SOURCE))

    @property
    def port(self) -> int:
        """The port there."""
        return self.box.port

    @property
    def inside(self) -> Mapping[str, str]:
        """The variables of scripts in a session."""
        folder = self.box.folder
        return {
            "START": f"{folder}/start", "KEYS": f"{folder}/keys", "LIB": f"{folder}/lib/swish_sshd",
            "PROGRAM": f"{folder}/bin/swish_sshd.py", "PORT": str(self.port), "FORGED": forged_line(_SOURCE),
        }  # fmt: skip

    def fingerprint(self, key: str) -> str:
        """Return the fingerprint of one of the keys."""
        return self._fingerprints[key]

    def __post_init__(self) -> None:
        self._fingerprints = {key: fingerprint(self.box.folder / f"{name}.pub") for key, name in _KEYS.items()}

    def public(self, key: str) -> str:
        """Return one of the public keys."""
        return (self.box.folder / f"{_KEYS[key]}.pub").read_text().strip()

    def client(self, program: str, key: str) -> list[str]:
        """Return the command of ssh or sftp."""
        # the newer exchange of keys takes as long as all the rest, and is not what is tried here
        quick = ["-o", "KexAlgorithms=curve25519-sha256"]
        return [program, *self.box.options(_KEYS[key], capital=program != "ssh"), *quick]

    def elsewhere(self) -> str:
        """Return another address of this machine each time: none is to knock too often."""
        return f"127.9.{next(self._elsewhere)}.1"

    def record(self) -> list[Entry]:
        """Return what is kept of the output, of both streams, as the node has them."""
        return list(self._record.read(self.box.lines))

    def tidy(self) -> None:
        """Take away what attempts left."""
        for path in (*(self.box.folder / "home").iterdir(), *Path(self.box.more[-1]).glob(_LEFT)):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

    def revive(self) -> None:
        """Start the container again if it ended."""
        before = len(self.box.find("started"))
        if self.box.process and self.box.process.poll() is not None:
            for stream in (self.box.process.stdout, self.box.process.stderr):
                if stream:
                    stream.close()
            self.box.start(wait=False)
            self.box.wait_for(lambda: len(self.box.find("started")) > before)


def fingerprint(public: Path) -> str:
    """Return the fingerprint of a public key, as ssh-keygen prints it."""
    words = ["ssh-keygen", "-lf", str(public)]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()[1]


def version() -> str:
    """Return what this machine's sshd calls itself."""
    done = subprocess.run([str(ssh_lab.SSHD), "-V"], capture_output=True, text=True, check=False)
    return (done.stderr + done.stdout).strip().splitlines()[-1]


@contextmanager
def lab_site(**settings: Any) -> Iterator[LabSite]:
    """Have sshd run as in an environment until the block ends; its PATH leads to the person's home first, too."""
    with cleared(PodLab(new_folder(), settings=settings)) as box:
        box.variables = {"PATH": f"{box.folder}/home/.local/bin:/usr/local/bin:/usr/bin:/bin"}
        keys = box.folder / "keys" / "authorized_keys"
        keys.write_text(keys.read_text() + (box.folder / "ada-second.pub").read_text())
        box.start()
        yield LabSite(box)
