"""Names, secrets, restarts: what an install and an upgrade do."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

import swish_spawner
from swish_spawner.adapters.policy_file import read_policy
from swish_spawner.core.policy.image_names import ImageNames
from tests.chart.rendering import CHART, ROOT, Helm, Manifest, hub_values, one

TEMPLATES = sorted((CHART / "templates").rglob("*.yaml"))
DIGITS = "0123456789abcdef"
OBJECTS = {
    *(("Secret", f"ssh-keys-{digit}") for digit in DIGITS),
    ("ClusterRole", "swish-hub"),
    ("ClusterRoleBinding", "swish-hub"),
    ("ConfigMap", "hub"),
    ("ConfigMap", "policy"),
    ("Deployment", "hub"),
    ("Deployment", "proxy"),
    ("Deployment", "web"),
    ("Lease", "swish-hub"),
    ("NetworkPolicy", "environments"),
    ("NetworkPolicy", "hub"),
    ("NetworkPolicy", "proxy"),
    ("NetworkPolicy", "web"),
    ("PersistentVolumeClaim", "hub-db"),
    ("PersistentVolumeClaim", "web-data"),
    ("Role", "hub"),
    ("Role", "web"),
    ("RoleBinding", "hub"),
    ("RoleBinding", "web"),
    ("Secret", "hub"),
    ("Service", "hub"),
    ("Service", "proxy-api"),
    ("Service", "proxy-public"),
    ("Service", "web"),
    ("ServiceAccount", "hub"),
    ("ServiceAccount", "web"),
}


def test_default_objects(default: list[Manifest]) -> None:
    """The default install is these objects, each once, under the names that scripts rely on."""
    assert sorted((m["kind"], m["metadata"]["name"]) for m in default) == sorted(OBJECTS)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_template_is_one_object_with_a_name_from_the_helpers(path: Path) -> None:
    """One kind a file; its name and every name it refers to come from `_helpers-names.tpl`."""
    text = path.read_text()
    assert len(re.findall(r"(?m)^kind: ", text)) == 1
    assert re.search(r"metadata:\n  name: \{\{ (include \"swish\.[a-z.-]+name\" [.$]|\$name) \}\}", text)
    for reference in re.findall(
        r"(?:configMap|secret|secretKeyRef|persistentVolumeClaim): \{(?:name|claimName): (.*)", text
    ):
        assert reference.startswith(('{{ include "swish.', "{{ . }}"))


def test_every_object_is_labelled(rendered: list[Manifest]) -> None:
    """Every object says that it is Swish's, of which release and which component."""
    for manifest in rendered:
        labels = manifest["metadata"]["labels"]
        assert labels["app.kubernetes.io/name"] == labels["app.kubernetes.io/instance"] == "swish"
        assert labels["app.kubernetes.io/component"] in {
            "hub",
            "proxy",
            "policy",
            "environments",
            "teams",
            "monitoring",
            "web",
            "ssh-keys",
            "ssh-gateway",
            "prometheus",
            "alertmanager",
            "kube-state-metrics",
        }


def test_the_chart_is_of_the_package_version() -> None:
    """appVersion, the default tag of the images, is the version of swish_spawner."""
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["appVersion"] == swish_spawner.__version__


def test_generated_secrets(default: list[Manifest]) -> None:
    """Keys are 32 random bytes in hexadecimal; passwords are as long as JupyterHub asks; none is like another."""
    data = {key: base64.b64decode(value).decode() for key, value in one(default, "Secret", "hub")["data"].items()}
    for key in ("cookie-secret", "crypt-key", "proxy-token", "admin-token", "metrics-token", "web-token"):
        assert re.fullmatch("[0-9a-f]{64}", data.pop(key))
    assert re.fullmatch("[0-9A-Za-z]{20}", data.pop("user-password"))
    assert re.fullmatch("[0-9A-Za-z]{40}", data.pop("admin-password"))
    assert not data


def test_secrets_differ_between_installs(helm: Helm, default: list[Manifest]) -> None:
    """No two installs share a key."""
    first, second = (one(m, "Secret", "hub")["data"] for m in (default, helm.template()))
    assert not set(first.values()) & set(second.values())


@pytest.mark.claim("uninstall-keeps-keys")
@pytest.mark.parametrize(
    ("kind", "name"), sorted(object_ for object_ in OBJECTS if object_[0] in ("PersistentVolumeClaim", "Secret"))
)
def test_uninstall_keeps_keys_and_records(default: list[Manifest], kind: str, name: str) -> None:
    """Databases and the keys that read them outlive `helm uninstall` together, and so do people's public keys."""
    assert one(default, kind, name)["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"


def test_an_existing_secret_replaces_the_generated_one(helm: Helm) -> None:
    """With existingSecret the hub's is not made, and hub, proxy and web service read the other."""
    manifests = helm.template({"existingSecret": "keys"})
    assert ("Secret", "hub") not in {(manifest["kind"], manifest["metadata"]["name"]) for manifest in manifests}
    names = ("hub", "proxy", "web")
    hub, proxy, web = (one(manifests, "Deployment", name)["spec"]["template"]["spec"] for name in names)
    (secrets,) = (volume["projected"] for volume in hub["volumes"] if volume["name"] == "secrets")
    assert secrets["sources"] == [{"secret": {"name": "keys"}}]
    assert proxy["containers"][0]["env"][0]["valueFrom"]["secretKeyRef"]["name"] == "keys"
    assert web["containers"][0]["env"][0]["valueFrom"]["secretKeyRef"] == {"name": "keys", "key": "web-token"}


@pytest.mark.parametrize(
    ("values", "rolls", "reason"),
    [
        ({"policy": {"version": 1}}, False, "the running hub reads the policy again"),
        ({"proxy": {"logLevel": "debug"}}, False, "that is the proxy's"),
        (
            {"hub": {"config": {"JupyterHub": {"log_level": 10}}}},
            True,
            "JupyterHub reads its configuration at its start",
        ),
        ({"images": {"tag": "2"}}, True, "another image"),
    ],
)
def test_what_restarts_the_hub(
    helm: Helm, default: list[Manifest], values: dict[str, Any], rolls: bool, reason: str
) -> None:
    """The hub's pod template changes only with what the hub reads at its start."""
    before, after = (one(m, "Deployment", "hub")["spec"]["template"] for m in (default, helm.template(values)))
    assert (before != after) is rolls, reason


@pytest.mark.parametrize(
    "values",
    [
        {"policy": {"version": 1}},
        {"hub": {"config": {"JupyterHub": {"log_level": 10}}}},
        {"hub": {"podAnnotations": {"a": "b"}}},
        {"images": {"references": {"swish-hub": "other:1", "swish-python3": "other:2"}}},
    ],
)
def test_what_does_not_restart_the_proxy(helm: Helm, default: list[Manifest], values: dict[str, Any]) -> None:
    """A change of hub, policy or environment image leaves the proxy, and so every open notebook, alone."""
    before, after = (one(m, "Deployment", "proxy")["spec"]["template"] for m in (default, helm.template(values)))
    assert before == after


@pytest.mark.parametrize(
    ("images", "reference"),
    [
        ({}, "swish-hub:" + swish_spawner.__version__),
        ({"tag": "2"}, "swish-hub:2"),
        ({"registry": "example.org/swish"}, f"example.org/swish/swish-hub:{swish_spawner.__version__}"),
        ({"registry": "example.org/swish/", "tag": "2"}, "example.org/swish/swish-hub:2"),
        (
            {"tag": "2", "references": {"swish-hub": "docker.io/library/swish-hub:abc"}},
            "docker.io/library/swish-hub:abc",
        ),
    ],
)
def test_image_references(helm: Helm, images: dict[str, Any], reference: str) -> None:
    """A reference of its own wins, else it is registry, name and tag; the hub resolves the policy's images alike."""
    manifests = helm.template({"images": images})
    (hub,) = one(manifests, "Deployment", "hub")["spec"]["template"]["spec"]["containers"]
    assert hub["image"] == reference
    rule = {key: value for key, value in hub_values(manifests)["images"].items() if key != "pullPolicy"}
    assert ImageNames(**rule).reference("swish-hub") == reference


def test_the_default_policy_is_the_repository_s(default: list[Manifest], tmp_path: Path) -> None:
    """The chart ships hub_config/policy.yaml as it is, and it is a good policy."""
    text = one(default, "ConfigMap", "policy")["data"]["policy.yaml"]
    assert yaml.safe_load(text) == yaml.safe_load((ROOT / "hub_config" / "policy.yaml").read_text())
    (tmp_path / "policy.yaml").write_text(text)
    read_policy(tmp_path / "policy.yaml")


def test_a_policy_as_text_keeps_its_order(helm: Helm) -> None:
    """Of a mapping Helm sorts the keys, and the first image is what people get who name none."""
    text = "version: 1\nimages:\n  python3: {image: swish-python3}\n  python2: {image: swish-python2}\n"
    assert one(helm.template({"policy": text}), "ConfigMap", "policy")["data"]["policy.yaml"] == text
    mapping = helm.template({"policy": yaml.safe_load(text)})
    sorted_by_helm = yaml.safe_load(one(mapping, "ConfigMap", "policy")["data"]["policy.yaml"])
    assert next(iter(sorted_by_helm["images"])) == "python2"


def test_a_policy_as_text_is_read_by_the_chart(helm: Helm) -> None:
    """A team's namespace gets its Role as from a mapping."""
    policy = {"version": 1, "teams": {"walled": {"groups": ["walled"], "namespace": "swish-walled"}}}
    manifests = helm.template({"policy": yaml.safe_dump(policy)})
    assert [m for m in manifests if m["kind"] == "Role" and m["metadata"].get("namespace") == "swish-walled"]


def test_a_policy_that_is_no_yaml_is_refused(helm: Helm) -> None:
    """Before anything is changed: what it says of namespaces would be taken for nothing."""
    assert "policy: is no YAML mapping" in helm.refusal({"policy": "teams: [unclosed"})


def test_a_policy_in_the_values_replaces_the_default_whole(helm: Helm, tmp_path: Path) -> None:
    """The every-option example's policy arrives unmerged, and is a good policy."""
    values = CHART / "examples" / "every-option.yaml"
    text = one(helm.template(values), "ConfigMap", "policy")["data"]["policy.yaml"]
    assert yaml.safe_load(text) == yaml.safe_load(values.read_text())["policy"]
    (tmp_path / "policy.yaml").write_text(text)
    read_policy(tmp_path / "policy.yaml")


def _login(**traits: Any) -> dict[str, Any]:
    return {"production": True, "hub": {"config": {"JupyterHub": {"load_groups": None, **traits}}}}


@pytest.mark.parametrize(
    "authenticator",
    ["shared-password", "dummy", "jupyterhub.authenticators.shared.SharedPasswordAuthenticator", "null", None],
)
def test_production_refuses_a_log_in_for_everybody(helm: Helm, authenticator: str | None) -> None:
    """production: true names the setting, and what to use instead, when people would not be told apart."""
    refusal = helm.refusal(_login(authenticator_class=authenticator))
    assert "hub.config.JupyterHub.authenticator_class" in refusal
    assert "generic-oauth" in refusal


def test_production_refuses_the_demo_teams(helm: Helm) -> None:
    """production: true with a real log-in still refuses the demo's people in the demo's groups."""
    values = {"production": True, "hub": {"config": {"JupyterHub": {"authenticator_class": "github"}}}}
    assert "load_groups" in helm.refusal(values)


@pytest.mark.claim("no-passwords-in-production")
def test_production_refuses_passwords_for_ssh(helm: Helm) -> None:
    """production: true names the policy's switch, and says what people enter with instead."""
    values = _login(authenticator_class="github") | {"policy": {"version": 1, "ssh": {"password": True}}}
    refusal = helm.refusal(values)
    assert "policy.ssh.password" in refusal
    assert "keys or certificates" in refusal


def test_the_production_example_has_no_trace_of_the_demo(helm: Helm) -> None:
    """With chart/examples/production.yaml the hub is configured for OAuth alone."""
    values = hub_values(helm.template(CHART / "examples" / "production.yaml"))
    assert values["hubConfig"]["JupyterHub"] == {"authenticator_class": "generic-oauth"}
    assert "SharedPasswordAuthenticator" not in {**values["hubConfig"], **values["hubConfigFromSecret"]}
    assert values["hubConfigFromSecret"] == {"GenericOAuthenticator": {"client_secret": "oauth-client-secret"}}


def test_config_yaml(default: list[Manifest]) -> None:
    """The hub reads plain data in this shape, the images' tag already resolved."""
    values = hub_values(default)
    names = {"images", "imagePullSecrets", "environments", "urls", "web", "ssh", "sweeper"}
    assert set(values) == names | {"hubConfig", "hubConfigFromSecret"}
    assert values["images"]["tag"] == swish_spawner.__version__
    assert values["environments"] == {"namespace": "swish"}
    assert values["urls"] == {
        "base": "/",
        "hub": "http://hub.swish.svc:8081",
        "proxyApi": "http://proxy-api.swish.svc:8001",
    }
    assert values["web"] == {"service": "swish", "url": "http://web.swish.svc:8082"}
    assert values["ssh"] == {"gatewayPort": 22}


@pytest.mark.parametrize(("path", "base"), [("/", "/"), ("/dev", "/dev/"), ("/a/b/", "/a/b/")])
def test_base_url(helm: Helm, path: str, base: str) -> None:
    """The base URL reaches hub and probes with one slash at each end."""
    manifests = helm.template({"hub": {"baseUrl": path}})
    (hub,) = one(manifests, "Deployment", "hub")["spec"]["template"]["spec"]["containers"]
    assert hub_values(manifests)["urls"]["base"] == base
    assert hub["readinessProbe"]["httpGet"]["path"] == f"{base}hub/health"


def test_the_packaged_chart_holds_the_hub_config(helm: Helm, tmp_path: Path) -> None:
    """`helm package` follows the link to hub_config, so that the archive renders the same policy."""
    assert helm.run("package", str(CHART), "--destination", str(tmp_path)).returncode == 0
    (archive,) = tmp_path.glob("*.tgz")
    result = helm.run("template", "swish", str(archive), "--namespace", "swish")
    manifests = [document for document in yaml.safe_load_all(result.stdout) if document]
    assert one(manifests, "ConfigMap", "policy") == one(helm.template(), "ConfigMap", "policy")
