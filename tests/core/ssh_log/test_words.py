"""Entries of the ssh log as sentences."""

from __future__ import annotations

import re
from typing import Any

import pytest

from swish_spawner.core.ssh_log.words import sentence
from tests.conftest import ROOT


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"event": "started"}, "sshd started"),
        (
            {"event": "blocked", "port": 2222},
            "sshd waits: another program of the pod has its port, and whoever comes now comes to it",
        ),
        (
            {"event": "login", "fingerprint": "SHA256:x", "address": "192.0.2.1", "method": "publickey"},
            "Logged in with key SHA256:x from 192.0.2.1",
        ),
        ({"event": "login", "method": "password"}, "Logged in by password"),
        ({"event": "login", "fingerprint": "F", "certificate": "ada-7"}, "Logged in with key F, certificate ada-7"),
        ({"event": "refused", "address": "192.0.2.1", "reason": "new"}, "Refused from 192.0.2.1: new"),
        ({"event": "refused", "reason": "network"}, "Refused: not from a network that the policy lets in"),
        ({"event": "refused", "reason": "rate", "count": 40}, "Refused: too many bad log-ins from there (40 times)"),
        ({"event": "refused", "reason": "busy", "count": 1}, "Refused: too many connections at once"),
        ({"event": "session", "kind": "shell", "pty": True}, "Opened a shell on a terminal"),
        ({"event": "session", "kind": "exec"}, "Ran a command"),
        ({"event": "session", "kind": "sftp"}, "Began to copy files by sftp"),
        ({"event": "session", "kind": "netconf"}, "Began netconf"),
        ({"event": "session-end"}, "Session ended"),
        ({"event": "tunnel", "host": "h", "port": 5, "outcome": "refused"}, "Tunnel to h port 5: refused"),
        (
            {"event": "tunnel", "direction": "remote", "host": "localhost", "port": 5},
            "Tunnel that listens on localhost port 5",
        ),
        ({"event": "file", "op": "write", "path": "/a", "bytes": 0}, "File: write /a, 0 bytes"),
        ({"event": "file", "op": "rename", "path": "/a", "to": "/b"}, "File: rename /a to /b"),
        ({"event": "file", "op": "read", "path": "/a", "bytes": 48211934}, "File: read /a, 48,211,934 bytes"),
        ({"event": "tunnel", "host": "h", "port": 5, "count": 3}, "Tunnel to h port 5 (3 times)"),
        ({"event": "logout"}, "Logged out"),
        ({"event": "logout", "reason": "client", "seconds": 59}, "Logged out after 59 s"),
        (
            {"event": "logout", "reason": "key-removed", "seconds": 3599.9},
            "Logged out after 59 min: the key was removed",
        ),
        (
            {"event": "logout", "reason": "lost", "seconds": 7993},
            "Logged out after 2 h 13 min: the connection was lost",
        ),
        ({"event": "logout", "reason": "new"}, "Logged out: new"),
        ({"event": "gap", "lines": 3}, "3 lines of sshd are missing here"),
        ({"event": "gap"}, "Lines of sshd are missing here"),
        ({"event": "unreadable", "lines": 1}, "1 line of sshd could not be read"),
        ({"event": "unreadable", "lines": 2}, "2 lines of sshd could not be read"),
        ({"event": "login", "method": "unreadable"}, "Logged in, it could not be read how"),
        ({"event": "unread"}, "It ended before all that sshd said was read"),
        ({"event": "presence", "sessions": 1}, "1 open session"),
        ({"event": "presence", "sessions": 2}, "2 open sessions"),
        ({"event": "new"}, "new"),
        ({}, "something that is not known here"),
    ],
)
def test_sentence(entry: dict[str, Any], words: str) -> None:
    """What is missing is left out."""
    assert sentence(entry) == words


@pytest.mark.parametrize("event", ["refused", "logout"])
def test_each_reason_of_sshd_has_words(event: str) -> None:
    """The page of what sshd writes names them; none is shown as it is written there, but one that needs no words."""
    page = (ROOT / "docs" / "topics" / "ssh.md").read_text(encoding="utf-8")
    (row,) = re.findall(rf"^\| `{event}` \| `reason`:(.*)$", page, re.MULTILINE)
    reasons = re.findall(r"`([a-z-]+)`", row.partition(";")[0])
    assert len(reasons) > 3
    for reason in reasons:
        assert not sentence({"event": event, "reason": reason}).endswith(f": {reason}")
