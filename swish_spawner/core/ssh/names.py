"""Names of environments in the cluster's network: in a space of their own, where none of a person's is ever taken."""

from __future__ import annotations

from typing import Final

_PREFIX: Final = "env-"


def service_name(environment: str) -> str:
    """Return the name of an environment's Service."""
    return f"{_PREFIX}{environment}"


def environment_of(host: str) -> str:
    """Return the environment that a name leads to.

    Args:
        host: as it was typed: the Service's name, alone or in the cluster, or the public one.
    """
    name, _, place = host.partition(".")
    return name if place and not place.endswith(".svc") else name.removeprefix(_PREFIX)
