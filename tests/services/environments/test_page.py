"""The page of environments for each way into one, as HTML."""

from __future__ import annotations

import html
from dataclasses import replace
from typing import Any

import pytest

from swish_spawner.core.environments import STATES, Environment
from swish_spawner.core.policy.values import Policy
from swish_spawner.core.record import SshRecord
from swish_spawner.core.ssh.ways import Seen, ServiceAddress, known_hosts, ways_into
from swish_spawner.services.environments.page import Shown
from swish_spawner.services.web.app import templates
from tests.core.ssh.test_ways import NAMED, NAMELESS
from tests.core.test_record import HOST

ENVIRONMENT = Environment("lab", "running", "Imaging", "Python 3", "1 CPU", "0.1 EUR", "", "/user/ada/lab/", None)
NOTHING_SEEN = Seen()


def rendered(policy: Policy, ssh: SshRecord | None, seen: Seen = NOTHING_SEEN, **more: Any) -> str:
    """Return a page with one environment, as HTML."""
    one = replace(ENVIRONMENT, ssh=ssh)
    ways = ways_into(ssh, seen, 22) if ssh else ()
    line = known_hosts(ways, ssh.host_key) if ssh else ""
    facts = {
        "environments": [Shown(one, ways, line, one.links("/hub/", "ada"))],
        "states": STATES,
        "has_keys": True,
        "ssh": policy.ssh,
        "ssh_size": "0.25 CPU, 512Mi",
        "folder": "/home/swish",
        "gateway_hosts": "",
        "gateway_fingerprint": "SHA256:gate",
        "waits": False,
        "pages": {"": "Environments"},
        "path": "",
        "hub_url": "/hub/",
        "prefix": "/services/swish/",
        "static_url": lambda name: name,
        "user": "ada",
        "admin": False,
        "xsrf": "x",
    }
    return templates().get_template("environments.html").render(facts | more)


def page(*arguments: Any, **more: Any) -> str:
    """Return the same as people read it."""
    return html.unescape(rendered(*arguments, **more))


@pytest.mark.claim("lines-to-copy")
def test_a_name_that_works_has_all_lines(policy: Policy) -> None:
    """For a terminal, files, the configuration, editors and trust."""
    text = page(policy, NAMED, Seen(resolves=True))
    for line in (
        f"ssh swish@{HOST}",
        f"sftp swish@{HOST}",
        "Host ada--lab",
        "vscode://vscode-remote/ssh-remote+ada--lab",
    ):
        assert line in text
    assert f"{HOST},ada--lab ssh-ed25519 AAAA" in text


def test_kubectl_is_told_where_nothing_else_is(policy: Policy) -> None:
    """With the command that runs meanwhile."""
    text = page(policy, replace(NAMELESS, service_type="ClusterIP"))
    assert "kubectl --namespace imaging port-forward service/env-ada--lab 2222:22" in text
    assert "ssh -p 2222 swish@localhost" in text


def test_a_nodes_port(policy: Policy) -> None:
    """With what to put for the node."""
    text = page(policy, replace(NAMELESS, service_type="NodePort"), Seen(ServiceAddress(node_port=30022)))
    assert "For NODE put the address of any node" in text


def test_a_password_is_shown_to_its_owner(policy: Policy) -> None:
    """Who then needs no key."""
    text = page(policy, replace(NAMED, password="correct horse"), has_keys=False)
    assert "correct horse" in text
    assert "You have no key yet" not in text


@pytest.mark.parametrize(("gateway", "shown"), [("ssh.example.org", True), (None, False)])
def test_the_gateways_host_key(policy: Policy, gateway: str | None, shown: bool) -> None:
    """Where one goes through it."""
    line = "ssh.example.org ecdsa-sha2-nistp256 AAAA"
    assert (line in page(policy, replace(NAMED, gateway=gateway), Seen(resolves=True), gateway_hosts=line)) is shown


@pytest.mark.parametrize(("where", "words"), [("sidecar", "It sees no GPU."), ("notebook", "the same processes")])
def test_what_a_session_sees_is_said(policy: Policy, where: str, words: str) -> None:
    """Before anybody looks for a GPU in vain."""
    assert words in page(policy, replace(NAMED, where=where))


def test_without_ssh_it_is_said_how_to_get_it(policy: Policy) -> None:
    """Where the policy lets one."""
    assert "launch it with ssh" in page(policy, None)
    assert "launch it with ssh" not in page(replace(policy, ssh=replace(policy.ssh, enabled=False)), None)


def test_what_people_name_is_text(policy: Policy) -> None:
    """Never a part of the page."""
    one = replace(ENVIRONMENT, server="<script>alert(1)</script>")
    text = rendered(policy, None, environments=[Shown(one, (), "", {})])
    assert "&lt;script&gt;alert(1)" in text
    assert "<script>alert" not in text
