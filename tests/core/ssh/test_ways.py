"""The ways into an environment, and the lines that people type."""

from __future__ import annotations

from dataclasses import replace

import pytest

from swish_spawner.core.record import SshRecord
from swish_spawner.core.ssh.ways import Seen, ServiceAddress, Way, known_hosts, ways_into
from tests.core.test_record import HOST, KEY, SSH

NAMED = SSH
NAMELESS = replace(NAMED, host=None)


def only(ssh: SshRecord, seen: Seen) -> Way:
    """Return the one way that there is."""
    (way,) = ways_into(ssh, seen, 22)
    return way


def test_a_name_that_works_is_all_that_one_types() -> None:
    """ssh, sftp and rsync as everybody knows them."""
    way = only(NAMED, Seen(resolves=True))
    assert way.command("ssh") == f"ssh swish@{HOST}"
    assert way.command("sftp") == f"sftp swish@{HOST}"
    assert way.rsync("/home/swish") == f"rsync --archive --partial --progress FOLDER/ swish@{HOST}:/home/swish/FOLDER/"


def test_a_name_that_does_not_work_yet_is_shown_nowhere() -> None:
    """Whoever asked for it too early would wait longer for it."""
    way = only(NAMED, Seen(resolves=False))
    assert HOST not in str(way.document("/home/swish"))
    assert (way.ready, way.note) == (False, "Its name is being made, and shown here once it works.")
    assert known_hosts((way,), KEY) == ""


def test_a_port_is_named_where_it_is_another() -> None:
    """The two programs spell it differently."""
    way = only(replace(NAMED, service_type="NodePort"), Seen(ServiceAddress(node_port=30022), resolves=True))
    assert way.command("ssh") == f"ssh -p 30022 swish@{HOST}"
    assert way.command("sftp") == f"sftp -P 30022 swish@{HOST}"
    assert "--rsh='ssh -p 30022'" in way.rsync("/x")
    assert "\n    Port 30022\n" in way.config()


def test_a_node_port_that_is_not_known_is_not_shown() -> None:
    """Even when its name works."""
    assert not only(replace(NAMED, service_type="NodePort"), Seen(resolves=True)).ready


def test_a_key_of_another_name_has_a_place_for_the_gateway_too() -> None:
    """What ssh is told of the environment's, it does not tell the host that it goes through."""
    _, gateway = ways_into(replace(NAMED, gateway="ssh.example.org"), Seen(), 2200)
    assert "\nHost ssh.example.org\n" in gateway.config()
    assert "IdentityFile" not in only(NAMED, Seen(resolves=True)).config()


def test_the_gateway_is_a_jump() -> None:
    """To a name that the cluster knows, so that it works before any other is made."""
    direct, gateway = ways_into(replace(NAMED, gateway="ssh.example.org"), Seen(), 2200)
    assert (direct.ready, gateway.ready) == (False, True)
    assert gateway.command("ssh") == "ssh -J swish@ssh.example.org:2200 swish@env-ada--lab.imaging.svc"
    assert "--rsh='ssh -J swish@ssh.example.org:2200'" in gateway.rsync("/x")


def test_lines_for_the_configuration() -> None:
    """One name for ssh, editors and the host key, whichever way."""
    _, gateway = ways_into(replace(NAMED, gateway="ssh.example.org"), Seen(), 22)
    assert gateway.config() == (
        "Host ada--lab\n    HostName env-ada--lab.imaging.svc\n    User swish\n    ProxyJump swish@ssh.example.org\n"
        "    HostKeyAlias ada--lab\n    ServerAliveInterval 30\n"
        "Host ssh.example.org\n    # for a key of another name, here and above:\n    # IdentityFile ~/.ssh/YOUR_KEY"
    )
    assert gateway.code("/home/swish") == "code --remote ssh-remote+ada--lab /home/swish"
    assert gateway.code_link("/home/swish") == "vscode://vscode-remote/ssh-remote+ada--lab/home/swish"


@pytest.mark.parametrize(
    ("ssh", "seen", "line", "reason"),
    [
        (NAMELESS, Seen(ServiceAddress(load_balancer=("192.0.2.1",))), "ssh swish@192.0.2.1", "its load balancer"),
        (
            replace(NAMELESS, service_type="NodePort"),
            Seen(ServiceAddress(node_port=30022)),
            "ssh -p 30022 swish@NODE",
            "a port of any node",
        ),
        (replace(NAMELESS, service_type="ClusterIP"), Seen(), "ssh -p 2222 swish@localhost", "kubectl"),
        (
            replace(NAMELESS, service_type="ClusterIP", gateway="gate"),
            Seen(),
            "ssh -J swish@gate swish@env-ada--lab.imaging.svc",
            "the gateway alone, where it is there",
        ),
    ],
)
def test_without_a_domain(ssh: SshRecord, seen: Seen, line: str, reason: str) -> None:
    """There is a way all the same."""
    assert only(ssh, seen).command("ssh") == line


@pytest.mark.parametrize(("kind", "words"), [("LoadBalancer", "Its load balancer"), ("NodePort", "Its port")])
def test_without_an_address_yet(kind: str, words: str) -> None:
    """It says what is missing."""
    way = only(replace(NAMELESS, service_type=kind), Seen(ServiceAddress()))
    assert (way.ready, way.note.startswith(words)) == (False, True)


def test_kubectl_runs_meanwhile() -> None:
    """The command is one that works as it stands."""
    way = only(replace(NAMELESS, service_type="ClusterIP"), Seen())
    assert way.before == "kubectl --namespace imaging port-forward service/env-ada--lab 2222:22"


def test_known_hosts_has_every_name_that_ssh_looks_up() -> None:
    """With a port as ssh writes it, and each once."""
    ways = ways_into(
        replace(NAMED, service_type="NodePort", gateway="g"), Seen(ServiceAddress(node_port=30022), True), 22
    )
    assert known_hosts(ways, KEY) == f"[{HOST}]:30022,ada--lab,env-ada--lab.imaging.svc {KEY}"


def test_a_password_is_in_no_text() -> None:
    """Neither in a log that prints a record nor in the REST API's answer."""
    ssh = replace(NAMED, password="correct horse")
    assert "horse" not in repr(ssh)
    assert "horse" not in str(only(ssh, Seen(resolves=True)).document("/x"))
