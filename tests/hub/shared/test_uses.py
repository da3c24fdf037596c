"""How the hub learns how long a new node takes."""

from __future__ import annotations

from swish_spawner.hub.shared.uses import NodeWaits


def test_the_usual_wait_is_the_median_of_the_last_twenty() -> None:
    """One that took for ever does not count for ever, and who had a node at once did not wait for a new one."""
    waits = NodeWaits()
    for seconds in (9999, *range(101, 121), 1):
        waits.record("gpu", seconds)
    assert waits.usual("gpu") == 110.5
    assert waits.usual("general") is None
