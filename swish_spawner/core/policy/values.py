"""The policy as frozen values; `policy_parsing` makes them of a plain document."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from ipaddress import IPv4Network, IPv6Network
from types import MappingProxyType
from typing import Generic, TypeVar

Amount = TypeVar("Amount", Decimal, int)
Network = IPv4Network | IPv6Network


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
    """A kind of nodes, and what an environment on it may ask for.

    `ssh` is where sshd runs: in a ``sidecar``, or in the ``notebook`` container with its GPU and its memory.
    """

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
    ssh: str
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
    lead_groups: frozenset[str]
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
    """Whether, from where and how people may enter an environment by ssh.

    Attributes:
        enabled: whether a person may ask for it.
        domain: the DNS zone that environments get names in.
        ttl: how long a resolver may keep a name (seconds).
        allow_cidrs: the networks that may connect.
        password: whether a password will do.
        service: the type of each environment's Service.
        service_annotations: added to each environment's Service.
        load_balancer_class: who makes the load balancers.
        cpu: of the sidecar, in cores.
        memory: of the sidecar, in bytes.
        remote_forwarding: whether a session may listen in the environment (``ssh -R``).
        user_cas: name and public key of each authority whose certificates are let in.
        gateway: the host name of the shared gateway.
        gateway_cidrs: the networks that the gateway's pods connect from.
        github: whether keys may be taken over from a GitHub account.
        presence_cap: how long an open session without any input counts as use.
    """

    enabled: bool
    domain: str | None
    ttl: int
    allow_cidrs: tuple[Network, ...]
    password: bool
    service: str
    service_annotations: Mapping[str, str]
    load_balancer_class: str | None
    cpu: Decimal
    memory: int
    remote_forwarding: bool
    user_cas: tuple[tuple[str, str], ...]
    gateway: str | None
    gateway_cidrs: tuple[Network, ...]
    github: bool
    presence_cap: timedelta


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


def is_lead(team: Team, person: str, groups: Iterable[str]) -> bool:
    """Say whether somebody leads a team: by name, or as a member of one of its leads' groups."""
    return person in team.leads or not team.lead_groups.isdisjoint(groups)


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
