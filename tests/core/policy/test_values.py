"""A policy document becomes a Policy, or all of its problems are named, each with its path."""

from __future__ import annotations

import copy
from dataclasses import FrozenInstanceError, fields, is_dataclass, replace
from datetime import timedelta
from decimal import Decimal
from ipaddress import IPv4Network, IPv6Network
from types import MappingProxyType
from typing import Any

import pytest
import yaml

from swish_spawner.core.policy.parsing import parse_policy
from swish_spawner.core.policy.sections.teams import is_lead
from swish_spawner.core.policy.values import Policy, namespaces, with_image_references
from swish_spawner.errors import PolicyError
from tests.conftest import SHIPPED_POLICY

SMALLEST: dict[str, Any] = {
    "version": 1,
    "images": {"a": {"title": "A", "image": "a"}},
    "pools": {
        "p": {"cpu": {"min": 1, "max": 2, "default": 1}, "memory": {"min": "1Gi", "max": "2Gi", "default": "1Gi"}}
    },
    "teams": {"t": {"groups": ["g"]}},
}


def problems(document: object) -> dict[str, str]:
    """Return the problems of a document by path."""
    with pytest.raises(PolicyError) as caught:
        parse_policy(document)
    return {problem.path: problem.text for problem in caught.value.problems}


def changed(document: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """Return a copy with one place set; an Ellipsis takes the place out."""
    result = copy.deepcopy(document)
    node: Any = result
    *way, last = path.split("/")
    for key in way:
        node = node[int(key)] if isinstance(node, list) else node[key]
    if value is ...:
        del node[last]
    else:
        node[int(last) if isinstance(node, list) else last] = value
    return result


def test_the_shipped_policy_is_good() -> None:
    """The policy that the chart ships parses."""
    assert parse_policy(yaml.safe_load(SHIPPED_POLICY.read_text(encoding="utf-8"))).currency == "USD"


def test_quantities_are_exact(policy: Policy) -> None:
    """Text with units becomes cores, bytes, durations and Decimal money."""
    general = policy.pools["general"]
    assert (general.cpu.min, general.memory.max) == (Decimal("0.25"), 64 * 2**30)
    assert policy.prices.gpu_hour["nvidia-t4"] == Decimal("0.95")
    assert policy.pools["high-memory"].stop_grace == timedelta(minutes=5)
    assert policy.idle["standard"][3].warn == timedelta(hours=1)


def test_a_team_that_names_no_pools_or_images_may_use_all(policy: Policy) -> None:
    """Leaving pools and images out means all of the policy's."""
    assert policy.teams["imaging"].pools == tuple(policy.pools)
    assert policy.teams["genomics"].images == ("r",)


def test_what_is_left_out_has_its_fields_default() -> None:
    """Defaults are stated once, where the field is declared."""
    policy = parse_policy(SMALLEST)
    assert policy.currency == "USD"
    assert policy.home.size == 10 * 2**30
    assert (policy.ssh.enabled, policy.ssh.ttl) == (False, 60)
    assert policy.pools["p"].qos == "guaranteed"
    assert policy.teams["t"].projects == ("default",)


@pytest.mark.claim("default-pool-ssh")
def test_sshd_runs_where_the_gpu_and_the_memory_are(policy: Policy) -> None:
    """A pool of GPUs or of much memory has sshd beside JupyterLab unless told otherwise."""
    assert {pool.name: pool.ssh for pool in policy.pools.values() if pool.gpus or pool.above} == {
        "gpu": "notebook",
        "high-memory": "notebook",
    }
    assert policy.pools["general"].ssh == "sidecar"


@pytest.mark.claim(
    "default-allow-cidrs",
    "default-service",
    "default-gateway",
    "default-remote-forwarding",
    "default-user-cas",
)
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("allow_cidrs", ()),
        ("service", "ClusterIP"),
        ("gateway", None),
        ("gateway_cidrs", ()),
        ("remote_forwarding", False),
        ("user_cas", {}),
        ("password", False),
    ],
)
def test_ssh_opens_nothing_by_itself(field: str, value: object) -> None:
    """Whoever turns it on says who may come, from where and how."""
    assert getattr(parse_policy(SMALLEST).ssh, field) == value


def test_a_lead_is_named_or_in_a_group_of_leads(policy: Policy) -> None:
    """Nobody else leads a team, whatever other groups they are in."""
    team = replace(policy.teams["imaging"], leads=("ada@example.org",), lead_groups=frozenset({"imaging-leads"}))
    assert is_lead(team, "ada@example.org", ())
    assert is_lead(team, "grace", ("imaging", "imaging-leads"))
    assert not is_lead(team, "grace", ("imaging",))


def test_parsing_leaves_the_document_as_it_is(wide_document: dict[str, Any]) -> None:
    """The caller's document is not changed."""
    before = copy.deepcopy(wide_document)
    parse_policy(wide_document)
    assert wide_document == before


def test_a_policy_cannot_be_changed(wide_document: dict[str, Any]) -> None:
    """Nothing inside a policy can be, whether the file says it or leaves it out."""

    def changeable(value: object) -> list[object]:
        inner: list[object] = []
        if is_dataclass(value):
            inner = [getattr(value, field.name) for field in fields(value)]
            with pytest.raises(FrozenInstanceError):
                setattr(value, fields(value)[0].name, None)
        elif isinstance(value, tuple | frozenset | MappingProxyType):
            inner = [*(value.values() if isinstance(value, MappingProxyType) else value)]
        elif not isinstance(value, str | int | Decimal | timedelta | IPv4Network | IPv6Network | None):
            return [value]
        return [found for each in inner for found in changeable(each)]

    assert changeable(parse_policy(wide_document)) == []
    assert changeable(parse_policy(SMALLEST)) == []


@pytest.mark.parametrize("section", ["images", "pools", "teams"])
def test_an_entry_has_its_keys_name(policy: Policy, section: str) -> None:
    """Which it keeps when something else of it is replaced."""
    entries = getattr(policy, section)
    assert {name: entry.name for name, entry in entries.items()} == {name: name for name in entries}
    assert {replace(entry, title="Other").name for entry in entries.values()} == set(entries)


def test_a_title_that_is_left_out_is_the_name() -> None:
    """Of a pool, a size and a team."""
    document = copy.deepcopy(SMALLEST)
    document["pools"]["p"]["sizes"] = {"s": {"cpu": 1, "memory": "1Gi"}}
    policy = parse_policy(document)
    assert [policy.pools["p"].title, policy.pools["p"].sizes["s"].title, policy.teams["t"].title] == ["p", "s", "t"]


def test_a_team_that_names_no_pool_at_all_may_use_none() -> None:
    """An empty list is not the same as one that is left out."""
    assert parse_policy(changed(SMALLEST, "teams/t/pools", [])).teams["t"].pools == ()


def test_image_references_are_put_in(policy: Policy) -> None:
    """Only the images' references change."""
    named = with_image_references(policy, lambda image: f"<{image}>")
    assert named.images["python3"].image == "<swish-python3>"
    assert named.pools == policy.pools


BAD: list[tuple[str, object, set[str], str]] = [
    # place, value, paths of the problems, reason
    ("version", 2, {"version"}, "an unknown version"),
    ("version", True, {"version"}, "a version that is no number"),
    ("version", ..., {"version"}, "a missing key"),
    ("currncy", "EUR", {"currncy"}, "an unknown key at the top"),
    ("currency", "euro", {"currency"}, "no currency code"),
    ("currency", "EUR\n", {"currency"}, "a newline after a currency code"),
    ("prices/cpu_core_hour", 0.03, {"prices.cpu_core_hour"}, "money as a float"),
    ("prices/gpu_hour/nvidia-t4", ..., {"pools.gpu.gpus.nvidia-t4"}, "a GPU without a price"),
    ("home/size", "20", {"home.size"}, "a size without a unit"),
    ("home/storage_class", "fast", {"home.storage_class"}, "a field by its name in Python"),
    ("home/class", None, {"home.class"}, "an optional key that is null"),
    ("home/mount", "relative", {"home.mount"}, "a mount that is no absolute path"),
    ("images", {}, {"images", "teams.genomics.images.0"}, "no images"),
    ("images/Bad Name", {"title": "x", "image": "x"}, {"images.Bad Name"}, "a name that is no slug"),
    ("images/r", None, {"images.r", "teams.genomics.images.0"}, "an image that is null"),
    ("images/r/name", "r", {"images.r.name"}, "a name that is not the key"),
    ("images/r/description", None, {"images.r.description"}, "a text that is null"),
    ("images/r/description", "", {"images.r.description"}, "a text that is empty"),
    ("images/r/image", "; rm -rf /", {"images.r.image"}, "an image that is no reference"),
    ("pools/general/cpu/min", 9, {"pools.general.cpu.min"}, "min above max"),
    ("pools/general/cpu/default", "100m", {"pools.general.cpu.default"}, "default below min"),
    ("pools/general/memory/default", "65Gi", {"pools.general.memory.default"}, "default above max"),
    ("pools/general/sizes/large/cpu", 9, {"pools.general.sizes.large.cpu"}, "a size outside the pool"),
    ("pools/general/qos", "best-effort", {"pools.general.qos"}, "an unknown quality of service"),
    ("pools/shared/above", "64Gi", {"pools.high-memory.above"}, "two pools with one threshold"),
    ("pools/gpu/gpus/nvidia-t4", 0, {"pools.gpu.gpus.nvidia-t4"}, "a pool with no GPU of a kind"),
    ("pools/high-memory/scratch", {"class": "gp3"}, {"pools.high-memory.scratch.size"}, "a scratch without a size"),
    ("teams/genomics/groups", [], {"teams.genomics.groups"}, "a team of nobody"),
    ("teams/genomics/groups", ["a", "a"], {"teams.genomics.groups"}, "a group twice"),
    ("teams/genomics/groups", {"a"}, {"teams.genomics.groups"}, "a set, which has no order"),
    ("teams/genomics/quota", {"environments": 1}, {"teams.genomics.quota.environments"}, "a quota of a person's"),
    ("teams/genomics/pools", ["nowhere"], {"teams.genomics.pools.0"}, "a pool that is not there"),
    ("teams/genomics/namespace", "swish-imaging", {"teams.genomics.namespace"}, "two teams in one namespace"),
    ("teams/genomics/idle", "hasty", {"teams.genomics.idle"}, "a ladder that is not there"),
    ("teams/imaging/leads", ["nobody"], {"teams.imaging.leads.0"}, "no mail address"),
    ("ssh/domain", ..., {"ssh.domain"}, "ssh with neither a domain nor a gateway"),
    ("ssh/allow_cidrs", ["10.0.0.1/8"], {"ssh.allow_cidrs.0"}, "a network with host bits"),
    ("ssh/allow_cidrs", [], {"ssh.allow_cidrs"}, "ssh that nobody can reach"),
    ("ssh/gateway", "gw.swish.io", {"ssh.gateway_cidrs"}, "a gateway that environments do not know"),
    ("ssh/gateway", "gw.dev.swish.io", {"ssh.gateway", "ssh.gateway_cidrs"}, "a gateway with an environment's name"),
    ("ssh/gateway", "-gw", {"ssh.gateway"}, "a gateway that is no host name"),
    ("ssh/load_balancer_class", "x", {"ssh.load_balancer_class"}, "a load balancer's class without load balancer"),
    ("ssh/service", "ExternalName", {"ssh.service"}, "a Service of a type that has no port"),
    (
        "ssh/service_annotations",
        {"external-dns.kubernetes.io/ttl": "1"},
        {"ssh.service_annotations.external-dns.kubernetes.io/ttl"},
        "a name's annotation by hand",
    ),
    ("ssh/user_cas", {"corp": "not a key"}, {"ssh.user_cas.corp"}, "an authority that is no key"),
    ("ssh/user_cas", {"corp": "ssh-ed25519 AAAA\nssh-rsa AAAA"}, {"ssh.user_cas.corp"}, "two keys in one"),
    ("ssh/ttl", True, {"ssh.ttl"}, "a number that is true"),
    ("ssh/ttl", 60.0, {"ssh.ttl"}, "a whole number with a point"),
    ("ssh/enabled", "yes", {"ssh.enabled"}, "a text that is meant to be true"),
    ("ssh/memory", "512", {"ssh.memory"}, "a sidecar's memory without a unit"),
    ("pools/general/ssh", "host", {"pools.general.ssh"}, "an unknown place for sshd"),
    ("idle/standard/1/after", "10m", {"idle.standard.1.after"}, "a ladder that goes back"),
    (
        "idle/standard/0/do",
        "stop",
        {"idle.standard.0.warn", "idle.standard.1", "idle.standard.3.do"},
        "a step after a stop",
    ),
    ("idle/standard/0/warn", "5m", {"idle.standard.0.warn"}, "a warning before what is no stop"),
    ("idle/standard/3/warn", "2d", {"idle.standard.3.warn"}, "a warning earlier than idleness begins"),
    ("idle/standard/3/warn", "16h", {"idle.standard.3.warn"}, "a warning as early as the step before"),
    ("idle/standard/3/warn", ..., {"idle.standard.3.warn"}, "a stop that nobody is warned of"),
    ("idle/standard/2/do", "notify", {"idle.standard.2.do"}, "the same step twice"),
    ("idle/standard/0/do", "explode", {"idle.standard.0.do"}, "an unknown step"),
]


@pytest.mark.claim("policy-is-checked", "default-allow-cidrs")
@pytest.mark.parametrize(("place", "value", "paths", "reason"), BAD, ids=[row[3] for row in BAD])
def test_a_bad_policy_names_the_place(
    wide_document: dict[str, Any], place: str, value: object, paths: set[str], reason: str
) -> None:
    """Each mistake is reported at its own path, and nothing else is."""
    assert set(problems(changed(wide_document, place, value))) == paths


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("10.0.0.1/8", "write 10.0.0.0/8, or 10.0.0.1/32 for that address alone"),
        ("2001:db8::1/32", "write 2001:db8::/32, or 2001:db8::1/128 for that address alone"),
        ("office", "write an address and a prefix, like 10.0.0.0/8"),
    ],
)
def test_a_network_that_is_none_is_said_as_it_was_meant(
    wide_document: dict[str, Any], written: str, meant: str
) -> None:
    """Whoever gives an address with a prefix means its network, or it alone."""
    (problem,) = problems(changed(wide_document, "ssh/allow_cidrs", [written])).values()
    assert meant in problem


def test_a_gateway_needs_no_names(wide_document: dict[str, Any]) -> None:
    """Environments are reached through it by the names that the cluster gives them."""
    document = changed(wide_document, "ssh/domain", ...)
    document["ssh"] |= {"gateway": "gw.swish.io", "gateway_cidrs": ["10.0.0.0/8"]}
    assert parse_policy(document).ssh.domain is None


@pytest.mark.claim("policy-is-checked")
def test_all_problems_are_named_at_once(wide_document: dict[str, Any]) -> None:
    """Every row of the table that touches another place can be wrong at the same time, and each is still reported."""
    document, expected = wide_document, set()
    for place, value in [
        ("version", 3),
        ("home/size", "20"),
        ("pools/general/cpu/min", 9),
        ("pools/gpu/extra", 1),
        ("teams/genomics/pools", ["nowhere"]),
        ("idle/standard/1/after", "10m"),
    ]:
        document = changed(document, place, value)
        expected.add(place.replace("/", ".") + (".0" if isinstance(value, list) else ""))
    assert set(problems(document)) == expected


@pytest.mark.parametrize("document", [None, [], "text", 3, {}])
def test_what_is_no_policy_at_all_is_refused(document: object) -> None:
    """An empty file, a list or a text is a PolicyError too."""
    assert problems(document)


def test_environments_run_in_the_teams_namespaces_and_in_the_installations_own(policy: Policy) -> None:
    """Where the gateway is, too."""
    assert namespaces(policy, "swish") == {"swish", "swish-imaging"}
