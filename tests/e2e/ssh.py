"""OpenSSH's own programs, as a person's computer runs them against an environment."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from tests.e2e.hub import Person
from tests.e2e.install import Install, wait_until

LOGIN = "swish"


@dataclass(frozen=True)
class Host:
    """An environment as ssh reaches it: its Service's address, and the host key that the page shows."""

    name: str
    address: str
    known_hosts: str


@dataclass(frozen=True)
class Laptop:
    """A folder with a person's key and known_hosts; nothing of this machine's own configuration is read."""

    folder: Path

    def make_key(self, name: str = "id_ed25519", kind: str = "ed25519") -> Path:
        """Make a key pair, and return the private one's place."""
        place = self.folder / name
        subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", name, "-f", place], check=True)
        return place

    def options(self, host: Host, key: str = "id_ed25519", *more: str) -> list[str]:
        """Return what ssh, scp, sftp and rsync are called with."""
        (self.folder / "known_hosts").write_text(f"environment {host.known_hosts}\n")
        options = {
            "BatchMode": "yes",
            "ConnectTimeout": "20",
            "HostKeyAlias": "environment",
            "IdentitiesOnly": "yes",
            "IdentityAgent": "none",
            "IdentityFile": str(self.folder / key),
            "StrictHostKeyChecking": "yes",
            "UserKnownHostsFile": str(self.folder / "known_hosts"),
            "User": LOGIN,
        }
        words = ["-F", "none", *(word for name, value in options.items() for word in ("-o", f"{name}={value}"))]
        # of an option that is given twice the first counts
        return [*more, *words]

    def ssh(self, host: Host, command: str, *more: str, key: str = "id_ed25519", **how: Any) -> Any:
        """Run a command in the environment, and return how it ended with what it printed."""
        return self.run(["ssh", *self.options(host, key, *more), host.address, command], **how)

    def run(self, argv: list[str], **how: Any) -> Any:
        """Run a program to its end."""
        given = {"capture_output": True, "text": True, "timeout": 120} | how
        return subprocess.run(argv, check=False, **given)

    @contextmanager
    def session(self, host: Host, command: str, *more: str) -> Iterator["subprocess.Popen[str]"]:
        """A session that stays open until the block ends, with pipes to it."""
        argv = ["ssh", *self.options(host, "id_ed25519", *more), host.address, command]
        pipe = subprocess.PIPE
        with subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
            try:
                yield process
            finally:
                process.kill()


class Keys:
    """A person's keys at the web service, over its REST API; in the end there are none."""

    def __init__(self, person: Person) -> None:
        answer = person.request("POST", f"users/{person.name}/tokens", json={"note": "e2e", "expires_in": 7200})
        token = answer.raise_for_status().json()["token"]
        base = f"{person.install.hub_url}services/swish/api/"
        self.http = httpx.Client(base_url=base, headers={"Authorization": f"token {token}"}, timeout=30)
        self.remove_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.remove_all()
        self.http.close()

    def add(self, public: Path) -> str:
        """Add a public key, and return its fingerprint."""
        answer = self.http.post("keys", json={"key": public.read_text(), "name": public.stem})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["fingerprint"])

    def remove(self, fingerprint: str) -> None:
        """Remove a key."""
        self.http.delete(f"keys/{fingerprint.replace('/', '%2F')}").raise_for_status()

    def remove_all(self) -> None:
        """Remove every key."""
        for key in self.http.get("keys").raise_for_status().json()["keys"]:
            self.remove(key["fingerprint"])

    def environment(self, server: str) -> dict[str, Any]:
        """Return what the page shows of an environment."""
        found = self.http.get("environments").raise_for_status().json()["environments"]
        return next(one for one in found if one["name"] == server)


def host_of(install: Install, keys: Keys, server: str) -> Host:
    """Return how an environment is reached, once its Service is there."""
    ssh = keys.environment(server)["ssh"]
    name = ssh["environment"]

    def service() -> Any:
        items = install.get("services")["items"]
        return next((one for one in items if one["metadata"]["name"] == f"env-{name}"), None)

    found = wait_until("the Service is there", service)
    return Host(name, found["spec"]["clusterIP"], ssh["host_key"])


def gets_in(laptop: Laptop, host: Host, *more: str, key: str = "id_ed25519") -> bool:
    """Say whether a key opens a session."""
    return bool(laptop.ssh(host, "true", *more, key=key).returncode == 0)
