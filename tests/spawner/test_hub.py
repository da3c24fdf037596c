"""One call puts Swish into a hub's configuration."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader
from traitlets.config import Config

from swish_spawner.handlers import HANDLERS
from swish_spawner.hub import configure
from swish_spawner.spawner import SwishSpawner
from tests.conftest import SHIPPED_POLICY


@pytest.fixture
def config() -> Config:
    """A configuration after the call."""
    c = Config()
    images = {"tag": "1", "pullPolicy": "Always", "references": {}}
    configure(c, policy_path=str(SHIPPED_POLICY), namespace="swish", images=images)
    return c


def test_the_hub_launches_with_our_spawner(config: Config) -> None:
    """The spawner, its policy and its namespace are set."""
    assert config.JupyterHub.spawner_class is SwishSpawner
    assert config.SwishSpawner.policy_path == str(SHIPPED_POLICY)
    assert config.SwishSpawner.namespace == "swish"


def test_only_what_names_images_is_taken(config: Config) -> None:
    """Other keys of the chart's block are not ours."""
    assert config.SwishSpawner.image_names == {"tag": "1", "references": {}}


def test_our_templates_are_found(config: Config) -> None:
    """The hub's page around the form is ours."""
    loader = Environment(loader=FileSystemLoader(config.JupyterHub.template_paths), autoescape=True)
    assert "Launch an environment" in str(loader.loader.get_source(loader, "spawn.html"))  # type: ignore[union-attr]


def test_the_administrators_own_pages_stay() -> None:
    """Ours come after whatever was configured before."""
    c = Config({"JupyterHub": {"extra_handlers": [("/theirs", object)]}})
    configure(c, policy_path=str(SHIPPED_POLICY), namespace="swish")
    assert c.JupyterHub.extra_handlers == [("/theirs", object), *HANDLERS]


def test_a_hub_does_not_start_on_a_bad_policy(tmp_path: Path) -> None:
    """The text names every problem, without a traceback."""
    path = tmp_path / "policy.yaml"
    path.write_text("version: 2\n", encoding="utf-8")
    with pytest.raises(SystemExit, match=r"(?s)version: must be 1.*|is missing"):
        configure(Config(), policy_path=str(path), namespace="swish")
