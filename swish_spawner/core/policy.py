"""The policy as frozen values; `policy_parsing` makes them of a plain document."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from ipaddress import IPv4Network, IPv6Network
from types import MappingProxyType
from typing import Generic, TypeVar

Amount = TypeVar("Amount", Decimal, int)


@dataclass(frozen=True, slots=True)
class Bounds(Generic[Amount]):
    """The least, the most and the usual amount of something (cores, or bytes)."""

    min: Amount
    max: Amount
    default: Amount


@dataclass(frozen=True, slots=True)
class Price:
    """What a unit costs, in the policy's currency."""

    cpu_core_hour: Decimal
    memory_gib_hour: Decimal
    disk_gib_month: Decimal
    gpu_hour: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Home:
    """The volume that keeps a person's files between sessions of one environment."""

    size: int
    storage_class: str | None
    mount: str


@dataclass(frozen=True, slots=True)
class Image:
    """Something that people can choose to run; `image` is a reference or a bare name of the installation's."""

    name: str
    title: str
    description: str
    image: str


@dataclass(frozen=True, slots=True)
class Size:
    """A ready-made amount of CPU (cores) and memory (bytes)."""

    name: str
    title: str
    cpu: Decimal
    memory: int


@dataclass(frozen=True, slots=True)
class Scratch:
    """A large volume (bytes) for data that need not be kept."""

    size: int
    storage_class: str | None
    path: str
    access: str
    keep: bool


@dataclass(frozen=True, slots=True)
class Nodes:
    """What a pool's nodes may be, for the autoscaler; limits are cores and bytes in all."""

    instance_types: tuple[str, ...]
    capacity: tuple[str, ...]
    cpu_limit: Decimal | None
    memory_limit: int | None


@dataclass(frozen=True, slots=True)
class Pool:
    """A kind of nodes, and what an environment on it may ask for."""

    name: str
    title: str
    description: str
    cpu: Bounds[Decimal]
    memory: Bounds[int]
    sizes: tuple[Size, ...]
    gpus: Mapping[str, int]
    above: int | None
    qos: str
    taint: str | None
    protect: bool
    scratch: Scratch | None
    shm: int | None
    stop_grace: timedelta
    nodes: Nodes


@dataclass(frozen=True, slots=True)
class Quota:
    """The most that some environments may use together: cores, bytes, GPUs, how many; None is no limit."""

    cpu: Decimal | None
    memory: int | None
    gpus: int | None
    environments: int | None = None


@dataclass(frozen=True, slots=True)
class NodeAffinity:
    """Whether nodes labelled for the team or the project are ``none``, ``preferred`` or ``required``."""

    team: str
    project: str


@dataclass(frozen=True, slots=True)
class Team:
    """Who pays and who belongs together; pools and images are the names it may use."""

    name: str
    title: str
    groups: frozenset[str]
    leads: tuple[str, ...]
    projects: tuple[str, ...]
    pools: tuple[str, ...]
    images: tuple[str, ...]
    namespace: str | None
    quota: Quota
    per_user: Quota
    affinity: NodeAffinity
    budget_month: Decimal | None
    idle: str


@dataclass(frozen=True, slots=True)
class Packages:
    """Whether a person may name pip packages to install before the environment starts."""

    enabled: bool


@dataclass(frozen=True, slots=True)
class Ssh:
    """Whether and from where people may enter an environment by ssh; `ttl` is in seconds."""

    enabled: bool
    domain: str | None
    ttl: int
    allow_cidrs: tuple[IPv4Network | IPv6Network, ...]
    password: bool


@dataclass(frozen=True, slots=True)
class IdleStep:
    """What happens after an environment has been idle for so long; `warn` is how long before a stop."""

    after: timedelta
    do: str
    warn: timedelta | None


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything that the policy file says."""

    version: int
    currency: str
    prices: Price
    home: Home
    images: Mapping[str, Image]
    pools: Mapping[str, Pool]
    teams: Mapping[str, Team]
    packages: Packages
    ssh: Ssh
    idle: Mapping[str, tuple[IdleStep, ...]]


def with_image_references(policy: Policy, reference: Callable[[str], str]) -> Policy:
    """Return the policy with each image's bare name replaced by its full reference.

    Args:
        policy: as parsed.
        reference: from what the policy file says to a reference that a node can pull.
    """
    images = {name: replace(image, image=reference(image.image)) for name, image in policy.images.items()}
    return replace(policy, images=MappingProxyType(images))
