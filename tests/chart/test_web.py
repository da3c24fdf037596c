"""What the chart makes of the web service: how it is reached, and what it is given."""

from __future__ import annotations

from typing import Any

import pytest
from jupyterhub.services.auth import HubOAuth

from tests.chart.rendering import VALUE_FILES, Helm, Manifest, hub_values, one


def web_spec(manifests: list[Manifest]) -> Manifest:
    """Return the spec of the web service's pod."""
    spec: Manifest = one(manifests, "Deployment", "web")["spec"]["template"]["spec"]
    return spec


def environment(manifests: list[Manifest]) -> dict[str, Any]:
    """Return the container's environment variables."""
    (container,) = web_spec(manifests)["containers"]
    return {variable["name"]: variable.get("value") for variable in container["env"]}


def test_tini_stays_the_first_process(default: list[Manifest]) -> None:
    """The image's entry point is kept: it ends what the program leaves behind, and passes signals on."""
    (container,) = web_spec(default)["containers"]
    assert "command" not in container
    assert container["args"] == ["python", "-m", "swish_spawner.services.web"]


def test_there_is_one_at_a_time(default: list[Manifest]) -> None:
    """Two would both append to one chained record."""
    spec = one(default, "Deployment", "web")["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})


@pytest.mark.parametrize(("base", "prefix"), [("/", "/services/swish/"), ("/dev", "/dev/services/swish/")])
def test_jupyterhubs_library_finds_the_hub(helm: Helm, monkeypatch: Any, base: str, prefix: str) -> None:
    """With these variables it asks the hub's Service, and sends people to log in at the address they came by."""
    given = environment(helm.template({"hub": {"baseUrl": base}}))
    for name, value in {**given, "JUPYTERHUB_API_TOKEN": "secret"}.items():
        monkeypatch.setenv(name, value)
    # it reads this one when it is imported
    auth = HubOAuth(base_url=given["JUPYTERHUB_SERVICE_PREFIX"])
    hub = f"{prefix.removesuffix('services/swish/')}hub"
    assert auth.api_url == f"http://hub.swish.svc:8081{hub}/api"
    assert auth.login_url.startswith(f"{hub}/api/oauth2/authorize")
    assert (auth.base_url, auth.oauth_redirect_uri) == (prefix, f"{prefix}oauth_callback")
    assert auth.oauth_client_id == "service-swish"
    assert auth.access_scopes == {"access:services!service=swish"}


def test_the_hub_knows_the_service_by_its_address(default: list[Manifest]) -> None:
    """The Service's port is the container's, at the address in config.yaml."""
    (port,) = one(default, "Service", "web")["spec"]["ports"]
    assert hub_values(default)["web"]["url"] == f"http://web.swish.svc:{port['port']}"
    assert environment(default)["JUPYTERHUB_SERVICE_URL"] == f"http://:{port['port']}"


@pytest.mark.claim("log-volume-apart")
def test_its_record_lies_on_a_volume_of_its_own(helm: Helm) -> None:
    """A new claim by default, somebody's own when named."""
    for values, name in (({}, "web-data"), ({"web": {"pvc": {"existingClaim": "mine"}}}, "mine")):
        made = helm.template(values)
        (claim,) = [volume["persistentVolumeClaim"] for volume in web_spec(made)["volumes"] if volume["name"] == "data"]
        claims = {manifest["metadata"]["name"] for manifest in made if manifest["kind"] == "PersistentVolumeClaim"}
        assert claim == {"claimName": name}
        assert ("web-data" in claims) is (name == "web-data")


def test_it_sees_the_gateways_token_and_never_its_host_key(helm: Helm) -> None:
    """Beside the token only the certificate, which is public."""
    volumes = web_spec(helm.template(VALUE_FILES["every-option"]))["volumes"]
    (secret,) = [volume["projected"]["sources"][0]["secret"] for volume in volumes if volume["name"] == "gateway"]
    assert secret["name"] == "swish-gateway"
    assert [item["key"] for item in secret["items"]] == ["token", "host_key.crt"]


def test_it_starts_without_a_gateway(default: list[Manifest]) -> None:
    """Its Secret need not be there."""
    volumes = web_spec(default)["volumes"]
    (secret,) = [volume["projected"]["sources"][0]["secret"] for volume in volumes if volume["name"] == "gateway"]
    assert secret["optional"] is True


@pytest.mark.parametrize(
    ("values", "rolls", "reason"),
    [
        ({"policy": {"version": 1}}, False, "the running service reads the policy again"),
        ({"hub": {"podAnnotations": {"a": "b"}}}, False, "that is the hub's"),
        ({"hub": {"baseUrl": "/dev"}}, True, "its own address is below it"),
    ],
)
def test_what_restarts_it(
    helm: Helm, default: list[Manifest], values: dict[str, Any], rolls: bool, reason: str
) -> None:
    """Its pod changes only with what it reads at its start."""
    before, after = (one(made, "Deployment", "web")["spec"]["template"] for made in (default, helm.template(values)))
    assert (before != after) is rolls, reason


def _egress(manifests: list[Manifest]) -> list[Manifest]:
    rules: list[Manifest] = one(manifests, "NetworkPolicy", "web")["spec"]["egress"]
    return rules


def test_who_reaches_it(default: list[Manifest]) -> None:
    """Proxy, hub and gateway, on its one port; what Prometheus needs is for the values to say."""
    (rule,) = one(default, "NetworkPolicy", "web")["spec"]["ingress"]
    peers = [peer["podSelector"]["matchLabels"]["app.kubernetes.io/component"] for peer in rule["from"]]
    assert (peers, rule["ports"]) == (["proxy", "hub", "ssh-gateway"], [{"protocol": "TCP", "port": "http"}])


@pytest.mark.parametrize("name", ["hub", "proxy"])
def test_hub_and_proxy_may_reach_it(default: list[Manifest], name: str) -> None:
    """The proxy passes people on; the hub looks whether it is up."""
    (rule,) = (
        rule
        for rule in one(default, "NetworkPolicy", name)["spec"]["egress"]
        if {"protocol": "TCP", "port": 8082} in rule["ports"]
    )
    assert [peer["podSelector"]["matchLabels"]["app.kubernetes.io/component"] for peer in rule["to"]] == ["web"]


def test_it_reaches_the_hub(default: list[Manifest]) -> None:
    """And the hub lets it in."""
    (rule,) = (rule for rule in _egress(default) if {"protocol": "TCP", "port": 8081} in rule["ports"])
    assert [peer["podSelector"]["matchLabels"]["app.kubernetes.io/component"] for peer in rule["to"]] == ["hub"]
    peers = one(default, "NetworkPolicy", "hub")["spec"]["ingress"][0]["from"]
    assert "web" in [peer["podSelector"]["matchLabels"].get("app.kubernetes.io/component") for peer in peers]


def _blocks(manifests: list[Manifest]) -> list[Manifest]:
    return [peer["ipBlock"] for rule in _egress(manifests) for peer in rule.get("to", []) if "ipBlock" in peer]


def test_it_reaches_private_networks_for_kubernetes_api_and_no_others(default: list[Manifest]) -> None:
    """The Internet is not open to it, nor the metadata address in the private range for IPv6."""
    blocks = {block["cidr"]: block.get("except") for block in _blocks(default)}
    assert blocks == {
        "10.0.0.0/8": None,
        "100.64.0.0/10": None,
        "172.16.0.0/12": None,
        "192.168.0.0/16": None,
        "fc00::/7": ["fd00:ec2::254/128"],
    }


def test_an_api_server_anywhere_is_never_at_the_metadata_address(helm: Helm) -> None:
    """Values that open the whole Internet leave that one address out."""
    made = helm.template({"networkPolicy": {"web": {"apiServer": {"cidrs": ["0.0.0.0/0", "::/0"], "ports": [443]}}}})
    assert [block["except"] for block in _blocks(made)] == [["169.254.169.254/32"], ["fd00:ec2::254/128"]]


def test_github_is_reached_only_where_keys_may_come_from_there(helm: Helm) -> None:
    """Then port 443 is open, but for the metadata address."""
    made = helm.template({"policy": {"version": 1, "ssh": {"enabled": True, "github": True}}})
    wide = {block["cidr"]: block["except"] for block in _blocks(made) if block["cidr"] in ("0.0.0.0/0", "::/0")}
    assert wide == {"0.0.0.0/0": ["169.254.169.254/32"], "::/0": ["fd00:ec2::254/128"]}
