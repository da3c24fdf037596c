"""What a policy document must keep to beyond what its fields may hold: rules that look at more than one key.

Each rule takes the document as it is written, with its invalid parts already taken out, so any key may be missing and
none is malformed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from itertools import pairwise
from typing import Any

from swish_spawner.core.labels import EXTERNAL_DNS
from swish_spawner.core.units import parse_cpu, parse_duration, parse_memory
from swish_spawner.errors import Problem

Document = Mapping[str, Any]


def problems(doc: Document) -> Iterator[Problem]:
    """Yield every problem that the rules of this module find."""
    for rule in (_bounds, _sizes, _references, _groups, _thresholds, _gpu_prices, _ladders, _ssh):
        yield from rule(doc)


def _bounds(doc: Document) -> Iterator[Problem]:
    for name, pool in _entries(doc, "pools"):
        for resource, parse in _PARSERS.items():
            path = f"pools.{name}.{resource}"
            least, usual, most = (_amount(pool.get(resource), key, parse) for key in ("min", "default", "max"))
            if least is not None and most is not None and least > most:
                yield Problem(f"{path}.min", "is above max")
            elif usual is not None and least is not None and usual < least:
                yield Problem(f"{path}.default", "is below min")
            elif usual is not None and most is not None and usual > most:
                yield Problem(f"{path}.default", "is above max")


def _sizes(doc: Document) -> Iterator[Problem]:
    for name, pool in _entries(doc, "pools"):
        for size_name, size in _entries(pool, "sizes"):
            for resource, parse in _PARSERS.items():
                amount = _amount(size, resource, parse)
                least, most = (_amount(pool.get(resource), key, parse) for key in ("min", "max"))
                # bounds that are the wrong way round are a problem of their own, not one of each size
                known = None not in (amount, least, most) and least <= most
                if known and not least <= amount <= most:
                    yield Problem(f"pools.{name}.sizes.{size_name}.{resource}", "is outside the pool's min and max")


def _references(doc: Document) -> Iterator[Problem]:
    for name, team in _entries(doc, "teams"):
        for key in ("pools", "images"):
            known = doc.get(key) or {}
            for index, wanted in enumerate(team.get(key) or ()):
                if wanted is not None and wanted not in known:
                    yield Problem(f"teams.{name}.{key}.{index}", f"{wanted!r} is not among the {key} of this policy")
        ladder, ladders = team.get("idle", "standard"), doc.get("idle") or {}
        if ladder not in ladders and (ladder != "standard" or ladders):
            yield Problem(f"teams.{name}.idle", f"{ladder!r} is not among the idle ladders of this policy")


def _groups(doc: Document) -> Iterator[Problem]:
    """A namespace belongs to one team, since its quota and its Role are the team's."""
    owners: dict[str, str] = {}
    for name, team in _entries(doc, "teams"):
        namespace = team.get("namespace")
        if namespace is not None and owners.setdefault(namespace, name) != name:
            yield Problem(f"teams.{name}.namespace", f"{namespace!r} is already the namespace of {owners[namespace]}")


def _thresholds(doc: Document) -> Iterator[Problem]:
    """Two pools with the same threshold leave it open which one a request for more gets."""
    owners: dict[int, str] = {}
    for name, pool in _entries(doc, "pools"):
        if pool.get("above") is None:
            continue
        owner = owners.setdefault(parse_memory(pool["above"]), name)
        if owner != name:
            yield Problem(f"pools.{name}.above", f"is the same as that of pool {owner}")


def _gpu_prices(doc: Document) -> Iterator[Problem]:
    priced = (doc.get("prices") or {}).get("gpu_hour") or {}
    for name, pool in _entries(doc, "pools"):
        for kind in pool.get("gpus") or {}:
            if kind not in priced:
                yield Problem(f"pools.{name}.gpus.{kind}", "has no price in prices.gpu_hour")


def _ladders(doc: Document) -> Iterator[Problem]:
    for name, steps in (doc.get("idle") or {}).items():
        whole = [step if isinstance(step, Mapping) else {} for step in steps or ()]
        for index, (before, step) in enumerate(pairwise(whole), start=1):
            if "after" in before and "after" in step and _after(step) <= _after(before):
                yield Problem(f"idle.{name}.{index}.after", "is not later than that of the step before")
            if before.get("do") == "stop":
                yield Problem(f"idle.{name}.{index}", "comes after a stop, so it never happens")
        for index, step in enumerate(whole):
            if "do" in step and step["do"] in (other.get("do") for other in whole[:index]):
                yield Problem(f"idle.{name}.{index}.do", f"{step['do']!r} is on this ladder already")
            if problem := _warning(step, whole[index - 1] if index else {}):
                yield Problem(f"idle.{name}.{index}.warn", problem)


def _warning(step: Document, before: Document) -> str:
    """Return what is wrong with the warning of a step of a ladder, or nothing."""
    if "warn" not in step:
        return "is missing: nobody is stopped without a warning" if step.get("do") == "stop" else ""
    if step.get("do") not in (None, "stop"):
        return "only goes with do: stop"
    if "after" not in step:
        return ""
    gap = _after(step) - (_after(before) if "after" in before else timedelta(0))
    if gap <= timedelta(0) or parse_duration(step["warn"]) < gap:
        return ""
    return "is not shorter than the time since the step before" if "after" in before else "is not shorter than after"


def _ssh(doc: Document) -> Iterator[Problem]:
    ssh = doc.get("ssh") or {}
    if ssh.get("enabled") and not ssh.keys() & {"domain", "gateway"}:
        yield Problem(
            "ssh.domain",
            "is missing, and ssh is enabled: name the domain of environments' names here, or a gateway, with "
            "ssh.gateway and ssh.gateway_cidrs",
        )
    if ssh.get("enabled") and not ssh.get("allow_cidrs"):
        yield Problem("ssh.allow_cidrs", "names no network, so nobody could connect; ssh is enabled")
    if "domain" in ssh and str(ssh.get("gateway")).partition(".")[2] == ssh["domain"]:
        yield Problem("ssh.gateway", "is what an environment could be called; take a name that is not below ssh.domain")
    if "gateway" in ssh and not ssh.get("gateway_cidrs"):
        yield Problem("ssh.gateway_cidrs", "names no network, so the gateway could not reach any environment")
    if "load_balancer_class" in ssh and ssh.get("service") != "LoadBalancer":
        yield Problem("ssh.load_balancer_class", "only goes with service: LoadBalancer")
    for name in ssh.get("service_annotations") or {}:
        if name.startswith(EXTERNAL_DNS):
            yield Problem(f"ssh.service_annotations.{name}", "is written by Swish, from domain and ttl")


_PARSERS: Mapping[str, Callable[[Any], Any]] = {"cpu": parse_cpu, "memory": parse_memory}


def _entries(doc: Document, key: str) -> Iterator[tuple[str, Document]]:
    for name, entry in (doc.get(key) or {}).items():
        if isinstance(entry, Mapping):
            yield name, entry


def _amount(doc: object, key: str, parse: Callable[[Any], Any]) -> Any:
    value = doc.get(key) if isinstance(doc, Mapping) else None
    return None if value is None else parse(value)


def _after(step: Document) -> Any:
    return parse_duration(step["after"])
