"""The hubs of trials are configured as ours are."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from traitlets.config.loader import PyFileConfigLoader

from benchmarks.contenders import Contender
from benchmarks.control_plane import ETC
from swish_spawner.hub import config as ours
from swish_spawner.hub.launch.spawner import SwishSpawner
from tests.conftest import SHIPPED_POLICY

GIVEN = {
    "policy": str(SHIPPED_POLICY),
    "namespace": "faults",
    "folder": "x",
    "hub_url": "http://127.0.0.1:1",
    "public_url": "http://127.0.0.1:2",
    "token": "t",
    "web_token": "w",
    "groups": {"a": ["ada"]},
    "users": ["ada"],
    "server_port": 3,
}


def test_a_hub_of_fault_trials_is_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a sweeper that waits for seconds, so that trials see what it does."""
    monkeypatch.setenv("SWISH_BENCH_HUB", json.dumps(GIVEN))
    before = vars(ours)["Rules"]
    monkeypatch.setattr(ours, "Rules", before)  # taken back at the end, whatever the configuration sets
    config = PyFileConfigLoader("jupyterhub_config.py", str(ETC)).load_config()
    assert config.JupyterHub.spawner_class is SwishSpawner
    assert vars(ours)["Rules"]().age == timedelta(seconds=10)


@pytest.mark.filterwarnings("ignore:TypeDecorator JSONDict")
def test_people_of_a_contender_are_of_one_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So one watch wakes all of their starts."""
    monkeypatch.setattr("kubespawner.spawner.load_config", lambda **_: None)
    monkeypatch.setattr("kubespawner.spawner.shared_client", lambda *_: None)
    contender = Contender("swish", "bench", 1, tmp_path)
    assert contender.make("ada").shared is contender.make("ben").shared
