"""The policy as frozen values, and how a plain document becomes one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from ipaddress import IPv4Network, IPv6Network, ip_network
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from swish_spawner.core import policy_rules
from swish_spawner.core.document import Schema, check, with_defaults
from swish_spawner.core.units import parse_cpu, parse_duration, parse_memory, parse_money
from swish_spawner.errors import PolicyError

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


def parse_policy(document: object, schema: Schema) -> Policy:
    """Turn a plain document into a Policy, or say everything that is wrong with it.

    Args:
        document: what the policy file holds, as plain data; it is left as it is.
        schema: the JSON Schema of the file (``policy.schema.yaml``), as plain data.

    Returns:
        The policy; what the document leaves out has the default that the schema states.

    Raises:
        PolicyError: every problem, each with its path: those of the schema, and those of `policy_rules`.
    """
    problems, rest = check(document, schema)
    complete = with_defaults(rest, schema)
    problems += tuple(policy_rules.problems(complete))
    if problems:
        raise PolicyError(problems)
    return _policy(complete)


def with_image_references(policy: Policy, reference: Callable[[str], str]) -> Policy:
    """Return the policy with each image's bare name replaced by its full reference.

    Args:
        policy: as parsed.
        reference: from what the policy file says to a reference that a node can pull.
    """
    images = {name: replace(image, image=reference(image.image)) for name, image in policy.images.items()}
    return replace(policy, images=_frozen(images))


def _policy(doc: Mapping[str, Any]) -> Policy:
    return Policy(
        version=doc["version"],
        currency=doc["currency"],
        prices=_price(doc["prices"]),
        home=Home(parse_memory(doc["home"]["size"]), doc["home"].get("class"), doc["home"]["mount"]),
        images=_frozen({name: Image(name, **image) for name, image in doc["images"].items()}),
        pools=_frozen({name: _pool(name, pool) for name, pool in doc["pools"].items()}),
        teams=_frozen({name: _team(name, team, doc) for name, team in doc["teams"].items()}),
        packages=Packages(**doc["packages"]),
        ssh=_ssh(doc["ssh"]),
        idle=_frozen({name: tuple(map(_idle_step, steps)) for name, steps in doc["idle"].items()}),
    )


def _frozen(mapping: dict[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType(mapping)


def _price(doc: Mapping[str, Any]) -> Price:
    return Price(
        cpu_core_hour=parse_money(doc["cpu_core_hour"]),
        memory_gib_hour=parse_money(doc["memory_gib_hour"]),
        disk_gib_month=parse_money(doc["disk_gib_month"]),
        gpu_hour=_frozen({kind: parse_money(price) for kind, price in doc["gpu_hour"].items()}),
    )


def _pool(name: str, doc: Mapping[str, Any]) -> Pool:
    return Pool(
        name=name,
        title=doc.get("title", name),
        description=doc["description"],
        cpu=_bounds(doc["cpu"], parse_cpu),
        memory=_bounds(doc["memory"], parse_memory),
        sizes=tuple(_size(size_name, size) for size_name, size in doc["sizes"].items()),
        gpus=_frozen(dict(doc["gpus"])),
        above=parse_memory(doc["above"]) if "above" in doc else None,
        qos=doc["qos"],
        taint=doc.get("taint"),
        protect=doc["protect"],
        scratch=_scratch(doc["scratch"]) if "scratch" in doc else None,
        shm=parse_memory(doc["shm"]) if "shm" in doc else None,
        stop_grace=parse_duration(doc["stop_grace"]),
        nodes=_nodes(doc["nodes"]),
    )


def _bounds(doc: Mapping[str, Any], parse: Callable[[Any], Amount]) -> Bounds[Amount]:
    return Bounds(min=parse(doc["min"]), max=parse(doc["max"]), default=parse(doc["default"]))


def _size(name: str, doc: Mapping[str, Any]) -> Size:
    return Size(name, doc.get("title", name), parse_cpu(doc["cpu"]), parse_memory(doc["memory"]))


def _scratch(doc: Mapping[str, Any]) -> Scratch:
    return Scratch(parse_memory(doc["size"]), doc.get("class"), doc["path"], doc["access"], doc["keep"])


def _nodes(doc: Mapping[str, Any]) -> Nodes:
    limits = doc["limits"]
    return Nodes(
        instance_types=tuple(doc["instance_types"]),
        capacity=tuple(doc["capacity"]),
        cpu_limit=parse_cpu(limits["cpu"]) if "cpu" in limits else None,
        memory_limit=parse_memory(limits["memory"]) if "memory" in limits else None,
    )


def _team(name: str, doc: Mapping[str, Any], policy: Mapping[str, Any]) -> Team:
    return Team(
        name=name,
        title=doc.get("title", name),
        groups=frozenset(doc["groups"]),
        leads=tuple(doc["leads"]),
        projects=tuple(doc["projects"]),
        pools=tuple(doc.get("pools", policy["pools"])),
        images=tuple(doc.get("images", policy["images"])),
        namespace=doc.get("namespace"),
        quota=_quota(doc["quota"]),
        per_user=_quota(doc["per_user"]),
        affinity=NodeAffinity(**doc["affinity"]),
        budget_month=parse_money(doc["budget"]["month"]) if "budget" in doc else None,
        idle=doc["idle"],
    )


def _quota(doc: Mapping[str, Any]) -> Quota:
    return Quota(
        cpu=parse_cpu(doc["cpu"]) if "cpu" in doc else None,
        memory=parse_memory(doc["memory"]) if "memory" in doc else None,
        gpus=doc.get("gpus"),
        environments=doc.get("environments"),
    )


def _ssh(doc: Mapping[str, Any]) -> Ssh:
    networks = tuple(ip_network(text) for text in doc["allow_cidrs"])
    return Ssh(doc["enabled"], doc.get("domain"), doc["ttl"], networks, doc["password"])


def _idle_step(doc: Mapping[str, Any]) -> IdleStep:
    return IdleStep(
        after=parse_duration(doc["after"]),
        do=doc["do"],
        warn=parse_duration(doc["warn"]) if "warn" in doc else None,
    )
