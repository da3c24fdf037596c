"""jupyterhub_config.py, loaded as JupyterHub loads it, with what the chart renders."""

from __future__ import annotations

import ast
import base64
from pathlib import Path

import pytest
from jupyterhub.roles import get_default_roles
from traitlets.config.loader import Config, PyFileConfigLoader

from swish_spawner.hub.sweep.page import PATH
from tests.chart.rendering import ROOT, VALUE_FILES, Helm, Manifest, one

CONFIG_FILE = ROOT / "hub_config" / "jupyterhub_config.py"


def load(manifests: list[Manifest], folder: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """Lay the rendered files out as the hub's pod has them, and load the configuration."""
    files = {
        "config": one(manifests, "ConfigMap", "hub")["data"],
        "policy": one(manifests, "ConfigMap", "policy")["data"],
        "secrets": {k: base64.b64decode(v).decode() for k, v in one(manifests, "Secret", "hub")["data"].items()},
        "state": {},
    }
    for name, content in files.items():
        (folder / name).mkdir()
        monkeypatch.setenv(f"SWISH_{name.upper()}_DIR", str(folder / name))
        for file, text in content.items():
            (folder / name / file).write_text(text)
    (folder / "secrets" / "oauth-client-secret").write_text("from-a-file\n")
    loaded: Config = PyFileConfigLoader("jupyterhub_config.py", str(folder / "config")).load_config()
    return loaded


@pytest.fixture
def config(default: list[Manifest], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """The configuration of the default install."""
    return load(default, tmp_path, monkeypatch)


def test_it_only_wires() -> None:
    """The file is at most 60 lines and defines nothing."""
    text = CONFIG_FILE.read_text()
    assert len(text.splitlines()) <= 60
    defines = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    assert not [node for node in ast.walk(ast.parse(text)) if isinstance(node, defines)]


@pytest.mark.claim("hub-restart")
def test_a_hub_restart_interrupts_nobody(config: Config) -> None:
    """The hub neither starts nor stops the proxy, and leaves environments running when it ends."""
    assert config.ConfigurableHTTPProxy.should_start is False
    assert config.JupyterHub.cleanup_servers is False


def test_the_hub_is_found_by_its_service(config: Config) -> None:
    """Environments, in whatever namespace, and the proxy reach the hub by its Service's full name."""
    assert config.JupyterHub.hub_connect_url == "http://hub.swish.svc:8081"
    assert config.ConfigurableHTTPProxy.api_url == "http://proxy-api.swish.svc:8001"


def test_secrets_come_from_files(config: Config, tmp_path: Path) -> None:
    """Keys, tokens and passwords are the contents of the secret files."""
    text = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    assert config.CryptKeeper["keys"] == [text["crypt-key"]]
    assert config.ConfigurableHTTPProxy.auth_token == text["proxy-token"]
    assert config.JupyterHub.cookie_secret_file == str(tmp_path / "secrets" / "cookie-secret")
    assert config.SharedPasswordAuthenticator.user_password == text["user-password"]
    assert config.SharedPasswordAuthenticator.admin_password == text["admin-password"]


def test_the_admin_token_is_a_service_with_the_admin_rights(config: Config, tmp_path: Path) -> None:
    """The token in the Secret belongs to the service swish-admin, which may do what JupyterHub's admin role may."""
    token = (tmp_path / "secrets" / "admin-token").read_text()
    (admin,) = (role for role in get_default_roles() if role["name"] == "admin")
    (ours,) = (role for role in config.JupyterHub.load_roles if role["name"] == "swish-admin")
    assert {"name": "swish-admin", "api_token": token} in config.JupyterHub.services
    assert ours == {"name": "swish-admin", "scopes": admin["scopes"], "services": ["swish-admin"]}


def test_the_metrics_token_is_a_service_that_reads_metrics(config: Config, tmp_path: Path) -> None:
    """And does nothing else."""
    token = (tmp_path / "secrets" / "metrics-token").read_text()
    (ours,) = (role for role in config.JupyterHub.load_roles if role["name"] == "swish-metrics")
    assert {"name": "swish-metrics", "api_token": token} in config.JupyterHub.services
    assert ours == {"name": "swish-metrics", "scopes": ["read:metrics"], "services": ["swish-metrics"]}


def test_who_is_an_administrator_stays_with_the_hub(config: Config) -> None:
    """The configuration lists no members of the admin role: JupyterHub would remove all others at each start."""
    assert "admin" not in {role["name"] for role in config.JupyterHub.load_roles}


def test_the_demo_log_in(config: Config) -> None:
    """Two people in two teams and one administrator may log in."""
    assert config.SharedPasswordAuthenticator.allowed_users == ["alice", "bob"]
    assert config.SharedPasswordAuthenticator.admin_users == ["admin"]
    assert config.JupyterHub.load_groups == {"imaging": {"users": ["alice"]}, "genomics": {"users": ["bob"]}}


def test_values_add_to_the_lists_that_the_file_makes(
    helm: Helm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service or a role in hub.config is kept beside Swish's own."""
    values = {
        "hub": {
            "config": {
                "JupyterHub": {
                    "services": [{"name": "mine", "url": "http://mine:80"}],
                    "load_roles": [{"name": "mine", "scopes": ["list:users"], "services": ["mine"]}],
                }
            }
        }
    }
    config = load(helm.template(values), tmp_path, monkeypatch)
    assert [service["name"] for service in config.JupyterHub.services][:2] == ["mine", "swish-admin"]
    assert [role["name"] for role in config.JupyterHub.load_roles][:2] == ["mine", "swish-admin"]


@pytest.mark.claim("sweeper-dry-run")
@pytest.mark.parametrize("dry_run", [True, False])
def test_the_sweeper_is_told_whether_to_delete(
    helm: Helm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dry_run: bool
) -> None:
    """By the chart's value."""
    config = load(helm.template({"sweeper": {"dryRun": dry_run}}), tmp_path, monkeypatch)
    assert dict(config.JupyterHub.extra_handlers)[PATH].sweeper._dry_run is dry_run


def test_an_oauth_secret_comes_from_its_file(helm: Helm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the production example the client secret is read from the file that configFromSecret names."""
    config = load(helm.template(VALUE_FILES["production"]), tmp_path, monkeypatch)
    assert config.GenericOAuthenticator.client_secret == "from-a-file"
    assert config.JupyterHub.authenticator_class == "generic-oauth"
    assert "SharedPasswordAuthenticator" not in config


def test_private_images(helm: Helm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pull policy and pull secrets of the values are the environments' too."""
    values = {"images": {"pullPolicy": "Always"}, "imagePullSecrets": ["registry-login"]}
    config = load(helm.template(values), tmp_path, monkeypatch)
    assert config.KubeSpawner.image_pull_policy == "Always"
    assert config.KubeSpawner.image_pull_secrets == ["registry-login"]


def test_the_web_service_is_known_to_the_hub(config: Config, tmp_path: Path) -> None:
    """By the token and the address that its Deployment and its Service have."""
    (web,) = (service for service in config.JupyterHub.services if service["name"] == "swish")
    assert web["api_token"] == (tmp_path / "secrets" / "web-token").read_text().strip()
    assert web["url"] == "http://web.swish.svc:8082"
