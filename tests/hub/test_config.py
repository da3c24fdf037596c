"""One call puts Swish into a hub's configuration."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader
from traitlets.config import Config

from swish_spawner.hub import add_services, configure
from swish_spawner.hub.files_page import HANDLERS as FILES
from swish_spawner.hub.launch.spawner import SwishSpawner
from swish_spawner.hub.schema_page import HANDLERS
from swish_spawner.hub.shared.shared import shared_of
from swish_spawner.hub.sweep.page import PATH
from tests.conftest import SHIPPED_POLICY

#: The addresses that Swish adds.
OURS = [*(path for path, _ in (*HANDLERS, *FILES)), PATH]


@pytest.fixture
def config() -> Config:
    """A configuration after the call."""
    c = Config()
    images = {"tag": "1", "pullPolicy": "Always", "references": {}}
    configure(c, policy_path=str(SHIPPED_POLICY), namespace="swish", images=images)
    return c


@pytest.mark.parametrize(("theirs", "does"), [({}, False), ({"cleanup_servers": True}, True)])
def test_a_hub_that_is_asked_to_end_stops_nothing(theirs: dict[str, bool], does: bool) -> None:
    """JupyterHub alone would; an administrator who wants that says so before."""
    c = Config({"JupyterHub": theirs})
    configure(c, policy_path=str(SHIPPED_POLICY), namespace="swish")
    assert c.JupyterHub.cleanup_servers is does


def test_the_hub_launches_with_our_spawner(config: Config) -> None:
    """The spawner, its policy and its namespace are set."""
    assert config.JupyterHub.spawner_class is SwishSpawner
    assert config.SwishSpawner.policy_path == str(SHIPPED_POLICY)
    assert config.SwishSpawner.namespace == "swish"


@pytest.mark.parametrize(("asked", "limit"), [({}, 100), ({"concurrent_spawn_limit": 7}, 7)])
def test_the_limit_of_starts_is_our_queues(asked: dict[str, int], limit: int) -> None:
    """As many as the administrator says, or JupyterHub; where JupyterHub itself would refuse, ours wait."""
    c = Config({"JupyterHub": asked})
    configure(c, policy_path=str(SHIPPED_POLICY), namespace="swish")
    queue = shared_of(c.JupyterHub.tornado_settings.get_value({})).queue
    assert (queue.limit, c.JupyterHub.concurrent_spawn_limit) == (limit, 0)


def test_the_limit_outlives_other_settings(config: Config) -> None:
    """Whoever sets the hub's settings anew takes ours away, and what is made in their place has the limit, too."""
    assert shared_of({}, config.SwishSpawner.concurrent_starts).queue.limit == 100


def test_a_hub_has_one_of_what_it_shares(config: Config) -> None:
    """However often traitlets copies its configuration."""
    settings = config.JupyterHub.tornado_settings.get_value({})
    assert shared_of(copy.deepcopy(settings)) is shared_of(settings)


def test_the_administrators_handlers_stay() -> None:
    """Ours come after them."""
    c = Config({"JupyterHub": {"extra_handlers": [("/mine", object)]}})
    configure(c, policy_path=str(SHIPPED_POLICY), namespace="swish")
    assert [path for path, _ in c.JupyterHub.extra_handlers] == ["/mine", *OURS]


def test_only_what_names_images_is_taken(config: Config) -> None:
    """Other keys of the chart's block are not ours."""
    assert config.SwishSpawner.image_names == {"tag": "1", "references": {}}


def test_our_templates_are_found(config: Config) -> None:
    """The hub's page around the form is ours."""
    loader = Environment(loader=FileSystemLoader(config.JupyterHub.template_paths), autoescape=True)
    assert "Launch an environment" in str(loader.loader.get_source(loader, "spawn.html"))  # type: ignore[union-attr]


def test_appended_handlers_stay() -> None:
    """An administrator may append to the list, too."""
    c = Config()
    c.JupyterHub.extra_handlers.append(("/theirs", object))
    configure(c, policy_path=str(SHIPPED_POLICY), namespace="swish")
    assert [path for path, _ in c.JupyterHub.extra_handlers] == ["/theirs", *OURS]


@pytest.mark.claim("sweeper-dry-run")
@pytest.mark.parametrize("dry_run", [True, False])
def test_the_sweeper_deletes_unless_it_is_to_report_only(dry_run: bool) -> None:
    """As the administrator says in the call."""
    c = Config()
    configure(c, policy_path=str(SHIPPED_POLICY), namespace="swish", sweeper_dry_run=dry_run)
    assert dict(c.JupyterHub.extra_handlers)[PATH].sweeper._dry_run is dry_run


@pytest.mark.claim("policy-is-checked")
def test_a_hub_does_not_start_on_a_bad_policy(tmp_path: Path) -> None:
    """The text names every problem, without a traceback."""
    path = tmp_path / "policy.yaml"
    path.write_text("version: 2\n", encoding="utf-8")
    with pytest.raises(SystemExit, match=r"(?s)version: must be 1.*|is missing"):
        configure(Config(), policy_path=str(path), namespace="swish")


@pytest.mark.parametrize(
    ("files", "names"),
    [
        (("admin-token",), ["mine", "swish-admin"]),
        (("admin-token", "metrics-token"), ["mine", "swish-admin", "swish-metrics"]),
    ],
)
def test_services_of_our_own_have_tokens_and_roles(tmp_path: Path, files: tuple[str, ...], names: list[str]) -> None:
    """Beside those that are there already; whoever keeps their own Secret may leave out Prometheus' token."""
    for name in files:
        (tmp_path / name).write_text(f"the {name}\n", encoding="utf-8")
    c = Config({"JupyterHub": {"services": [{"name": "mine"}], "load_roles": [{"name": "mine"}]}})
    add_services(c, tmp_path)
    assert [service["name"] for service in c.JupyterHub.services] == names
    assert [role["name"] for role in c.JupyterHub.load_roles] == names
    assert [service["api_token"] for service in c.JupyterHub.services[1:]] == [f"the {name}" for name in files]


def with_web(tmp_path: Path, **jupyterhub: object) -> Config:
    """Return a configuration after the web service was added to it."""
    for name in ("admin-token", "web-token"):
        (tmp_path / name).write_text(f"the {name}\n", encoding="utf-8")
    c = Config({"JupyterHub": jupyterhub})
    add_services(c, tmp_path, {"service": "swish", "url": "http://web:8082"})
    return c


def test_the_web_service_reads_people_and_is_no_administrator(tmp_path: Path) -> None:
    """It starts, stops and changes nothing at the hub but when somebody was last active."""
    c = with_web(tmp_path)
    assert c.JupyterHub.services[-1] == {
        "name": "swish",
        "api_token": "the web-token",
        "url": "http://web:8082",
        "admin": False,
        "oauth_no_confirm": True,
    }
    (role,) = (role for role in c.JupyterHub.load_roles if role["name"] == "swish")
    assert role["scopes"] == ["list:users", "read:users", "read:servers", "admin:server_state", "users:activity"]


@pytest.mark.parametrize(
    ("role", "scopes"),
    [
        ([], ["self"]),
        ([{"name": "user", "scopes": ["self", "list:groups"]}], ["self", "list:groups"]),
        ([{"name": "user"}], ["self"]),
    ],
)
def test_everybody_may_use_the_web_service(tmp_path: Path, role: list[dict[str, object]], scopes: list[str]) -> None:
    """And keeps what they may do by an administrator's own role."""
    c = with_web(tmp_path, load_roles=role)
    (user,) = (role for role in c.JupyterHub.load_roles if role["name"] == "user")
    assert user["scopes"] == [*scopes, "access:services!service=swish"]


def test_without_a_token_there_is_no_web_service(tmp_path: Path) -> None:
    """A Secret of an earlier release has none, and the hub starts all the same."""
    (tmp_path / "admin-token").write_text("x", encoding="utf-8")
    c = Config()
    add_services(c, tmp_path, {"service": "swish", "url": "http://web:8082"})
    assert [service["name"] for service in c.JupyterHub.services] == ["swish-admin"]
