"""The sidecar of an environment that runs in a cluster, as attempts use it, and its owner's computer."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from swish_spawner.core.ssh.sshd import CONTAINER, KEYS, LOGIN, PORT, START
from swish_spawner.core.ssh_log.events.source import Source
from swish_spawner.core.ssh_log.stream import log_of, status_of
from tests.e2e.hub import Person
from tests.e2e.install import Install, install, wait_until
from tests.e2e.policy import look_at_volumes
from tests.e2e.ssh import Host, Keys, Laptop, gets_in, host_of
from tests.images.attempts.judging import Entry, Record
from tests.images.attempts.lab_site import fingerprint, forged_line
from tests.images.attempts.trying import FIRST, SECOND, STRANGER

#: What attempts leave behind.
_LEFT: Final = (
    *(".bashrc", ".profile", ".bash_profile", ".bash_login", ".pam_environment", ".ssh", "mine", "mine.so", "quiet"),
    *("read", "said", "full", "tell.py", "witness*", ".local/bin", ".local/lib/python3*/site-packages/*customize.py"),
    *("sitecustomize.py", "usercustomize.py", "socket.py", "json.py", "swish_sshd.py", "*/socket.py"),
)
#: From one address a bad log-in is forgiven every six seconds, and a stranger comes after each attempt.
_PAUSE: Final = 8.0


@dataclass
class PodSite:
    """A pod's sidecar."""

    install: Install
    pod: str
    source: Source
    laptop: Laptop
    entrance: Host
    port: int = 22
    login: str = LOGIN
    #: The kubelet takes its time with a container that ends again and again.
    patience: float = 400
    addresses: Sequence[str] = ()
    _restarts: int = 0
    _ended: list[str] = field(default_factory=list)
    _lines: list[str] = field(default_factory=list)
    _then: float = 0

    def __post_init__(self) -> None:
        self._record = Record(self.source)

    @property
    def host(self) -> str:
        """The address of the environment's Service."""
        return self.entrance.address

    @property
    def inside(self) -> Mapping[str, str]:
        """The variables of scripts in a session."""
        return {
            "START": START, "KEYS": KEYS, "LIB": "/usr/local/lib/swish_sshd", "PROGRAM": "/usr/local/bin/swish-sshd",
            "PORT": str(PORT), "FORGED": forged_line(self.source),
        }  # fmt: skip

    def fingerprint(self, key: str) -> str:
        """Return the fingerprint of one of the keys."""
        return fingerprint(self.laptop.folder / f"{key}.pub")

    def public(self, key: str) -> str:
        """Return one of the public keys."""
        return (self.laptop.folder / f"{key}.pub").read_text().strip()

    def client(self, program: str, key: str) -> list[str]:
        """Return the command of ssh or sftp; the login name is given with the host."""
        options = self.laptop.options(self.entrance, key)
        name = options.index(f"User={LOGIN}")
        return [program, *options[: name - 1], *options[name + 1 :]]

    def elsewhere(self) -> str:
        """Return nothing: there is but one address that the policy lets in."""
        return ""

    def record(self) -> list[Entry]:
        """Return what is kept of the output of the container, and of those of it that ended since this began."""
        # while it begins again there is no log, and what was read last is what there is
        with suppress(AssertionError):
            restarts = status_of(self.install.get("pod", self.pod), CONTAINER).restarts
            if restarts > self._restarts:
                self._ended += self._logs("--previous")
                self._restarts = restarts
            self._lines = [*self._ended, *self._logs()]
        return list(self._record.read(self._lines))

    def _logs(self, *which: str) -> list[str]:
        return list(
            filter(None, self.install.kubectl("logs", self.pod, f"--container={CONTAINER}", *which).split("\n"))
        )

    def exec(self, command: str) -> str:
        """Run a command in the sidecar, as an administrator can.

        Raises:
            AssertionError: It failed.
        """
        return self.install.kubectl("exec", self.pod, f"--container={CONTAINER}", "--", "/bin/sh", "-c", command)

    def tidy(self) -> None:
        """Take away what attempts left, and wait until a bad log-in more is forgiven."""
        time.sleep(max(0.0, self._then + _PAUSE - time.monotonic()))
        self._then = time.monotonic()
        with suppress(AssertionError):
            self.exec(f"cd && /bin/rm -rf {' '.join(_LEFT)} /tmp/swish-ssh-*")

    def revive(self) -> None:
        """Leave it to the kubelet."""


@contextmanager
def pod_site(namespace: str, pod: str) -> Iterator[tuple[PodSite, str]]:
    """Have the sidecar of a pod, with new keys of its owner's, until the block ends; and what its sshd calls itself.

    Raises:
        SystemExit: It is no pod of an environment with ssh in a sidecar.
    """
    found = replace(install(), namespace=namespace)
    document = found.get("pod", pod)
    log = log_of(document, namespace)
    if log is None or log.source.kind != "sidecar":
        raise SystemExit(f"error: {pod} has no sidecar for ssh")
    user = log.source.user
    password = found.admin_password if user == found.admin_username else found.password
    with TemporaryDirectory() as folder, Person(found, user, password) as person, Keys(person) as keys:
        laptop = Laptop(Path(folder))
        for name in (FIRST, SECOND):
            keys.add(laptop.make_key(name).with_suffix(".pub"))
        laptop.make_key(STRANGER)
        entrance = host_of(found, keys, log.source.server)
        look_at_volumes(found, f"pod/{pod}")
        both = (FIRST, SECOND)
        wait_until("both let in", lambda: all(gets_in(laptop, entrance, key=key) for key in both), within_seconds=180)
        restarts = status_of(document, CONTAINER).restarts
        site = PodSite(found, pod, log.source, laptop, entrance, _restarts=restarts)
        wait_until("the log-ins are told", lambda: addresses_of(site), within_seconds=60)
        site.addresses = addresses_of(site)
        yield site, site.exec("/usr/sbin/sshd -V 2>&1").strip().splitlines()[-1]


def addresses_of(site: PodSite) -> list[str]:
    """Return the addresses that this machine has in the pod's record: those of log-ins with the key made last."""
    own = site.fingerprint(SECOND)
    return [str(entry["address"]) for entry in site.record() if entry.get("fingerprint") == own and "address" in entry]
