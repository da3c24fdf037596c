"""What a hub keeps of an environment, in every version's writing."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from decimal import Decimal
from typing import Any

import pytest

from swish_spawner.core.record import EnvironmentRecord, PlanRecord, SshRecord, home_of, pod_of

HOST = "ada--lab.dev.example.org"
KEY = "ssh-ed25519 AAAA"
PLAN = PlanRecord(
    team="imaging",
    project="atlas",
    image="python3",
    pool="general",
    cpu=Decimal(2),
    memory=8 * 2**30,
    gpu=None,
    gpu_count=0,
    packages=("polars",),
    ssh="sidecar",
    whole_cpu=Decimal("2.25"),
    whole_memory=8 * 2**30 + 512 * 2**20,
    hourly_price=Decimal("0.09512"),
    currency="EUR",
)
SSH = SshRecord(
    environment="ada--lab",
    team="imaging",
    login="swish",
    service="env-ada--lab",
    namespace="imaging",
    service_type="LoadBalancer",
    host=HOST,
    port=22,
    gateway=None,
    where="sidecar",
    host_key=KEY,
    fingerprint="SHA256:x",
)
RECORD = EnvironmentRecord(PLAN, replace(SSH, password="word"), "5eed", ("0ld", "01der"), "t0ken")

#: As the first version with each of these wrote them.
WRITTEN: dict[str, Any] = {
    "swish_plan": {
        "team": "imaging",
        "project": "atlas",
        "image": "python3",
        "pool": "general",
        "cpu": "2",
        "memory": "8Gi",
        "memory_bytes": 8589934592,
        "gpu": None,
        "gpu_count": 0,
        "packages": ["polars"],
        "ssh": "sidecar",
        "whole": {"cpu": "2250m", "memory_bytes": 9126805504},
        "hourly_price": "0.09512",
        "currency": "EUR",
    },
    "swish_ssh": {
        "environment": "ada--lab",
        "team": "imaging",
        "login": "swish",
        "host": HOST,
        "port": 22,
        "where": "sidecar",
        "host_key": KEY,
        "fingerprint": "SHA256:x",
        "gateway": None,
        "service": {"name": "env-ada--lab", "namespace": "imaging", "type": "LoadBalancer"},
        "password": "word",
    },
    "swish_spawn_id": "5eed",
    "swish_over": ["0ld", "01der"],
    "swish_token": "t0ken",
}


def test_a_record_survives_the_hubs_database() -> None:
    """Exactly, prices of many digits among it."""
    price = Decimal("0.0316110000000000000000000001")
    record = replace(RECORD, plan=replace(PLAN, hourly_price=price))
    assert EnvironmentRecord.parse(json.loads(json.dumps(record.document()))) == record


def test_the_version_before_is_read() -> None:
    """It wrote no number of a version."""
    assert EnvironmentRecord.parse(WRITTEN) == RECORD


def test_the_version_before_can_read_it() -> None:
    """So that an upgrade can be taken back."""
    assert RECORD.document().items() >= WRITTEN.items()


def test_nothing_is_written_of_nothing() -> None:
    """A server that never ran has no state of ours."""
    assert EnvironmentRecord().document() == {}


@pytest.mark.parametrize("state", [None, {}, {"pod_name": "jupyter-ada"}, [], {"swish_over": "x", "swish_plan": "x"}])
def test_what_is_not_said_is_empty(state: object) -> None:
    """A hub that ran another spawner before has no state of ours."""
    assert EnvironmentRecord.parse(state) == EnvironmentRecord()


def test_what_a_later_version_adds_is_passed_over() -> None:
    """What is known of it is read."""
    later = WRITTEN | {"swish_version": 7, "swish_more": 1, "swish_plan": WRITTEN["swish_plan"] | {"more": 1}}
    assert EnvironmentRecord.parse(later) == RECORD


def test_a_plan_before_quotas_is_counted() -> None:
    """Its text says the bytes, and without sshd of its own the notebook is all of it."""
    old = {key: WRITTEN["swish_plan"][key] for key in ("team", "image", "pool", "cpu", "memory")}
    found = PlanRecord.parse(old)
    assert found is not None
    assert (found.whole_cpu, found.whole_memory, found.hourly_price) == (Decimal(2), 8 * 2**30, None)


@pytest.mark.parametrize("more", [{"cpu": "x"}, {"memory_bytes": 0, "memory": None}, {"whole": {"cpu": []}}])
def test_a_plan_that_does_not_say_what_it_has_is_none(more: dict[str, Any]) -> None:
    """It is no reason for a hub not to begin."""
    assert PlanRecord.parse(WRITTEN["swish_plan"] | more) is None


@pytest.mark.parametrize("price", ["NaN", "x", "", "Infinity"])
def test_a_price_that_is_none_is_not_known(price: str) -> None:
    """The rest is."""
    assert PlanRecord.parse(WRITTEN["swish_plan"] | {"hourly_price": price}) == replace(PLAN, hourly_price=None)


def test_a_host_keys_comment_is_left_out() -> None:
    """known_hosts has none."""
    assert SshRecord.parse(WRITTEN["swish_ssh"] | {"host_key": f"{KEY} somebody"}) == RECORD.ssh


def test_an_environment_without_ssh_has_none() -> None:
    """Nor one whose Service nobody knows."""
    assert SshRecord.parse(None) is None
    assert SshRecord.parse(WRITTEN["swish_ssh"] | {"service": None}) is None


@pytest.mark.parametrize("field", [field.name for field in fields(EnvironmentRecord)])
def test_each_field_is_kept(field: str) -> None:
    """None is read and not written."""
    value = getattr(RECORD, field)
    assert getattr(EnvironmentRecord.parse(EnvironmentRecord(**{field: value}).document()), field) == value


def test_secrets_are_in_no_text() -> None:
    """Of a log that prints a record."""
    assert "t0ken" not in repr(RECORD)
    assert "word" not in repr(RECORD)


def test_kubespawners_own_keys_name_pod_and_home() -> None:
    """In the namespace that they are in."""
    state = {"namespace": "swish", "pod_name": "jupyter-ada", "pvc_name": "claim-ada"}
    assert (pod_of(state), home_of(state), home_of({})) == ("swish/jupyter-ada", "swish/claim-ada", None)


def test_starts_that_are_over_are_kept_once_and_not_without_end() -> None:
    """Somebody can start and stop while Kubernetes is away."""
    record = EnvironmentRecord()
    for number in range(60):
        record = record.with_over(str(number)).with_over(str(number)).with_over("")
    assert record.over == tuple(map(str, range(10, 60)))
    assert record.without("59").over[-1] == "58"
