"""Shared by the tests of the local cluster: API servers that answer, and one that does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from local.contexts import Target
from tests.local.clusters import Resource, SeededApi, served, target_of

#: Makes a cluster that has these objects.
Clusters = Callable[..., SeededApi]


@pytest.fixture
def clusters(tmp_path: Path) -> Iterator[Clusters]:
    """Clusters that have the objects that they are made with."""
    with ExitStack() as stack:

        def make(*objects: Resource) -> SeededApi:
            return stack.enter_context(served(SeededApi(*objects), tmp_path))

        yield make


@pytest.fixture
def away(tmp_path: Path) -> Target:
    """A cluster that does not answer."""
    return target_of("http://127.0.0.1:1", tmp_path)
