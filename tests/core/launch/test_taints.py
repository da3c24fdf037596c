"""Which toleration makes up for which taint."""

from __future__ import annotations

from typing import Any

import pytest

from swish_spawner.core.launch.taints import tolerates

TAINT = {"key": "a", "value": "1", "effect": "NoSchedule"}
ROWS: list[tuple[dict[str, Any], bool, str]] = [
    ({"key": "a", "operator": "Equal", "value": "1", "effect": "NoSchedule"}, True, "the very same"),
    ({"key": "a", "value": "1"}, True, "Equal is the default, and no effect is every effect"),
    ({"key": "a", "value": "2"}, False, "another value"),
    ({"key": "b", "value": "1"}, False, "another key"),
    ({"key": "a", "operator": "Exists"}, True, "any value"),
    ({"key": "a", "operator": "Exists", "effect": "NoExecute"}, False, "another effect"),
    ({"operator": "Exists"}, True, "any key"),
    ({"value": "1"}, False, "no key goes with Exists alone"),
]


@pytest.mark.parametrize(("toleration", "expected", "reason"), ROWS, ids=[row[2] for row in ROWS])
def test_a_toleration_makes_up_for_a_taint(toleration: dict[str, Any], expected: bool, reason: str) -> None:
    """By key, value and effect, as Kubernetes says."""
    assert tolerates(toleration, TAINT) is expected
