"""What the hub and swish-sshd tell each other: what one writes the other reads, and nothing is waited for in vain."""

from __future__ import annotations

import ast
import json
import socket
from collections.abc import Iterator
from dataclasses import fields
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import swish_sshd
from swish_sshd import connection, sftp_log, watch
from swish_sshd import log as sshd_log
from swish_sshd.connection import Connection, Peer
from swish_sshd.events import Events
from swish_sshd.limits import Verdict
from swish_sshd.settings import Settings, SettingsError, parse_settings

from swish_spawner.core.launch.plan import Person, plan_server
from swish_spawner.core.launch.request import parse_request
from swish_spawner.core.policy.values import Policy
from swish_spawner.core.ssh import sshd
from swish_spawner.core.ssh_log import entries, words
from swish_spawner.core.ssh_log.events import lines
from swish_spawner.core.ssh_log.events.event import EVENTS
from swish_spawner.core.ssh_log.events.lines import parse_line
from swish_spawner.core.ssh_log.events.source import Source

WHO = "for swish from 10.0.0.1 port 50076"
KEY = "ED25519 SHA256:abc"
#: A line of sshd's for each that is recognised; a new one needs one here.
SAID = (
    "Remote protocol version 2.0",
    f"Failed publickey {WHO} ssh2: {KEY}",
    "Invalid user x from 10.0.0.1 port 1",
    "Certificate invalid: expired",
    "refusing RSA key: Invalid key length",
    "fatal: Timeout before authentication for 10.0.0.1 port 1",
    "Unable to negotiate with 10.0.0.1 port 5: no cipher",
    f"Accepted publickey {WHO} ssh2: ED25519-CERT SHA256:abc ID ada (serial 7) CA ED25519 SHA256:def",
    "User child is on pid 9",
    f"Starting session: shell on pts/3 {WHO} id 0",
    f"Starting session: subsystem 'sftp' {WHO} id 1",
    "session_exit_message: session 0 channel 0 pid 9 exit 3",
    "Close session: user swish from 10.0.0.1 port 50076 id 0",
    "Received request from 10.0.0.1 port 1 to connect to host example.com port 80, but the request was denied.",
    "Received request to connect to path /a b, but the request was denied.",
    "connect_to localhost port 1: failed.",
    "connect_to nowhere: unknown host",
    "channel 0: connected to localhost port 80",
    "server_request_direct_tcpip: originator 127.0.0.1 port 5, target localhost port 80",
    "server_request_direct_streamlocal: originator 127.0.0.1 port 5, target /a",
    "server_input_global_request: tcpip-forward listen localhost port 9",
    "Local forwarding listening on 127.0.0.1 port 9.",
    "channel_setup_fwd_listener_tcpip: cannot listen to port: 9",
    "server_input_global_request: rtype keepalive@openssh.com want_reply 1",
    "SSH2_MSG_KEXINIT received",
    "Timeout, client not responding from user swish 10.0.0.1 port 5",
    "Received disconnect from 10.0.0.1 port 50044:11: disconnected by user",
)
#: The same of sftp-server.
COPIED = (
    'open "/a" flags READ,WRITE mode 0644',
    'close "/a" bytes read 7 written 9',
    'opendir "/a"',
    'remove name "/a"',
    "sent status No such file",
    'mkdir name "/a" mode 0755',
    'rmdir name "/a"',
    'rename old "/a" new "/b"',
    'symlink old "/a" new "/b"',
    'set "/a" size 7',
)


@pytest.fixture
def told(policy: Policy, ada: Person) -> dict[str, Any]:
    """What the hub tells sshd of an environment."""
    return sshd.settings(plan_server(ada, parse_request({"ssh": True}), policy))


def test_what_the_hub_tells_of_an_environment_is_read_whole(told: dict[str, Any], ada: Person) -> None:
    """As many fields as there are, and whose it is."""
    read = parse_settings(told)
    assert (read.environment, read.team, read.user) == (ada.environment, "imaging", ada.name)
    assert len(told) == len(fields(Settings))


@pytest.mark.parametrize(
    "name",
    ["mode", "environment", "team", "user", "port", "allow_cidrs", "gateway_cidrs", "remote_forwarding", "password"],
)
def test_no_setting_is_passed_over(told: dict[str, Any], name: str) -> None:
    """A value that cannot be is refused, so it is looked at."""
    with pytest.raises(SettingsError, match=name.removesuffix("_cidrs")):
        parse_settings(told | {name: {"a": 1}})


def said() -> Iterator[dict[str, Any]]:
    """Yield each event that a connection tells when sshd says all that it can, as a line's document."""
    written: list[bytes] = []
    events = Events(Settings(environment="lab", team="imaging", user="ada"), written.append)
    for talk in (SAID, SAID[:7]):
        here, there = socket.socketpair()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        with there, theirs:
            one = Connection(Peer(1, here, ip_address("10.0.0.1"), 5, "10.0.0.1"), events, lambda _: None)
            one.log, one.users = ours.detach(), ("ada",)
            for line in talk:
                theirs.send(f"{line}\n".encode())
                one.read()
            copied = sftp_log.SftpLog()
            for file in [*(each for line in COPIED for each in copied.feed(line)), *copied.flush()]:
                one.tell("file", **file)
            one.finish()
    yield from map(json.loads, written)


def calls() -> Iterator[tuple[str, set[str]]]:
    """Yield the name and the fields of each event that swish-sshd's source names."""
    for path in Path(swish_sshd.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _tells(node) and isinstance(name := node.args[0], ast.Constant):
                yield str(name.value), {word.arg for word in node.keywords if word.arg}


def _tells(node: ast.Call) -> bool:
    function = ast.unparse(node.func).rpartition(".")[2]
    return bool(node.args) and function in {"emit", "tell", "events", "Events(settings, console)"}


def read(document: dict[str, Any]) -> set[str]:
    """Return the fields of a line that are kept of it."""
    event = parse_line(json.dumps(document), Source("sidecar", "swish", "p", "lab", "imaging", "ada"))
    return {*event.fields, *(["users"] if event.users else [])}


FIXED = {"swish", "boot", "n", "time", "environment", "team", "user", "event"}
KNOWN = lines._TEXTS | lines._NUMBERS | lines._FLAGS | {"users"}


def test_every_field_that_a_connection_tells_is_kept() -> None:
    """Of each event, whatever sshd says."""
    for document in said():
        assert read(document) == set(document) - FIXED, document


def test_every_line_that_is_recognised_is_said_here() -> None:
    """A new line of OpenSSH's that is told of has its example above, and so its fields are looked at."""
    facts = {fact.name for line in SAID if (fact := sshd_log.read_line(line))}
    assert facts == {name for name, _ in sshd_log._LINES}
    copied = {document["op"] for document in said() if document["event"] == "file"}
    assert copied == {name for name, _ in sftp_log._LINES} - {"close"} | {"read", "write"}


def test_every_event_that_swish_sshd_names_is_known() -> None:
    """With the fields that it gives by name."""
    named = list(calls())
    assert {name for name, _ in named} == EVENTS
    assert set().union(*(given for _, given in named)) <= KNOWN


def test_no_field_is_waited_for_in_vain() -> None:
    """Each that is known is one that swish-sshd tells."""
    told = set().union(*(given for _, given in calls()), *map(set, said()))
    assert told >= KNOWN


def test_every_reason_has_words() -> None:
    """A page says why somebody was not let in, and why a connection ended."""
    refused = {*connection._REASONS.values(), "key", "password", "no-login", "network", Verdict.RATE, Verdict.BUSY}
    assert refused == set(words._REASONS)
    assert {"client", "closed", "lost", "stopped", watch._REASON} == set(words._ENDINGS)


def test_every_event_has_words() -> None:
    """Those that the log itself makes, too."""
    assert set(words._WORDS) == EVENTS | {entries.GAP, entries.UNREADABLE, entries.UNREAD}
