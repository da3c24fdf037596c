"""What the chart's pods and accounts may do."""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from tests.chart.rendering import CHART, VALUE_FILES, Helm, Manifest, containers, one, pod_templates

HUB_VERBS = [
    ("pods", {"get", "list", "watch", "create", "delete"}, "see, start and stop environments"),
    ("pods/log", {"get"}, "show what pip says while packages install"),
    ("events", {"list", "watch"}, "show progress"),
    ("persistentvolumeclaims", {"get", "create", "list", "delete"}, "home volumes, and the page of them"),
    ("poddisruptionbudgets", {"get", "create", "delete"}, "protected pools; an earlier pod's of that name goes first"),
    (
        "services",
        {"get", "create", "delete"},
        "an environment's address for ssh; an earlier pod's of that name goes first",
    ),
    ("secrets", {"create"}, "the host key of an environment's sshd, which is cleared up with its pod"),
    ("leases", {"get", "update"}, "one by name, by which two hubs in one namespace know of each other"),
]
WEB_VERBS = [
    ("secrets", {"get", "update"}, "people's public keys, in 16 Secrets by name"),
    ("services", {"get"}, "the address that a load balancer or a node port gave an environment"),
    ("pods", {"get", "list", "watch"}, "which environments run sshd"),
    ("pods/log", {"get"}, "what sshd says of who enters"),
]
#: Which kubelets there are, and what containers use: nothing else of a kubelet, as `nodes/proxy` would open.
PROMETHEUS = [
    {"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "list", "watch"]},
    {"apiGroups": [""], "resources": ["nodes/metrics"], "verbs": ["get"]},
]


def test_every_pod_is_restricted(rendered: list[Manifest]) -> None:
    """Every pod meets the `restricted` standard, and a bit more: a fixed user, and its own group on volumes."""
    for template in pod_templates(rendered):
        spec = template["spec"]
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec)
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["runAsUser"] == spec["securityContext"]["fsGroup"] == 1000
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        allowed = {"configMap", "emptyDir", "projected", "persistentVolumeClaim"}
        assert {kind for volume in spec["volumes"] for kind in volume if kind != "name"} <= allowed


def test_every_container_is_restricted(rendered: list[Manifest]) -> None:
    """No container has a capability, a way to more rights, or a writable root file system."""
    for container in containers(rendered):
        context = container["securityContext"]
        assert context["allowPrivilegeEscalation"] is False
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert context["readOnlyRootFilesystem"] is True
        assert context["privileged"] is False
        assert not any("hostPort" in port for port in container["ports"])


def test_every_container_is_bounded_and_watched(rendered: list[Manifest]) -> None:
    """Every container asks for CPU and memory, has a memory limit and all three probes."""
    for container in containers(rendered):
        assert set(container["resources"]["requests"]) == {"cpu", "memory"}
        assert "memory" in container["resources"]["limits"]
        assert {"startupProbe", "readinessProbe", "livenessProbe"} <= set(container)


@pytest.mark.claim("hub-role")
@pytest.mark.parametrize(("name", "table"), [("hub", HUB_VERBS), ("web", WEB_VERBS)])
def test_a_role_is_its_table(default: list[Manifest], name: str, table: list[tuple[str, set[str], str]]) -> None:
    """The Roles of hub and web service allow what their tables say, and nothing else."""
    rules = one(default, "Role", name)["rules"]
    assert all(len(rule["apiGroups"]) == len(rule["resources"]) == 1 for rule in rules)
    granted = {rule["resources"][0]: set(rule["verbs"]) for rule in rules}
    assert granted == {resource: verbs for resource, verbs, _reason in table}


def test_the_web_service_reads_no_secret_but_public_keys(default: list[Manifest]) -> None:
    """By name: whoever takes it over finds no token and no host key. To list Secrets would show their content."""
    (rule,) = (rule for rule in one(default, "Role", "web")["rules"] if rule["resources"] == ["secrets"])
    assert rule["resourceNames"] == [f"ssh-keys-{digit}" for digit in "0123456789abcdef"]


@pytest.mark.claim("hub-cluster-role")
def test_rights_end_at_the_namespace(rendered: list[Manifest]) -> None:
    """Beyond it the hub may look at nodes, and where that is asked for at pods; nobody may do anything else.

    But for a Prometheus of our own, which may read the metrics of kubelets.
    """
    cluster_wide = {"Namespace", "PersistentVolume", "StorageClass"}
    assert not cluster_wide & {manifest["kind"] for manifest in rendered}
    roles = {m["metadata"]["name"]: m["rules"] for m in rendered if m["kind"] == "ClusterRole"}
    prometheus = roles.pop("swish-prometheus", PROMETHEUS)
    assert prometheus == PROMETHEUS
    rules = [rule for role in roles.values() for rule in role]
    assert [rule for rule in rules if rule["verbs"] != ["list"] or rule["apiGroups"] != [""]] == []
    assert {resource for rule in rules for resource in rule["resources"]} <= {"nodes", "pods"}


@pytest.mark.claim("hub-cluster-role")
@pytest.mark.parametrize(
    ("capacity", "resources", "reason"),
    [
        ({}, [["nodes"]], "nodes by default, which hold nobody's settings"),
        ({"pods": True}, [["nodes"], ["pods"]], "pods when asked for"),
        ({"nodes": False}, None, "no ClusterRole at all"),
        ({"nodes": False, "pods": True}, None, "pods alone are of no use"),
    ],
)
def test_what_the_hub_may_look_at(helm: Any, capacity: dict[str, bool], resources: Any, reason: str) -> None:
    """A ClusterRole of the release's own name, bound to the hub alone."""
    made = helm.template({"hub": {"capacity": capacity}})
    roles = {manifest["metadata"]["name"]: manifest for manifest in made if manifest["kind"] == "ClusterRole"}
    found = [rule["resources"] for rule in roles["swish-hub"]["rules"]] if roles else None
    assert found == resources, reason
    bindings = [manifest for manifest in made if manifest["kind"] == "ClusterRoleBinding"]
    assert [b["subjects"][0]["name"] for b in bindings] == ([] if resources is None else ["hub"])


def test_who_has_a_kubernetes_token(helm: Helm) -> None:
    """Hub, web service and what watches them mount that of their account; no account gives one unasked."""
    made = helm.template(VALUE_FILES["every-option"])
    mounting = {
        template["metadata"]["labels"]["app.kubernetes.io/component"]: template["spec"]["automountServiceAccountToken"]
        for template in pod_templates(made)
    }
    assert mounting == {
        "hub": True,
        "proxy": False,
        "web": True,
        "ssh-gateway": False,
        "prometheus": True,
        "alertmanager": False,
        "kube-state-metrics": True,
    }
    for name in ("hub", "web", "prometheus", "kube-state-metrics"):
        assert one(made, "Deployment", name)["spec"]["template"]["spec"]["serviceAccountName"] == name
        assert one(made, "ServiceAccount", name)["automountServiceAccountToken"] is False


def test_secrets_in_environment_variables(rendered: list[Manifest]) -> None:
    """Secrets are files, but for two: configurable-http-proxy and JupyterHub's library take them in no other way."""
    in_environment = [
        (container["name"], variable["name"], variable["valueFrom"]["secretKeyRef"]["key"])
        for container in containers(rendered)
        for variable in container.get("env", [])
        if "valueFrom" in variable
    ]
    assert sorted(in_environment) == [
        ("proxy", "CONFIGPROXY_AUTH_TOKEN", "proxy-token"),
        ("web", "JUPYTERHUB_API_TOKEN", "web-token"),
    ]
    assert not any("envFrom" in container for container in containers(rendered))


def test_secret_files_are_for_the_hub_alone(default: list[Manifest]) -> None:
    """The hub's secret files can be read by its user and group, and written by nobody."""
    volumes = one(default, "Deployment", "hub")["spec"]["template"]["spec"]["volumes"]
    (secrets,) = (volume["projected"] for volume in volumes if volume["name"] == "secrets")
    assert secrets == {"defaultMode": 0o440, "sources": [{"secret": {"name": "hub"}}]}


def _rule(manifest: Manifest, direction: str, port: Any) -> list[Manifest]:
    rules: list[Manifest] = manifest["spec"][direction]
    return [rule for rule in rules if port in [entry["port"] for entry in rule.get("ports", [])]]


def test_without_ssh_environments_are_reached_by_proxy_and_hub_only(default: list[Manifest]) -> None:
    """One ingress rule, port 8888, from our own proxy and hub."""
    (rule,) = one(default, "NetworkPolicy", "environments")["spec"]["ingress"]
    assert [port["port"] for port in rule["ports"]] == [8888]
    peers = [peer["podSelector"]["matchLabels"]["app.kubernetes.io/component"] for peer in rule["from"]]
    assert peers == ["proxy", "hub"]


#: IANA's special-purpose address registries, without the single addresses inside 192.0.0.0/24.
SPECIAL = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "192.175.48.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "240.0.0.0/4",
    "255.255.255.255/32",
    "::/128",
    "::1/128",
    "::ffff:0:0/96",
    "64:ff9b::/96",
    "64:ff9b:1::/48",
    "100::/64",
    "100:0:0:1::/64",
    "2001::/23",
    "2001::/32",
    "2001:1::1/128",
    "2001:1::2/128",
    "2001:1::3/128",
    "2001:2::/48",
    "2001:3::/32",
    "2001:4:112::/48",
    "2001:10::/28",
    "2001:20::/28",
    "2001:30::/28",
    "2001:db8::/32",
    "2002::/16",
    "2620:4f:8000::/48",
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
)


def blocked(manifests: list[Manifest], name: str) -> set[str]:
    """Return the ranges that a NetworkPolicy leaves out of all addresses."""
    wide = [
        peer["ipBlock"]
        for rule in one(manifests, "NetworkPolicy", name)["spec"]["egress"]
        for peer in rule.get("to", [])
        if peer.get("ipBlock", {}).get("cidr") in ("0.0.0.0/0", "::/0")
    ]
    assert {block["cidr"] for block in wide} == {"0.0.0.0/0", "::/0"}
    return {each for block in wide for each in block["except"]}


@pytest.mark.parametrize("name", ["hub", "environments"])
@pytest.mark.parametrize("address", ["169.254.169.254", "fd00:ec2::254"])
def test_the_metadata_address_is_blocked(default: list[Manifest], name: str, address: str) -> None:
    """Whoever may reach the world may not reach the cloud's metadata address, over IPv4 or IPv6."""
    assert any(ip_address(address) in ip_network(each) for each in blocked(default, name))


def ranges() -> dict[str, str]:
    """Return what the page says of each range: blocked, open, or in another."""
    page = (CHART.parent / "docs" / "topics" / "network.md").read_text()
    return dict(re.findall(r"(?m)^\| `([^`]+)` \| [^|]+ \| (blocked|open|in another) \| [^|]+ \|$", page))


@pytest.mark.claim("tunnels-stay-inside")
def test_each_range_is_blocked_or_open_as_the_page_says(default: list[Manifest]) -> None:
    """With its reason there."""
    assert {each for each, what in ranges().items() if what == "blocked"} == blocked(default, "environments")


@pytest.mark.parametrize("special", SPECIAL)
def test_every_range_of_special_purpose_is_on_the_page(special: str) -> None:
    """One that is said to be in another is in one that is blocked."""
    said = ranges()
    if said[special] == "in another":
        own = ip_network(special)
        others = [ip_network(each) for each, what in said.items() if what == "blocked"]
        assert any(own.version == each.version and own.subnet_of(each) for each in others)  # type: ignore[arg-type] # of one version


def test_names_are_asked_of_the_cluster_s_own_dns(default: list[Manifest]) -> None:
    """At port 53 of anybody's a program could carry anything out, past what is blocked."""
    (rule,) = _rule(one(default, "NetworkPolicy", "environments"), "egress", 53)
    assert rule["to"] == [
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}},
        {"ipBlock": {"cidr": "169.254.0.0/16"}},
    ]


def test_without_dns_there_is_no_rule_for_it(helm: Any) -> None:
    """A rule without peers would be for everybody."""
    made = helm.template({"networkPolicy": {"environments": {"dns": []}}})
    assert _rule(one(made, "NetworkPolicy", "environments"), "egress", 53) == []


def test_only_the_hub_sets_routes(default: list[Manifest]) -> None:
    """The proxy's API port takes connections from the hub's pods alone."""
    (rule,) = _rule(one(default, "NetworkPolicy", "proxy"), "ingress", "api")
    (peer,) = rule["from"]
    assert peer["podSelector"]["matchLabels"]["app.kubernetes.io/component"] == "hub"


def test_network_policies_can_be_left_to_others(helm: Any) -> None:
    """networkPolicy.enabled false makes none."""
    kinds = {manifest["kind"] for manifest in helm.template({"networkPolicy": {"enabled": False}})}
    assert "NetworkPolicy" not in kinds
