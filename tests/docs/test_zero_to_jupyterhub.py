"""The page for Zero to JupyterHub says values that work: its policy is good, its snippet runs, its Role is enough."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from traitlets.config import Config

from swish_spawner.hub.launch.spawner import SwishSpawner
from tests.docs.repository import ROOT

PAGE = (ROOT / "docs" / "how-to" / "zero-to-jupyterhub.md").read_text(encoding="utf-8")
VALUES, ROLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def values() -> dict[str, Any]:
    """The values that the page says."""
    document: dict[str, Any] = yaml.safe_load(VALUES)
    return document


def test_the_snippet_makes_the_hub_launch_by_the_policy(values: dict[str, Any], tmp_path: Path) -> None:
    """Run on a configuration as that chart leaves one, it keeps what the chart set and adds our spawner."""
    hub = values["hub"]
    file = hub["extraFiles"]["policy"]
    path = tmp_path / "policy.yaml"
    path.write_text(file["stringData"], encoding="utf-8")
    snippet = hub["extraConfig"]["swish"].replace(file["mountPath"], str(path))
    c = Config({"JupyterHub": {"tornado_settings": {"slow_spawn_timeout": 0}}, "KubeSpawner": {"start_timeout": 300}})
    exec(snippet, {"c": c})  # noqa: S102 - this is what that chart does with it
    assert c.JupyterHub.spawner_class is SwishSpawner
    assert c.KubeSpawner.start_timeout == 300


def test_the_roles_allow_what_is_needed() -> None:
    """No more than is told there, in the hub's namespace but for nodes, and bound to that chart's hub."""
    role, binding, cluster_role, cluster_binding = yaml.safe_load_all(ROLES)
    assert role["rules"] == [
        {"apiGroups": ["policy"], "resources": ["poddisruptionbudgets"], "verbs": ["create", "get", "delete"]},
        {"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]},
        {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["get", "create", "update"]},
    ]
    assert cluster_role["rules"] == [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["list"]}]
    assert [subject["name"] for made in (binding, cluster_binding) for subject in made["subjects"]] == ["hub", "hub"]
