"""Entries of the ssh log as sentences."""

from __future__ import annotations

from typing import Any

import pytest

from swish_spawner.core.ssh_log_words import sentence


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"event": "started"}, "sshd started"),
        (
            {"event": "login", "fingerprint": "SHA256:x", "address": "192.0.2.1", "method": "publickey"},
            "Logged in with key SHA256:x from 192.0.2.1",
        ),
        ({"event": "login", "method": "password"}, "Logged in by password"),
        ({"event": "login", "fingerprint": "F", "certificate": "ada-7"}, "Logged in with key F, certificate ada-7"),
        ({"event": "refused", "address": "192.0.2.1", "reason": "no such key"}, "Refused from 192.0.2.1: no such key"),
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
        ({"event": "logout"}, "Logged out"),
        ({"event": "gap", "lines": 3}, "3 lines of sshd are missing here"),
        ({"event": "gap"}, "Lines of sshd are missing here"),
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
