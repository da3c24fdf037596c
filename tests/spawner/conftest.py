"""A SwishSpawner without a hub or a cluster: the real class, with no API client."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from traitlets.config import Config

from swish_spawner import in_force
from swish_spawner.spawner import SwishSpawner
from tests.conftest import WIDE_POLICY


@pytest.fixture
def make_spawner(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., SwishSpawner]]:
    """Make spawners; each takes a user name, groups, options, a server name and traits of KubeSpawner."""
    # KubeSpawner looks for a cluster when it is made; no test here talks to one.
    monkeypatch.setattr("kubespawner.spawner.load_config", lambda **_: None)
    monkeypatch.setattr("kubespawner.spawner.shared_client", lambda *_: None)

    def make(
        name: str = "ada", groups: tuple[str, ...] = ("imaging",), options: Any = None, server: str = "", **traits: Any
    ) -> SwishSpawner:
        config = Config({"SwishSpawner": {"policy_path": str(WIDE_POLICY)} | traits})
        user = SimpleNamespace(name=name, id=1, url="/user/x/", groups=[SimpleNamespace(name=g) for g in groups])
        orm_spawner = SimpleNamespace(name=server, server=None)
        spawner = SwishSpawner(config=config, user=user, orm_spawner=orm_spawner, _mock=True)
        spawner.user_options = {} if options is None else options
        user.spawner = spawner
        return spawner

    yield make
    in_force._policy_files.clear()
    in_force.USES._by_team.clear()
