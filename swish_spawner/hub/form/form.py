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
from markupsafe import Markup

from swish_spawner.core.launch.capacity import Amounts, State, needed
from swish_spawner.core.launch.plan import Person, hourly_price, teams_of
from swish_spawner.core.launch.request import AUTO, OPTIONS
from swish_spawner.core.policy.values import Bounds, Policy, Pool, Size, Team
from swish_spawner.core.units import format_cpu, format_memory
from swish_spawner.errors import RequestError

#: The form's own field: a pool and one of its sizes, ``general/small``, or `CUSTOM`.
SIZE: Final = "size"
CUSTOM: Final = "auto/custom"
DEFAULT: Final = "default"
_MILL: Final = Decimal("0.001")

_loader: Final = PackageLoader("swish_spawner.hub.form")
_templates: Final = Environment(
    loader=_loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
#: Our own file, without a template's marks; nothing of a person's or a policy's is put into it.
_script: Final = Markup(_loader.get_source(_templates, "launch.js")[0])  # noqa: S704


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

    def pool_state(self, pool: Pool, need: Amounts) -> State:
        """Say what a pool has for an environment that asks for so much of a node."""

    def node_seconds(self, pool: Pool) -> float | None:
        """Return how long a start usually takes that waits for a new node of a pool, if that is known."""


@dataclass(frozen=True, slots=True)
class SizeCard:
    """One size as the form shows it."""

    value: str
    title: str
    cpu: str
    memory: str
    gpu: str
    price: str
    state: str
    words: str


@dataclass(frozen=True, slots=True)
class PoolCards:
    """One pool as the form shows it, with its sizes."""

    pool: Pool
    sizes: tuple[SizeCard, ...]


def render_form(launcher: Launcher, refused: Mapping[str, Any] | None = None) -> str:
    """Return the form's HTML for one person, with choices already made: the refused ones, or else the last launch's."""
    policy, person = launcher.policy, launcher.person
    teams = teams_of(person.groups, policy)
    allowed = {name for team in teams for name in team.images}
    pools = _pools(policy, teams)
    last = launcher.user_options if isinstance(launcher.user_options, Mapping) else {}
    saved = last if refused is None else refused
    offered = {"team": [team.name for team in teams], "image": allowed}
    return _templates.get_template("launch.html").render(
        teams=teams,
        images=[image for name, image in policy.images.items() if name in allowed],
        pools=[_pool_cards(launcher, pool) for pool in pools],
        gpus=sorted({kind for pool in pools for kind in pool.gpus}),
        projects=sorted({project for team in teams for project in team.projects}),
        chosen=_chosen(saved, offered, policy),
        chosen_packages="\n".join(_texts(saved.get("packages"))),
        chosen_ssh=saved.get("ssh") is True,
        packages=policy.packages.enabled,
        ssh=policy.ssh.enabled,
        ssh_size=f"{format_cpu(policy.ssh.cpu)} CPU and {format_memory(policy.ssh.memory)}",
        custom=CUSTOM,
        currency=policy.currency,
        home=format_memory(policy.home.size),
        home_mount=policy.home.mount,
        facts=_facts(policy, teams, pools),
        script=_script,
    )


def _pools(policy: Policy, teams: tuple[Team, ...]) -> list[Pool]:
    allowed = {name for team in teams for name in team.pools}
    return [pool for name, pool in policy.pools.items() if name in allowed]


def _sizes(pool: Pool) -> tuple[Size, ...]:
    return pool.sizes or (Size(DEFAULT, "Default", pool.cpu.default, pool.memory.default),)


def _gpu(pool: Pool) -> str | None:
    """Return the kind of GPU that a pool gives to those who do not say: one of its first kind."""
    return next(iter(pool.gpus), None)


def _pool_cards(launcher: Launcher, pool: Pool) -> PoolCards:
    return PoolCards(pool=pool, sizes=tuple(_size_card(launcher, pool, size) for size in _sizes(pool)))


def _size_card(launcher: Launcher, pool: Pool, size: Size) -> SizeCard:
    gpu = _gpu(pool)
    need = needed(pool, Amounts(size.cpu, size.memory, 1 if gpu else 0))
    state = launcher.pool_state(pool, need)
    return SizeCard(
        value=f"{pool.name}/{size.name}",
        title=size.title,
        cpu=f"{size.cpu.normalize():f}",
        memory=format_memory(size.memory),
        gpu=f"1 {gpu}" if gpu else "",
        price=str(hourly_price(launcher.policy, size.cpu, size.memory, gpu, 1).quantize(_MILL)),
        state=state.name,
        words=state_words(state, launcher.node_seconds(pool)),
    )


def state_words(state: State, node_seconds: float | None) -> str:
    """Return what is said of a pool's state; an empty text where there is nothing to say.

    Args:
        state: the state.
        node_seconds: how long a start usually takes that waits for a new node, if that is known.
    """
    minutes = max(1, round((node_seconds or 0) / 60))
    about = f", about {minutes} minute{'s' if minutes > 1 else ''}" if node_seconds else ""
    return {
        State.FREE: "Free now",
        State.NEW_NODE: f"Needs a new node{about}",
        State.FULL: "Full; waits until another stops",
        State.GROWS: "Gets a new node if none is free",
        State.UNKNOWN: "",
    }[state]


def _facts(policy: Policy, teams: tuple[Team, ...], pools: list[Pool]) -> dict[str, Any]:
    """Return what the page's script reckons with; the hub decides by the exact values."""
    prices = policy.prices
    return {
        "currency": policy.currency,
        "cpu_core_hour": float(prices.cpu_core_hour),
        "memory_gib_hour": float(prices.memory_gib_hour),
        "gpu_hour": {kind: float(price) for kind, price in prices.gpu_hour.items()},
        "ssh": {"cpu": float(policy.ssh.cpu), "memory": policy.ssh.memory},
        "teams": {t.name: {"pools": t.pools, "images": t.images, "projects": t.projects} for t in teams},
        "pools": [_pool_facts(policy, pool) for pool in pools],
    }


def _pool_facts(policy: Policy, pool: Pool) -> dict[str, Any]:
    gpu = _gpu(pool)
    gpu_price = float(policy.prices.gpu_hour[gpu]) if gpu else 0
    cpu, memory = pool.cpu, pool.memory
    return {
        "name": pool.name,
        "title": pool.title,
        "sidecar": pool.ssh == "sidecar",
        "above": pool.above,
        "above_text": format_memory(pool.above or 0),
        "gpus": dict(pool.gpus),
        "cpu": _bounds(cpu, f"{format_cpu(cpu.min)} to {format_cpu(cpu.max)}"),
        "memory": _bounds(memory, f"{format_memory(memory.min)} to {format_memory(memory.max)}"),
        "sizes": {s.name: {"cpu": float(s.cpu), "memory": s.memory, "gpu": gpu_price} for s in _sizes(pool)},
    }


def _bounds(bounds: Bounds[Any], text: str) -> dict[str, Any]:
    return {"min": float(bounds.min), "max": float(bounds.max), "default": float(bounds.default), "text": text}


def _texts(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _chosen(saved: Mapping[str, Any], offered: Mapping[str, Collection[str]], policy: Policy) -> dict[str, str]:
    """Return what to pre-select; saved options may be malformed or of an older policy, so anything odd is dropped."""
    chosen = {name: saved[name] if isinstance(saved.get(name), str) else "" for name in OPTIONS}
    for name, names in offered.items():
        chosen[name] = chosen[name] if chosen[name] in names else ""
    return chosen | {SIZE: _chosen_size(chosen, policy)}


def _chosen_size(chosen: Mapping[str, str], policy: Policy) -> str:
    pool = policy.pools.get(chosen["pool"])
    for size in _sizes(pool) if pool else ():
        amounts = ("", "") if size.name == DEFAULT else (format_cpu(size.cpu), format_memory(size.memory))
        if pool and amounts == (chosen["cpu"], chosen["memory"]):
            return f"{pool.name}/{size.name}"
    return CUSTOM if chosen["cpu"] or chosen["memory"] or chosen["gpu"] else ""


def options_from_form(fields: Mapping[str, list[str]], policy: Policy) -> dict[str, Any]:
    """Turn submitted fields into ``user_options``; `parse_request` and `plan_server` still have to look at them.

    Args:
        fields: every field's values, as the browser sent them; an empty text is a choice left to the policy.
        policy: in force now; it says what a size's name stands for.

    Returns:
        Options by their public names.

    Raises:
        RequestError: a field comes twice, the size is not one of the form's, or a count is no number.
    """
    for name, values in fields.items():
        if len(values) != 1:
            raise RequestError(name[:100], "must be given once")
    texts = {name: values[0].strip() for name, values in fields.items() if name != "_xsrf"}
    size = texts.pop(SIZE, "")
    if size:
        texts |= _sized(size, policy)
    return {name: _typed(name, text) for name, text in texts.items() if text}


def _typed(name: str, text: str) -> Any:
    """A form sends only text; give the options that are no text their own type."""
    if name == "packages":
        return [line.strip() for line in text.splitlines() if line.strip()]
    if name == "ssh":
        return text == "on"
    if name == "gpu_count":
        if not text.isascii() or not text.isdigit() or len(text) > 3:
            raise RequestError(name, "must be a whole number")
        return int(text)
    return text


#: Fields that only a custom size has; whatever was typed there goes with no other.
_CUSTOM_FIELDS: Final = ("cpu", "memory", "gpu", "gpu_count")


def _sized(size: str, policy: Policy) -> dict[str, str]:
    if size == CUSTOM:
        return {"pool": AUTO}
    pool_name, _, size_name = size.partition("/")
    pool = policy.pools.get(pool_name)
    for known in _sizes(pool) if pool else ():
        if known.name == size_name:
            amounts = {"cpu": format_cpu(known.cpu), "memory": format_memory(known.memory)}
            return dict.fromkeys(_CUSTOM_FIELDS, "") | {"pool": pool_name} | (amounts if known.name != DEFAULT else {})
    raise RequestError(SIZE, "is not one of the sizes on the form")
