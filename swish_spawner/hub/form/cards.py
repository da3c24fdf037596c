"""What a person may choose, as the form shows it: pools with sizes, prices and states, and facts for its script."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Protocol

from swish_spawner.core.launch.capacity import Amounts, PoolState, needed
from swish_spawner.core.launch.plan import Person
from swish_spawner.core.launch.pricing import hourly_price
from swish_spawner.core.policy.sections.pools import Bounds, Pool, Size
from swish_spawner.core.policy.sections.teams import Team
from swish_spawner.core.policy.values import Policy
from swish_spawner.core.units import format_cpu, format_memory

#: The only size of a pool whose policy names none.
DEFAULT: Final = "default"
_MILL: Final = Decimal("0.001")


class Viewer(Protocol):
    """What the form needs to know of who looks at it; `user_options` are untrusted."""

    @property
    def policy(self) -> Policy:
        """The policy in force."""

    @property
    def person(self) -> Person:
        """Whose environment it will be."""

    @property
    def user_options(self) -> object:
        """What the last launch was asked with."""

    def pool_state(self, pool: Pool, need: Amounts) -> PoolState:
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


def sizes_of(pool: Pool) -> tuple[Size, ...]:
    """Return a pool's sizes, or its defaults as the one that it has."""
    usual = Size(name=DEFAULT, title="Default", cpu=pool.cpu.default, memory=pool.memory.default)
    return tuple(pool.sizes.values()) or (usual,)


def _gpu(pool: Pool) -> str | None:
    """Return the kind of GPU that a pool gives to those who do not say: one of its first kind."""
    return next(iter(pool.gpus), None)


def pool_cards(viewer: Viewer, pool: Pool) -> PoolCards:
    """Return a pool as the form shows it to somebody."""
    return PoolCards(pool=pool, sizes=tuple(_size_card(viewer, pool, size) for size in sizes_of(pool)))


def _size_card(viewer: Viewer, pool: Pool, size: Size) -> SizeCard:
    gpu = _gpu(pool)
    need = needed(pool, Amounts(size.cpu, size.memory, 1 if gpu else 0))
    state = viewer.pool_state(pool, need)
    return SizeCard(
        value=f"{pool.name}/{size.name}",
        title=size.title,
        cpu=f"{size.cpu.normalize():f}",
        memory=format_memory(size.memory),
        gpu=f"1 {gpu}" if gpu else "",
        price=str(hourly_price(viewer.policy, size.cpu, size.memory, gpu, 1).quantize(_MILL)),
        state=state.name,
        words=state_words(state, viewer.node_seconds(pool)),
    )


def state_words(state: PoolState, node_seconds: float | None) -> str:
    """Return what is said of a pool's state; an empty text where there is nothing to say.

    Args:
        state: the state.
        node_seconds: how long a start usually takes that waits for a new node, if that is known.
    """
    minutes = max(1, round((node_seconds or 0) / 60))
    about = f", about {minutes} minute{'s' if minutes > 1 else ''}" if node_seconds else ""
    return {
        PoolState.FREE: "Free now",
        PoolState.NEW_NODE: f"Needs a new node{about}",
        PoolState.FULL: "Full; waits until another stops",
        PoolState.GROWS: "Gets a new node if none is free",
        PoolState.UNKNOWN: "",
    }[state]


def facts(policy: Policy, teams: tuple[Team, ...], pools: list[Pool]) -> dict[str, Any]:
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
        "sizes": {s.name: {"cpu": float(s.cpu), "memory": s.memory, "gpu": gpu_price} for s in sizes_of(pool)},
    }


def _bounds(bounds: Bounds[Any], text: str) -> dict[str, Any]:
    return {"min": float(bounds.min), "max": float(bounds.max), "default": float(bounds.default), "text": text}
