"""What a key may do at the gateway."""

from __future__ import annotations

from dataclasses import replace

import pytest

from swish_spawner.core.ssh.gateway import gateway_line, gateway_targets
from tests.core.test_record import SSH

LAB = replace(SSH, namespace="swish-imaging")


@pytest.mark.claim("gateway-passes-on")
def test_a_key_reaches_its_owners_environments_only() -> None:
    """By each name that one may type after ``ssh -J``."""
    assert gateway_line("ssh-ed25519 AAAA", [LAB]) == (
        'restrict,port-forwarding,permitopen="env-ada--lab.swish-imaging.svc:22",permitopen="env-ada--lab:22",'
        'permitopen="ada--lab.dev.example.org:22" ssh-ed25519 AAAA'
    )


@pytest.mark.claim("gateway-passes-on")
def test_a_key_without_environments_reaches_nothing() -> None:
    """OpenSSH reads port forwarding without places as all places."""
    assert gateway_line("ssh-ed25519 AAAA", []) == "restrict ssh-ed25519 AAAA"


def test_every_name_leads_to_the_one_that_the_cluster_knows() -> None:
    """So the gateway need not guess."""
    assert set(gateway_targets([LAB]).values()) == {"env-ada--lab.swish-imaging.svc.cluster.local:22"}
    assert len(gateway_targets([LAB])) == 3
