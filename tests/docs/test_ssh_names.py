"""The page about names on EKS: its policies, values, rights and ExternalDNS' options are good, and fit together."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from swish_spawner.cli.command import main
from swish_spawner.core import labels
from swish_spawner.core.launch.plan import Person, plan_server
from swish_spawner.core.launch.request import parse_request
from swish_spawner.core.pod.companions import Manifest, Owner, make_ssh_service
from swish_spawner.core.policy.parsing import parse_policy
from tests.conftest import SHIPPED_POLICY
from tests.docs.repository import ROOT
from tests.docs.test_how_to import with_more, write

PAGE = (ROOT / "docs" / "how-to" / "ssh-names-on-eks.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n# ([\w-]+)\.yaml\n(.*?)```", PAGE, re.DOTALL)
OF_AWS = "service.beta.kubernetes.io/aws-load-balancer-"


def blocks(name: str) -> list[str]:
    """Return the page's additions to a file, in their order."""
    return [text for file, text in BLOCKS if file == name]


def service(*additions: str) -> Manifest:
    """Return the Service of an environment by the shipped policy with additions."""
    document = yaml.safe_load(SHIPPED_POLICY.read_text(encoding="utf-8"))
    for addition in additions:
        document = with_more(document, yaml.safe_load(addition))
    policy = parse_policy(document)
    team = next(iter(policy.teams.values()))
    person = Person(name="alice", groups=frozenset(team.groups), server="lab", environment="alice--lab")
    plan = plan_server(person, parse_request({"ssh": True}), policy)
    return make_ssh_service(plan, Owner("jupyter-alice--lab", "0", "swish"), "env-alice--lab")


def test_each_block_says_which_file_it_is_of() -> None:
    """So that each is checked by what reads that file."""
    assert PAGE.count("```yaml") == len(BLOCKS)
    assert {name for name, _ in BLOCKS} == {"policy", "values", "external-dns"}


@pytest.mark.parametrize("addition", blocks("policy"))
def test_the_policy_is_good(addition: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`swish check` finds no problem in the shipped policy with it."""
    write(addition, tmp_path / "policy.yaml")
    assert main(["check", str(tmp_path / "policy.yaml")]) == 0, capsys.readouterr().err


@pytest.mark.parametrize("addition", blocks("values"))
def test_the_values_are_good(addition: str) -> None:
    """The chart's schema has no error in its values with them."""
    values = with_more(
        yaml.safe_load((ROOT / "chart" / "values.yaml").read_text(encoding="utf-8")), yaml.safe_load(addition)
    )
    schema = json.loads((ROOT / "chart" / "values.schema.json").read_text(encoding="utf-8"))
    assert [error.message for error in Draft202012Validator(schema).iter_errors(values)] == []


def test_the_controller_makes_a_load_balancer_that_keeps_addresses() -> None:
    """Of its class, for the policy's networks alone, with nodes for targets that keep the person's address."""
    spec = service(blocks("policy")[1])["spec"]
    assert spec["type"] == "LoadBalancer"
    assert spec["loadBalancerClass"] == "service.k8s.aws/nlb"
    assert spec["loadBalancerSourceRanges"] == ["198.51.100.0/24"]
    assert spec["externalTrafficPolicy"] == "Local"


def test_targets_by_pod_address_are_told_to_keep_addresses() -> None:
    """Else sshd would see the load balancer's address alone, and refuse everybody."""
    annotations = service(*blocks("policy")[1:])["metadata"]["annotations"]
    assert annotations[f"{OF_AWS}nlb-target-type"] == "ip"
    assert annotations[f"{OF_AWS}target-group-attributes"] == "preserve_client_ip.enabled=true"
    assert annotations[f"{OF_AWS}scheme"] == "internet-facing"


def test_external_dns_is_asked_for_names_of_its_zone() -> None:
    """Under both prefixes, with the TTL of the page."""
    annotations = service(blocks("policy")[1])["metadata"]["annotations"]
    (zone,) = external_dns()["domainFilters"]
    for prefix in labels.EXTERNAL_DNS:
        assert annotations[f"{prefix}hostname"] == f"alice--lab.{zone}"
        assert annotations[f"{prefix}ttl"] == "60"


def external_dns() -> dict[str, Any]:
    """Return the values that the page has for ExternalDNS' chart."""
    (text,) = blocks("external-dns")
    values: dict[str, Any] = yaml.safe_load(text)
    return values


def test_names_go_with_their_environments() -> None:
    """By the policy that deletes, for names of this cluster alone."""
    values = external_dns()
    assert (values["policy"], values["registry"], values["sources"]) == ("sync", "txt", ["service"])
    assert values["txtOwnerId"]


def test_the_rights_are_those_of_one_zone() -> None:
    """The zone that ExternalDNS is told, and beyond it only to list which zones there are."""
    soa, rights, trust = (json.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL))
    values = external_dns()
    zone = f"arn:aws:route53:::hostedzone/{values['extraArgs']['zone-id-filter']}"
    assert {statement["Action"][0]: statement["Resource"] for statement in rights["Statement"]} == {
        "route53:ChangeResourceRecordSets": [zone],
        "route53:ListResourceRecordSets": [zone],
        "route53:ListHostedZones": ["*"],
    }
    names = rights["Statement"][0]["Condition"]["ForAllValues:StringLike"]
    assert names["route53:ChangeResourceRecordSetsNormalizedRecordNames"] == [f"*.{values['domainFilters'][0]}"]
    assert soa["Changes"][0]["ResourceRecordSet"]["Name"] == values["domainFilters"][0]
    assert values["serviceAccount"]["name"] in json.dumps(trust)


def test_a_missing_name_is_remembered_for_a_minute() -> None:
    """The lower one of the SOA's TTL and its last number counts; both are 60."""
    record = json.loads(re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)[0])["Changes"][0]["ResourceRecordSet"]
    assert (record["TTL"], record["ResourceRecords"][0]["Value"].split()[-1]) == (60, "60")
