"""What an hour of an environment costs by the policy's prices: cores, memory and GPUs, without disk."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from swish_spawner.core.policy.values import Policy

GIB: Final = Decimal(2**30)


def hourly_price(policy: Policy, cpu: Decimal, memory: int, gpu: str | None, gpu_count: int) -> Decimal:
    """Return the exact price of an hour, unrounded.

    Args:
        policy: in force now; it has the prices, and a kind of GPU that it has none for costs nothing.
        cpu: cores of all containers together.
        memory: bytes of all containers together.
        gpu: the kind of GPU; None is none.
        gpu_count: how many of them.
    """
    prices = policy.prices
    price = prices.cpu_core_hour * cpu + prices.memory_gib_hour * Decimal(memory) / GIB
    return price + (prices.gpu_hour.get(gpu, Decimal(0)) * gpu_count if gpu else 0)
