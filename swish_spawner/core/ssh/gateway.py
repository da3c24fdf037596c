"""What the shared gateway lets a key do: reach the ssh port of its owner's own environments, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Target:
    """One environment that runs with ssh.

    Attributes:
        environment: its name.
        service: its Service's name.
        namespace: of the Service.
        host: its public name, or None without one.
        port: of the Service.
    """

    environment: str
    service: str
    namespace: str
    host: str | None
    port: int

    @property
    def inside(self) -> str:
        """The name that every pod of the cluster resolves."""
        return f"{self.service}.{self.namespace}.svc"

    @property
    def names(self) -> tuple[str, ...]:
        """Each name that may stand after ``ssh -J``, with the port."""
        names = (self.inside, self.service, *((self.host,) if self.host else ()))
        return tuple(f"{name}:{self.port}" for name in names)


def target_of(state: Mapping[str, Any]) -> Target | None:
    """Return the target that a server's state at the hub describes, or None for one without ssh."""
    ssh = state.get("swish_ssh")
    if not ssh:
        return None
    service = ssh["service"]
    return Target(ssh["environment"], service["name"], service["namespace"], ssh.get("host"), ssh["port"])


def gateway_line(key_line: str, targets: Sequence[Target]) -> str:
    """Return a line of ``authorized_keys`` for the gateway.

    Args:
        key_line: type and data of the key.
        targets: where it may go; with none it may log in and do nothing.
    """
    places = [f'permitopen="{name}"' for target in targets for name in target.names]
    # without any place, `port-forwarding` would open all of them
    options = ["restrict", *(["port-forwarding", *places] if places else [])]
    return f"{','.join(options)} {key_line}"


def gateway_targets(targets: Sequence[Target]) -> dict[str, str]:
    """Return the full name in the cluster of each name that may be asked for, with the ports."""
    return {name: f"{target.inside}.cluster.local:{target.port}" for target in targets for name in target.names}
