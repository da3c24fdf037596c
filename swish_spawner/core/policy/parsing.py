"""How a plain document becomes a Policy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import ip_network
from types import MappingProxyType
from typing import Any

from swish_spawner.core.policy import rules
from swish_spawner.core.policy.schema import Schema, check, with_defaults
from swish_spawner.core.policy.values import (
    Amount,
    Bounds,
    Home,
    IdleStep,
    Image,
    NodeAffinity,
    Nodes,
    Packages,
    Policy,
    Pool,
    Price,
    Quota,
    Scratch,
    Size,
    Ssh,
    Team,
)
from swish_spawner.core.units import parse_cpu, parse_duration, parse_memory, parse_money
from swish_spawner.errors import PolicyError


def parse_policy(document: object, schema: Schema) -> Policy:
    """Turn a plain document into a Policy, or say everything that is wrong with it.

    Args:
        document: what the policy file holds, as plain data; it is left as it is.
        schema: the JSON Schema of the file (``policy.schema.yaml``), as plain data.

    Returns:
        The policy; what the document leaves out has the default that the schema states.

    Raises:
        PolicyError: every problem, each with its path: those of the schema, and those of `rules`.
    """
    problems, rest = check(document, schema)
    complete = with_defaults(rest, schema)
    problems += tuple(rules.problems(complete))
    if problems:
        raise PolicyError(problems)
    return _policy(complete)


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
        ssh=doc.get("ssh", "notebook" if doc["gpus"] or "above" in doc else "sidecar"),
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
        lead_groups=frozenset(doc["lead_groups"]),
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
    return Ssh(
        enabled=doc["enabled"],
        domain=doc.get("domain"),
        ttl=doc["ttl"],
        allow_cidrs=tuple(map(ip_network, doc["allow_cidrs"])),
        password=doc["password"],
        service=doc["service"],
        service_annotations=_frozen(dict(doc["service_annotations"])),
        load_balancer_class=doc.get("load_balancer_class"),
        cpu=parse_cpu(doc["cpu"]),
        memory=parse_memory(doc["memory"]),
        remote_forwarding=doc["remote_forwarding"],
        user_cas=tuple(doc["user_cas"].items()),
        gateway=doc.get("gateway"),
        gateway_cidrs=tuple(map(ip_network, doc["gateway_cidrs"])),
        github=doc["github"],
        presence_cap=parse_duration(doc["presence_cap"]),
    )


def _idle_step(doc: Mapping[str, Any]) -> IdleStep:
    return IdleStep(
        after=parse_duration(doc["after"]),
        do=doc["do"],
        warn=parse_duration(doc["warn"]) if "warn" in doc else None,
    )
