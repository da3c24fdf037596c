"""What the shared gateway lets a key do: reach the ssh port of its owner's own environments, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from swish_spawner.core.record import SshRecord


def names_of(target: SshRecord) -> tuple[str, ...]:
    """Return each name of an environment that may stand after ``ssh -J``, with the port."""
    names = (target.inside, target.service, *((target.host,) if target.host else ()))
    return tuple(f"{name}:{target.port}" for name in names)


def gateway_line(key_line: str, targets: Sequence[SshRecord]) -> str:
    """Return a line of ``authorized_keys`` for the gateway.

    Args:
        key_line: type and data of the key.
        targets: where it may go; with none it may log in and do nothing.
    """
    places = [f'permitopen="{name}"' for target in targets for name in names_of(target)]
    # without any place, `port-forwarding` would open all of them
    options = ["restrict", *(["port-forwarding", *places] if places else [])]
    return f"{','.join(options)} {key_line}"


def gateway_targets(targets: Sequence[SshRecord]) -> dict[str, str]:
    """Return the full name in the cluster of each name that may be asked for, with the ports."""
    return {name: f"{target.inside}.cluster.local:{target.port}" for target in targets for name in names_of(target)}
