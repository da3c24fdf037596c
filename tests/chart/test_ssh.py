"""What the chart makes for ssh: the Secrets of public keys, the gateway, and who reaches sshd."""

from __future__ import annotations

import json
from base64 import b64decode
from copy import deepcopy
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from swish_spawner.core.ssh.names import service_name
from tests.chart.rendering import VALUE_FILES, Helm, Manifest, hub_values, one

POLICY: dict[str, Any] = {
    "version": 1,
    "teams": {"imaging": {"groups": ["imaging"], "namespace": "swish-imaging"}},
    "ssh": {
        "enabled": True,
        "allow_cidrs": ["192.0.2.0/24", "2001:db8::/32"],
        "gateway": "ssh.example.org",
        "gateway_cidrs": ["10.1.0.0/16"],
    },
}
NAME = "ssh-gateway"


def values(place: dict[str, Any] | None = None, **ssh: Any) -> dict[str, Any]:
    """Return values with that policy and these changes of its ssh section, where None leaves a key out.

    Args:
        place: the chart's values of the gateway.
        ssh: changes of the policy.
    """
    policy = deepcopy(POLICY)
    policy["ssh"] = {key: value for key, value in (policy["ssh"] | ssh).items() if value is not None}
    return {"policy": policy, "gateway": place or {}}


@pytest.fixture(scope="module")
def made(helm: Helm) -> list[Manifest]:
    """What the chart renders with a gateway, and a team with a namespace of its own."""
    return helm.template(values())


def gateway_spec(manifests: list[Manifest]) -> Manifest:
    """Return the spec of the gateway's pods."""
    spec: Manifest = one(manifests, "Deployment", NAME)["spec"]["template"]["spec"]
    return spec


def test_there_are_16_secrets_of_public_keys_in_each_namespace(made: list[Manifest]) -> None:
    """They are there before anybody has a key, so that nobody needs a right to make one; a label says which each is."""
    found = {
        (m["metadata"]["namespace"], m["metadata"]["labels"]["swish.io/ssh-keys"]): m["metadata"]["name"]
        for m in made
        if "swish.io/ssh-keys" in m["metadata"]["labels"]
    }
    namespaces = ("swish", "swish-imaging")
    assert found == {(place, digit): f"ssh-keys-{digit}" for place in namespaces for digit in "0123456789abcdef"}


def test_an_upgrade_leaves_public_keys_alone(made: list[Manifest]) -> None:
    """Helm changes only what a template names, and these name no data."""
    secrets = [m for m in made if "swish.io/ssh-keys" in m["metadata"]["labels"]]
    assert secrets
    assert not [m for m in secrets if {"data", "stringData", "immutable"} & set(m)]


def test_the_web_service_may_write_keys_in_each_namespace(made: list[Manifest]) -> None:
    """With the same rules, bound to its one account."""
    roles = {
        m["metadata"]["namespace"]: m["rules"] for m in made if m["kind"] == "Role" and m["metadata"]["name"] == "web"
    }
    assert set(roles) == {"swish", "swish-imaging"}
    assert roles["swish"] == roles["swish-imaging"]
    bindings = [m for m in made if m["kind"] == "RoleBinding" and m["metadata"]["name"] == "web"]
    assert [binding["subjects"][0]["namespace"] for binding in bindings] == ["swish", "swish"]


@pytest.mark.parametrize(
    ("ssh", "reason"),
    [
        ({"gateway": None, "gateway_cidrs": None}, "the policy names none"),
        ({"enabled": False}, "nobody may use ssh"),
    ],
)
def test_without_a_gateway_nothing_of_it_is_made(helm: Helm, ssh: dict[str, Any], reason: str) -> None:
    """The policy switches it on, in one place with all else that is said of ssh."""
    components = {m["metadata"]["labels"]["app.kubernetes.io/component"] for m in helm.template(values(**ssh))}
    assert NAME not in components, reason


def test_a_drain_leaves_a_gateway(made: list[Manifest]) -> None:
    """There are two, on two nodes where there are two, and a budget keeps one."""
    assert one(made, "Deployment", NAME)["spec"]["replicas"] == 2
    spread = {rule["topologyKey"] for rule in gateway_spec(made)["topologySpreadConstraints"]}
    assert spread == {"kubernetes.io/hostname", "topology.kubernetes.io/zone"}
    assert one(made, "PodDisruptionBudget", NAME)["spec"]["minAvailable"] == 1


def test_one_gateway_alone_is_refused(helm: Helm) -> None:
    """A drain could then not both keep it and empty its node."""
    assert "replicas" in helm.refusal(values({"replicas": 1}))


@pytest.mark.parametrize("base", ["/", "/dev/"])
def test_what_the_gateway_is_told(helm: Helm, base: str) -> None:
    """Where its files are, and the web service's address below the base URL, with a slash at its end."""
    (container,) = gateway_spec(helm.template(values() | {"hub": {"baseUrl": base}}))["containers"]
    assert "command" not in container
    assert container["args"] == [
        "--start=/etc/swish/ssh/start",
        f"--web=http://web.swish.svc:8082{base}services/swish/",
        "--token-file=/etc/swish/ssh/token/token",
    ]


def test_the_gateway_writes_to_nothing_but_a_small_folder(made: list[Manifest]) -> None:
    """Of 16 MiB, gone with the pod."""
    spec = gateway_spec(made)
    writable = [mount for mount in spec["containers"][0]["volumeMounts"] if not mount.get("readOnly")]
    assert writable == [{"name": "tmp", "mountPath": "/tmp"}]  # noqa: S108 - the pod's own
    assert {"name": "tmp", "emptyDir": {"sizeLimit": "16Mi"}} in spec["volumes"]


def test_settings_of_the_gateways_sshd(made: list[Manifest]) -> None:
    """It checks the policy's networks itself too, lets nobody in by password and nobody listen."""
    settings = json.loads(one(made, "ConfigMap", NAME)["data"]["settings.json"])
    assert settings["mode"] == "gateway"
    assert settings["port"] == 2222
    assert settings["allow_cidrs"] == POLICY["ssh"]["allow_cidrs"]
    assert settings["gateway_cidrs"] == []
    assert not settings["password"]
    assert not settings["remote_forwarding"]


@pytest.mark.claim("host-keys-are-ed25519")
def test_the_host_key_is_one_that_sshd_reads(made: list[Manifest]) -> None:
    """An Ed25519 key in PKCS #8, as OpenSSH 9.6 and later take it, and beside it a certificate with its public half."""
    data = {key: b64decode(value) for key, value in one(made, "Secret", NAME)["data"].items()}
    assert data["host_key"].startswith(b"-----BEGIN PRIVATE KEY-----")
    shown = x509.load_pem_x509_certificate(data["host_key.crt"]).public_key()
    kept = load_pem_private_key(data["host_key"], None)
    assert isinstance(kept, Ed25519PrivateKey)
    openssh = (Encoding.OpenSSH, PublicFormat.OpenSSH)
    assert shown.public_bytes(*openssh) == kept.public_key().public_bytes(*openssh)
    assert len(bytes.fromhex(data["token"].decode())) == 32


def test_gateways_share_a_host_key_that_survives(made: list[Manifest]) -> None:
    """From one Secret, which an uninstall keeps; its token comes from there, too, in a folder of its own."""
    assert one(made, "Secret", NAME)["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    volumes = {volume["name"]: volume.get("projected") for volume in gateway_spec(made)["volumes"]}
    (key, settings), (token,) = volumes["start"]["sources"], volumes["token"]["sources"]
    assert key["secret"] == {"name": NAME, "items": [{"key": "host_key", "path": "host_key"}]}
    assert settings["configMap"] == {"name": NAME}
    assert token["secret"] == {"name": NAME, "items": [{"key": "token", "path": "token"}]}


def test_somebody_elses_secret_replaces_the_generated_one(helm: Helm) -> None:
    """Tools that render without a cluster would make another host key each time."""
    manifests = helm.template(values({"existingSecret": "mine"}))
    assert ("Secret", NAME) not in {(m["kind"], m["metadata"]["name"]) for m in manifests}
    volumes = {volume["name"]: volume.get("projected") for volume in gateway_spec(manifests)["volumes"]}
    assert (
        volumes["start"]["sources"][0]["secret"]["name"] == volumes["token"]["sources"][0]["secret"]["name"] == "mine"
    )


def service(helm: Helm, **settings: Any) -> Manifest:
    """Return the gateway's Service."""
    made: Manifest = one(helm.template(values({"service": settings})), "Service", NAME)
    return made


def test_by_default_the_gateway_is_for_the_clusters_network(helm: Helm) -> None:
    """A load balancer costs, and opens something to the world: whoever wants one says so."""
    spec = service(helm)["spec"]
    assert spec["type"] == "ClusterIP"
    assert spec["ports"] == [{"name": "ssh", "port": 22, "targetPort": "ssh"}]


def test_a_load_balancer_lets_the_policys_networks_in(helm: Helm) -> None:
    """Others when the values name them; the gateway sees people's own addresses."""
    spec = service(helm, type="LoadBalancer")["spec"]
    assert spec["loadBalancerSourceRanges"] == POLICY["ssh"]["allow_cidrs"]
    assert spec["externalTrafficPolicy"] == "Local"
    own = service(helm, type="LoadBalancer", loadBalancerSourceRanges=["192.0.2.7/32"])["spec"]
    assert own["loadBalancerSourceRanges"] == ["192.0.2.7/32"]


@pytest.mark.parametrize(("kind", "key"), [("LoadBalancer", "hostname"), ("ClusterIP", "internal-hostname")])
def test_external_dns_finds_the_gateways_name(helm: Helm, kind: str, key: str) -> None:
    """Under the prefix that it had, and the one that it has."""
    annotations = service(helm, type=kind)["metadata"]["annotations"]
    for prefix in ("external-dns.alpha.kubernetes.io", "external-dns.kubernetes.io"):
        assert annotations[f"{prefix}/{key}"] == "ssh.example.org"
        assert annotations[f"{prefix}/ttl"] == "60"


@pytest.mark.parametrize(
    ("settings", "port"),
    [({}, 22), ({"type": "LoadBalancer", "port": 2200}, 2200), ({"type": "NodePort", "nodePort": 30022}, 30022)],
)
def test_people_are_told_the_gateways_port(helm: Helm, settings: dict[str, Any], port: int) -> None:
    """A node's, where there is no other address."""
    assert hub_values(helm.template(values({"service": settings})))["ssh"] == {"gatewayPort": port}


def test_a_node_port_has_to_be_chosen(helm: Helm) -> None:
    """One that Kubernetes picks could not be told to anybody."""
    assert "gateway.service.nodePort" in helm.refusal(values({"service": {"type": "NodePort"}}))


def _rules(manifests: list[Manifest], name: str, direction: str, namespace: str | None = None) -> list[Manifest]:
    (found,) = (
        m
        for m in manifests
        if (m["kind"], m["metadata"]["name"], m["metadata"].get("namespace")) == ("NetworkPolicy", name, namespace)
    )
    rules: list[Manifest] = found["spec"][direction]
    return rules


def _ports(rule: Manifest) -> list[Any]:
    return [port["port"] for port in rule["ports"]]


@pytest.mark.claim("networks-by-policy")
@pytest.mark.parametrize(
    ("namespace", "home"), [(None, {}), ("swish-imaging", {"kubernetes.io/metadata.name": "swish"})]
)
def test_sshd_is_reached_from_the_policys_networks_and_the_gateway(
    made: list[Manifest], namespace: str | None, home: dict[str, str]
) -> None:
    """From nowhere else, in any namespace; the gateway is that of the release's namespace."""
    (rule,) = _rules(made, "environments-ssh", "ingress", namespace)
    assert _ports(rule) == [2222]
    *networks, gateway = rule["from"]
    assert [peer["ipBlock"]["cidr"] for peer in networks] == POLICY["ssh"]["allow_cidrs"]
    assert gateway["podSelector"]["matchLabels"]["app.kubernetes.io/component"] == NAME
    assert gateway.get("namespaceSelector", {}).get("matchLabels", {}) == home


@pytest.mark.claim("networks-by-policy")
@pytest.mark.parametrize(
    ("ssh", "peers", "reason"),
    [
        ({"allow_cidrs": []}, 1, "no network is no network: the gateway alone"),
        ({"allow_cidrs": [], "gateway": None, "gateway_cidrs": None}, 0, "nobody"),
        ({"enabled": False}, 0, "no sshd runs"),
    ],
)
def test_nobody_allowed_is_nobody(helm: Helm, ssh: dict[str, Any], peers: int, reason: str) -> None:
    """A rule without peers would let everybody in, so there is none."""
    policies = [one for one in helm.template(values(**ssh)) if one["metadata"]["name"] == "environments-ssh"]
    assert len(policies) == (2 if peers else 0), "one in each namespace"
    for policy in policies:
        (rule,) = policy["spec"]["ingress"]
        assert len(rule["from"]) == peers, reason


@pytest.mark.claim("networks-by-policy")
def test_a_pod_without_ssh_is_not_entered(made: list[Manifest]) -> None:
    """Whatever listens there; one that was started before pods said so has no such label, and is."""
    policies = [one for one in made if one["metadata"]["name"] == "environments-ssh"]
    assert [one["metadata"].get("namespace") for one in policies] == [None, "swish-imaging"]
    for policy in policies:
        assert policy["spec"]["podSelector"] == {
            "matchLabels": {"component": "singleuser-server"},
            "matchExpressions": [{"key": "swish.io/ssh", "operator": "NotIn", "values": ["none"]}],
        }
        assert policy["spec"]["policyTypes"] == ["Ingress"]
    rules = _rules(made, "environments", "ingress")
    assert 2222 not in [port for rule in rules for port in _ports(rule)]


def test_no_service_of_the_chart_is_named_as_an_environments(made: list[Manifest]) -> None:
    """Whatever people are called: theirs begin with `env-`."""
    names = [one["metadata"]["name"] for one in made if one["kind"] == "Service"]
    assert names
    assert not [name for name in names if name.startswith(service_name(""))]


def test_who_reaches_the_gateway(helm: Helm, made: list[Manifest]) -> None:
    """The policy's networks, at its one port; nobody where there are none."""
    (rule,) = _rules(made, NAME, "ingress")
    assert [peer["ipBlock"]["cidr"] for peer in rule["from"]] == POLICY["ssh"]["allow_cidrs"]
    assert _ports(rule) == ["ssh"]
    assert _rules(helm.template(values(allow_cidrs=[])), NAME, "ingress") == []


def test_what_the_gateway_reaches(made: list[Manifest]) -> None:
    """Names, the web service, and the sshd of environments in every namespace; no address of the world or the cloud."""
    names, web, sshd = _rules(made, NAME, "egress")
    assert ("to" not in names, _ports(names)) == (True, [53, 53])
    assert (_ports(web), _ports(sshd)) == ([8082], [2222])
    assert [peer["podSelector"]["matchLabels"]["app.kubernetes.io/component"] for peer in web["to"]] == ["web"]
    assert [peer["podSelector"]["matchLabels"] for peer in sshd["to"]] == [{"component": "singleuser-server"}] * 2


def test_the_chart_of_every_option_has_a_gateway(helm: Helm) -> None:
    """So that every rule of this folder is checked on it."""
    assert one(helm.template(VALUE_FILES["every-option"]), "Deployment", NAME)["spec"]["replicas"] == 3
