"""The policy as frozen values: each class is a section of the file, and each field is declared here alone.

`parsing` makes them of a plain document, and `schema` makes the JSON Schema and the reference page of them: the text
below a field is what both say of it. A field without a default has to be there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import Field

from swish_spawner.core.policy.sections.fields import (
    LEFT_OUT,
    Duration,
    Flag,
    Key,
    List,
    Maybe,
    Memory,
    Money,
    String,
    Table,
    Text,
    Version,
    no_entries,
)
from swish_spawner.core.policy.sections.pools import Pool
from swish_spawner.core.policy.sections.ssh import Ssh
from swish_spawner.core.policy.sections.teams import Team


@dataclass(frozen=True, slots=True)
class Price:
    """What a unit costs; a price that is left out is zero."""

    cpu_core_hour: Money = Decimal(0)
    """One core for one hour."""
    memory_gib_hour: Money = Decimal(0)
    """One GiB of memory for one hour."""
    disk_gib_month: Money = Decimal(0)
    """One GiB of disk for one month."""
    gpu_hour: Table[Money] = field(default_factory=no_entries)
    """One GPU for one hour, by kind."""


@dataclass(frozen=True, slots=True)
class Home:
    """The volume that keeps a person's files between sessions of one environment."""

    size: Memory = 10 * 2**30
    """How large it is made."""
    storage_class: Annotated[Maybe[Text], Field(alias="class")] = None
    """The StorageClass; left out, the cluster's default."""
    mount: Annotated[String, Field(pattern="^/[a-z0-9/_-]+$")] = "/home/swish"
    """Where it is mounted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """Something that people can choose to run."""

    name: Key = LEFT_OUT
    title: Text
    """What the launch page calls it."""
    description: Text = ""
    """One line below the title."""
    image: Annotated[String, Field(pattern="^[a-z0-9][a-zA-Z0-9._/:@-]{0,254}$")]
    """A full image reference, or the bare name of an image that the installation ships, which gets the installation's
    registry and tag."""


@dataclass(frozen=True, slots=True)
class Packages:
    """Whether a person may name pip packages to install before the environment starts."""

    enabled: Flag = True
    """Whether a person may ask for it."""


@dataclass(frozen=True, slots=True)
class IdleStep:
    """What happens after an environment has been idle for so long."""

    after: Duration
    """How long it has been idle."""
    do: Literal["alert", "notify", "shrink", "stop"]
    """What happens: an alert, a mail to its owner, less CPU and memory, or the end."""
    warn: Maybe[Duration] = None
    """How long before a stop its owner is warned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One file that says which images, pools and teams there are, what they cost, and what happens to an environment
    that nobody uses. Every size and duration is text with a unit, every amount of money is text, and every list that
    people merge is a mapping from a name.
    """  # noqa: D205 - it is the description of the schema and of the reference page

    version: Version
    """The version of this file's shape."""
    currency: Annotated[String, Field(pattern="^[A-Z]{3}$")] = "USD"
    """The ISO 4217 code that all prices are in."""
    prices: Price = field(default_factory=Price)
    home: Home = field(default_factory=Home)
    images: Annotated[Table[Image], Field(min_length=1)]
    """What people can choose to run, by name."""
    pools: Annotated[Table[Pool], Field(min_length=1)]
    """Kinds of nodes and the sizes they take, by name."""
    teams: Annotated[Table[Team], Field(min_length=1)]
    """Who pays and who belongs together, by name."""
    packages: Packages = field(default_factory=Packages)
    ssh: Ssh = field(default_factory=Ssh)
    idle: Table[Annotated[List[IdleStep], Field(min_length=1)]] = field(default_factory=no_entries)
    """Ladders of what happens to an environment that nobody uses, by name; a team stands on "standard" or names
    another."""


def namespaces(policy: Policy, own: str) -> frozenset[str]:
    """Return every namespace that environments run in.

    Args:
        policy: in force.
        own: the installation's own, where those of teams without one run, and the gateway.
    """
    return frozenset((own, *(team.namespace for team in policy.teams.values() if team.namespace)))


def with_image_references(policy: Policy, reference: Callable[[str], str]) -> Policy:
    """Return the policy with each image's bare name replaced by its full reference.

    Args:
        policy: as parsed.
        reference: from what the policy file says to a reference that a node can pull.
    """
    images = {name: replace(image, image=reference(image.image)) for name, image in policy.images.items()}
    return replace(policy, images=MappingProxyType(images))
