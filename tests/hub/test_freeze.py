"""What the garbage collector looks at."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from swish_spawner.hub.freeze import set_aside_what_is_loaded


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Begin with nothing set aside, and collect as before, whatever a test has set aside."""
    gc.unfreeze()
    set_aside_what_is_loaded.cache_clear()
    # what is garbage already would be counted, and gone before or after it is set aside
    gc.collect()
    yield
    gc.unfreeze()
    set_aside_what_is_loaded.cache_clear()


def test_what_is_loaded_is_set_aside() -> None:
    """The objects there are leave the collector's generations."""
    before = len(gc.get_objects())
    set_aside_what_is_loaded()
    assert gc.get_freeze_count() >= before
    assert len(gc.get_objects()) < before / 2


def test_what_comes_later_is_collected() -> None:
    """A second call sets nothing more aside."""
    set_aside_what_is_loaded()
    frozen = gc.get_freeze_count()
    made: list[list[int]] = [[] for _ in range(10_000)]
    set_aside_what_is_loaded()
    # of what is set aside some may go meanwhile, since nobody has it any more
    assert gc.get_freeze_count() <= frozen
    assert len(gc.get_objects()) > len(made)
