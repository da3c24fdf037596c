"""The launch form: what a person may choose, as HTML, and what they chose, as ``user_options``.

The form works without JavaScript and by keyboard; every text is escaped. It decides nothing: each choice it offers and
each choice it gets back goes through `plan_server`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Protocol

from jinja2 import Environment, PackageLoader, StrictUndefined

from swish_spawner.core.plan import Person, hourly_price, teams_of
from swish_spawner.core.policy import Policy, Pool, Size, Team
from swish_spawner.core.request import OPTIONS
from swish_spawner.core.units import format_cpu, format_memory
from swish_spawner.errors import RequestError

#: The form's own field: a pool and one of its sizes, ``general/small``.
SIZE: Final = "size"
CUSTOM: Final = "custom"
DEFAULT: Final = "default"
_CENT: Final = Decimal("0.001")

_templates: Final = Environment(
    loader=PackageLoader("swish_spawner"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class Launcher(Protocol):
    """What the form needs to know of a spawner; `user_options` are untrusted."""

    @property
    def policy(self) -> Policy:
        """The policy in force."""

    @property
    def person(self) -> Person:
        """Whose environment it will be."""

    @property
    def user_options(self) -> object:
        """What the last launch was asked with."""


@dataclass(frozen=True, slots=True)
class SizeCard:
    """One size as the form shows it."""

    value: str
    title: str
    cpu: str
    memory: str
    price: str


@dataclass(frozen=True, slots=True)
class PoolCards:
    """One pool as the form shows it, with its sizes and what may be typed instead."""

    pool: Pool
    sizes: tuple[SizeCard, ...]
    custom: str
    cpu_range: str
    memory_range: str


def render_form(launcher: Launcher) -> str:
    """Return the form's HTML for one person, with the choices of their last launch already made."""
    policy, person = launcher.policy, launcher.person
    teams = teams_of(person.groups, policy)
    allowed = {name for team in teams for name in team.images}
    return _templates.get_template("launch.html").render(
        teams=teams,
        images=[image for name, image in policy.images.items() if name in allowed],
        pools=[_pool_cards(policy, policy.pools[name]) for name in _pools(policy, teams)],
        projects=sorted({project for team in teams for project in team.projects}),
        chosen=_chosen(launcher.user_options, {"team": [team.name for team in teams], "image": allowed}, policy),
        currency=policy.currency,
        home=format_memory(policy.home.size),
        home_mount=policy.home.mount,
    )


def _pools(policy: Policy, teams: tuple[Team, ...]) -> list[str]:
    allowed = {name for team in teams for name in team.pools}
    return [name for name in policy.pools if name in allowed]


def _pool_cards(policy: Policy, pool: Pool) -> PoolCards:
    sizes = pool.sizes or (Size(DEFAULT, "Default", pool.cpu.default, pool.memory.default),)
    return PoolCards(
        pool=pool,
        sizes=tuple(_size_card(policy, pool, size) for size in sizes),
        custom=f"{pool.name}/{CUSTOM}",
        cpu_range=f"{format_cpu(pool.cpu.min)} to {format_cpu(pool.cpu.max)}",
        memory_range=f"{format_memory(pool.memory.min)} to {format_memory(pool.memory.max)}",
    )


def _size_card(policy: Policy, pool: Pool, size: Size) -> SizeCard:
    price = hourly_price(policy, size.cpu, size.memory, None, 0).quantize(_CENT)
    return SizeCard(
        f"{pool.name}/{size.name}", size.title, format_cpu(size.cpu), format_memory(size.memory), f"{price}"
    )


def _chosen(options: object, offered: Mapping[str, Collection[str]], policy: Policy) -> dict[str, str]:
    """Return what to pre-select; saved options may be malformed or of an older policy, so anything odd is dropped."""
    saved = options if isinstance(options, Mapping) else {}
    chosen = {name: saved[name] if isinstance(saved.get(name), str) else "" for name in OPTIONS}
    for name, names in offered.items():
        chosen[name] = chosen[name] if chosen[name] in names else ""
    return chosen | {SIZE: _chosen_size(chosen, policy)}


def _chosen_size(chosen: Mapping[str, str], policy: Policy) -> str:
    pool = policy.pools.get(chosen["pool"])
    if pool is None:
        return ""
    if not pool.sizes and not chosen["cpu"] and not chosen["memory"]:
        return f"{pool.name}/{DEFAULT}"
    for size in pool.sizes:
        if (format_cpu(size.cpu), format_memory(size.memory)) == (chosen["cpu"], chosen["memory"]):
            return f"{pool.name}/{size.name}"
    return f"{pool.name}/{CUSTOM}"


def options_from_form(fields: Mapping[str, list[str]], policy: Policy) -> dict[str, Any]:
    """Turn submitted fields into ``user_options``; `parse_request` and `plan_server` still have to look at them.

    Args:
        fields: every field's values, as the browser sent them; an empty text is a choice left to the policy.
        policy: in force now; it says what a size's name stands for.

    Returns:
        Options by their public names.

    Raises:
        RequestError: a field comes twice, or the size is not one of the form's.
    """
    for name, values in fields.items():
        if len(values) != 1:
            raise RequestError(name[:100], "must be given once")
    texts = {name: values[0].strip() for name, values in fields.items() if name != "_xsrf"}
    size = texts.pop(SIZE, "")
    if size:
        texts |= _sized(size, policy)
    return {name: text for name, text in texts.items() if text}


def _sized(size: str, policy: Policy) -> dict[str, str]:
    pool_name, _, size_name = size.partition("/")
    pool = policy.pools.get(pool_name)
    if pool is None:
        raise RequestError(SIZE, "is not one of the sizes on the form")
    if size_name == CUSTOM:
        return {"pool": pool_name}
    for known in pool.sizes:
        if known.name == size_name:
            return {"pool": pool_name, "cpu": format_cpu(known.cpu), "memory": format_memory(known.memory)}
    if size_name == DEFAULT and not pool.sizes:
        return {"pool": pool_name, "cpu": "", "memory": ""}
    raise RequestError(SIZE, "is not one of the sizes on the form")
