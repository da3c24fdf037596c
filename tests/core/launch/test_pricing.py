"""What an hour costs."""

from __future__ import annotations

from decimal import Decimal

import pytest

from swish_spawner.core.launch.plan import Person, plan_server
from swish_spawner.core.launch.pricing import hourly_price
from swish_spawner.core.launch.request import parse_request
from swish_spawner.core.policy.values import Policy


def test_the_price_is_exact(policy: Policy) -> None:
    """Cores, GiB and GPUs are multiplied as decimals and not rounded."""
    person = Person("ada", frozenset({"imaging"}), "", "ada")
    assert plan_server(person, parse_request({"gpu": "nvidia-t4"}), policy).hourly_price == (
        Decimal("0.03") * 4 + Decimal("0.004") * 16 + Decimal("0.95")
    )


@pytest.mark.parametrize(
    ("cpu", "memory_bytes", "gpu", "gpu_count", "price", "why"),
    [
        ("1", 0, None, 0, "0.03", "a core"),
        ("0.1", 0, None, 0, "0.003", "a part of one"),
        ("0", 2**30, None, 0, "0.004", "a GiB"),
        ("0", 2**20, None, 0, "0.00000390625", "a MiB, of which nothing is rounded away"),
        ("0", 0, "nvidia-t4", 2, "1.90", "GPUs, each"),
        ("0", 0, None, 2, "0", "how many there are of no kind does not count"),
    ],
)
def test_each_part_has_its_price(
    policy: Policy, cpu: str, memory_bytes: int, gpu: str | None, gpu_count: int, price: str, why: str
) -> None:
    """By itself."""
    assert hourly_price(policy, Decimal(cpu), memory_bytes, gpu, gpu_count) == Decimal(price), why
