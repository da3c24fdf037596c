"""Zero to JupyterHub's own chart, rendered with the values of our page, and its hub's configuration run.

That chart is another project's, so it is not in this repository. Get its source at the version that the page names,
make its schema (`python tools/generate-json-schema.py` there), and name the folder with `Chart.yaml` in
ZERO_TO_JUPYTERHUB_CHART.
"""

from __future__ import annotations

import os
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
import yaml
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from swish_spawner.hub.launch.spawner import SwishSpawner
from tests.chart.rendering import Helm, Manifest, one
from tests.docs.test_zero_to_jupyterhub import PAGE, ROLES, VALUES

CHART = os.environ.get("ZERO_TO_JUPYTERHUB_CHART")
#: Where that chart mounts what its hub reads.
MOUNTS = "/usr/local/etc/jupyterhub"

pytestmark = pytest.mark.skipif(not CHART, reason="name that chart's folder in ZERO_TO_JUPYTERHUB_CHART")


@pytest.fixture(scope="module")
def theirs(helm: Helm, tmp_path_factory: pytest.TempPathFactory) -> list[Manifest]:
    """What their chart renders with the values of the page."""
    values = tmp_path_factory.mktemp("values") / "values.yaml"
    values.write_text(VALUES, encoding="utf-8")
    result = helm.run("template", "jhub", str(CHART), "--namespace", "jhub", "--values", str(values))
    assert result.returncode == 0, result.stderr
    return [document for document in yaml.safe_load_all(result.stdout) if document]


@pytest.fixture
def their_config(theirs: list[Manifest], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """What their configuration file sets, with their ConfigMap, Secret and files where it looks for them."""
    for kind, folder in (("ConfigMap", "config"), ("Secret", "secret")):
        _write(tmp_path / folder, one(theirs, kind, "hub"))
    policy = tmp_path / "secret" / "policy"
    for source in ("jupyterhub_config.py", "z2jh.py"):
        text = (tmp_path / "config" / source).read_text(encoding="utf-8")
        (tmp_path / source).write_text(text.replace(MOUNTS, str(tmp_path)), encoding="utf-8")
    values = tmp_path / "secret" / "values.yaml"
    values.write_text(values.read_text().replace("/etc/swish/policy/policy.yaml", str(policy)), encoding="utf-8")
    for name in ("HUB", "PROXY_API", "PROXY_PUBLIC"):
        monkeypatch.setenv(f"{name}_SERVICE_PORT", "8001")
    monkeypatch.setenv("POD_NAMESPACE", "jhub")
    # Their file chooses an HTTP client for the whole process, which in their image has curl's library.
    monkeypatch.setattr("tornado.httpclient.AsyncHTTPClient.configure", lambda *_: None)
    return PyFileConfigLoader("jupyterhub_config.py", path=str(tmp_path)).load_config()


def _write(folder: Path, manifest: Manifest) -> None:
    """Write what a ConfigMap or Secret holds as the files that Kubernetes would mount."""
    folder.mkdir()
    for key, text in {**_decoded(manifest), **manifest.get("stringData", {})}.items():
        (folder / key).write_text(text, encoding="utf-8")


def _decoded(manifest: Manifest) -> dict[str, str]:
    data: dict[str, str] = manifest.get("data") or {}
    if manifest["kind"] == "ConfigMap":
        return data
    return {key: b64decode(text).decode() for key, text in data.items()}


def test_the_page_names_the_version_that_was_rendered() -> None:
    """The chart in that folder is of the JupyterHub that the page speaks of."""
    described: dict[str, Any] = yaml.safe_load((Path(str(CHART)) / "Chart.yaml").read_text(encoding="utf-8"))
    assert f"JupyterHub {described['appVersion'].removesuffix('.0')}" in PAGE


def test_their_hub_launches_by_our_policy(their_config: Config) -> None:
    """Our spawner, in their namespace, with what they set on KubeSpawner kept."""
    assert their_config.JupyterHub.spawner_class is SwishSpawner
    assert their_config.KubeSpawner.namespace == "jhub"
    assert their_config.KubeSpawner.common_labels["app.kubernetes.io/managed-by"] == "kubespawner"


def test_nothing_of_theirs_takes_a_guarantee_away(their_config: Config) -> None:
    """Their init container has no resources of its own, so it is switched off; no volume of theirs is mounted."""
    assert not their_config.KubeSpawner.init_containers
    assert their_config.KubeSpawner.volumes == {}


def test_their_role_and_the_rights_of_the_page_are_all_that_ours_has(helm: Helm, theirs: list[Manifest]) -> None:
    """Whatever our own chart's hub may do in its namespace, theirs may with the page's Role."""
    added, *_others = yaml.safe_load_all(ROLES)
    wanted = _rights(one(helm.template(), "Role", "hub")["rules"])
    assert wanted - _rights(one(theirs, "Role", "hub")["rules"] + added["rules"]) == set()


def _rights(rules: list[Manifest]) -> set[tuple[str, str, str]]:
    return {
        (group, resource, verb)
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
