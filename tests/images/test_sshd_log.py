"""What sshd and sftp-server say, and what is made of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from swish_sshd.keys import KeysFile, fingerprints
from swish_sshd.log import read_line
from swish_sshd.presence import Input
from swish_sshd.sftp_log import SftpLog, cut

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g"
PRINT = "SHA256:mKqU+0K8OhKmA8bBQi9Rz0Q5l7/g160hIP+rJYSTNj4"
WHO = "for swish from 10.0.0.1 port 50076"


@pytest.mark.parametrize(
    ("line", "name", "fields"),
    [
        (
            f"Accepted publickey {WHO} ssh2: ED25519 SHA256:abc",
            "accepted",
            {"method": "publickey", "type": "ED25519", "fingerprint": "SHA256:abc"},
        ),
        (
            f"Accepted publickey {WHO} ssh2: ED25519-CERT SHA256:abc ID ada lovelace (serial 7) CA ED25519 SHA256:def",
            "accepted",
            {
                "method": "publickey",
                "type": "ED25519-CERT",
                "fingerprint": "SHA256:abc",
                "certificate": "ada lovelace",
                "serial": "7",
                "ca_type": "ED25519",
                "ca": "SHA256:def",
            },
        ),
        (f"Accepted password {WHO} ssh2", "accepted", {"method": "password"}),
        (
            f"Failed publickey {WHO} ssh2: RSA SHA256:abc [preauth]",
            "failed",
            {"method": "publickey", "type": "RSA", "fingerprint": "SHA256:abc"},
        ),
        ("Failed password for invalid user hunter2 from 10.0.0.1 port 1 ssh2", "failed", {"method": "password"}),
        ("Invalid user hunter2 from 10.0.0.1 port 50060", "user", {}),
        ("User root from 127.0.0.1 not allowed because not listed in AllowUsers", "user", {}),
        ("User root not allowed because account is locked", "user", {}),
        ("Certificate invalid: expired", "certificate", {}),
        ("Certificate does not contain an authorized principal", "certificate", {}),
        (f"Starting session: shell on pts/3 {WHO} id 0", "session", {"kind": "shell", "tty": "pts/3", "id": "0"}),
        (f"Starting session: command {WHO} id 2", "session", {"kind": "command", "id": "2"}),
        (f"Starting session: command on pts/0 {WHO} id 0", "session", {"kind": "command", "tty": "pts/0", "id": "0"}),
        (
            f"Starting session: subsystem 'sftp' {WHO} id 0",
            "session",
            {"kind": "subsystem 'sftp'", "name": "sftp", "id": "0"},
        ),
        ("Close session: user swish from 10.0.0.1 port 50076 id 2", "session-end", {"id": "2"}),
        ("debug1: session_exit_message: session 0 channel 0 pid 9 exit 3", "exit", {"id": "0", "status": "3"}),
        (
            "Received request from 10.0.0.1 port 1 to connect to host example.com port 80, but the request was denied.",
            "tunnel-refused",
            {"host": "example.com", "port": "80"},
        ),
        (
            "Received request to connect to path /a b, but the request was denied.",
            "tunnel-refused",
            {"host": "/a b"},
        ),
        ("connect_to localhost port 1: failed.", "tunnel-failed", {"host": "localhost", "port": "1"}),
        ("connect_to /a b port -2: failed.", "tunnel-failed", {"host": "/a b"}),
        ("debug1: channel 0: connected to /a b port -2", "tunnel-opened", {"host": "/a b"}),
        (
            "debug1: channel 0: connected to localhost port 80",
            "tunnel-opened",
            {"host": "localhost", "port": "80"},
        ),
        (
            "debug1: server_input_global_request: tcpip-forward listen localhost port 9",
            "remote",
            {"host": "localhost", "port": "9"},
        ),
        ("debug1: server_input_global_request: rtype keepalive@openssh.com want_reply 1", "keep-alive", {}),
        ("debug1: Got 100/1 for keepalive", "keep-alive", {}),
        ("fatal: Timeout before authentication for 10.0.0.1 port 1", "late", {}),
        ("Received disconnect from 10.0.0.1 port 50044:11: disconnected by user\r", "left", {}),
    ],
)
def test_a_line_says_a_fact(line: str, name: str, fields: dict[str, str]) -> None:
    """Each line that matters is one fact; the name that somebody tried is in none."""
    fact = read_line(line)
    assert fact
    assert (fact.name, fact.fields) == (name, fields)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (f"Invalid user x\nAccepted publickey {WHO} ssh2: ED25519 SHA256:abc\n from 10.0.0.1 port 5", "user"),
        (f"Failed none for invalid user x\nAccepted none {WHO} ssh2\n from 10.0.0.1 port 5 ssh2", "failed"),
        (f"Unable to negotiate with 10.0.0.1 port 5: no cipher. Offer: x\r\nAccepted none {WHO} ssh2\r\n", "protocol"),
        (f"Received disconnect from 10.0.0.1 port 5:2: x\nAccepted none {WHO} ssh2 [preauth]", "left"),
    ],
)
def test_a_line_is_one_whatever_is_in_it(line: str, name: str) -> None:
    """What clients say is written as it is, with its ends of lines; what comes after them is no line of sshd's."""
    fact = read_line(line)
    assert fact
    assert fact.name == name


@pytest.mark.parametrize(
    "line",
    [
        "debug1: userauth-request for user hunter2 service ssh-connection method none [preauth]",
        "debug1: Forced command (config) 'cat /etc/shadow'",
        "debug1: session_input_channel_req: session 0 req exec",
        "Postponed publickey for swish from 127.0.0.1 port 50044 ssh2 [preauth]",
        "Accepted key ED25519 SHA256:abc found at /keys:1",
        "",
        "\0\xff",
    ],
)
def test_other_lines_say_nothing(line: str) -> None:
    """What is not recognised is told to nobody."""
    assert read_line(line) is None


#: What is told of an opening with a flag that is not known; of a number that no file has, nothing is.
LOUD = [{"op": "open", "path": "/a", "flags": "LOUD", "outcome": "ok"}]


def told(*lines: str) -> list[dict[str, Any]]:
    """Return the events of an sftp-server that said these lines and no more."""
    log = SftpLog()
    return [fields for line in lines for fields in log.feed(line)] + list(log.flush())


@pytest.mark.parametrize(
    ("lines", "events"),
    [
        (
            ['open "/a b" flags READ mode 0666', 'close "/a b" bytes read 5 written 0'],
            [
                {"op": "open", "path": "/a b", "flags": "READ", "outcome": "ok"},
                {"op": "read", "path": "/a b", "bytes": 5, "outcome": "ok"},
            ],
        ),
        (
            ['forced close "/a" bytes read 1 written 2'],
            [
                {"op": "read", "path": "/a", "bytes": 1, "outcome": "ok"},
                {"op": "write", "path": "/a", "bytes": 2, "outcome": "ok"},
            ],
        ),
        (
            ['open "/a" flags WRITE,CREATE mode 0644', "sent status Permission denied"],
            [{"op": "open", "path": "/a", "flags": "WRITE,CREATE", "outcome": "permission denied"}],
        ),
        (
            ['open "/a\nremove name "/b"" flags READ mode 0666', "sent status " + "A" * 200],
            [{"op": "open", "path": '/a\nremove name "/b"', "flags": "READ", "outcome": "a" * 100}],
        ),
        (['open "/a" flags LOUD mode 0', 'close "/a" bytes read 9' + "9" * 30 + " written 0"], LOUD),
        (['remove name "/a"'], [{"op": "remove", "path": "/a", "outcome": "ok"}]),
        (['rename old "/a" new "/b"'], [{"op": "rename", "path": "/a", "to": "/b", "outcome": "ok"}]),
        (['posix-rename old "/a" new "/b"'], [{"op": "rename", "path": "/a", "to": "/b", "outcome": "ok"}]),
        (['symlink old "/a" new "/b"'], [{"op": "link", "path": "/b", "to": "/a", "outcome": "ok"}]),
        (['mkdir name "/a" mode 0777'], [{"op": "mkdir", "path": "/a", "outcome": "ok"}]),
        (
            ['remove name "/a"', 'lstat name "/b"', "sent status No such file"],
            [{"op": "remove", "path": "/a", "outcome": "ok"}],
        ),
        (['rmdir name "/a"'], [{"op": "rmdir", "path": "/a", "outcome": "ok"}]),
        (['opendir "/a"', 'closedir "/a"'], [{"op": "list", "path": "/a", "outcome": "ok"}]),
        (['set "/a" size 3'], [{"op": "change", "path": "/a", "outcome": "ok"}]),
        (['close "/a" bytes read 0 written 0', "sent status No such file", "session opened"], []),
    ],
)
def test_files(lines: list[str], events: list[dict[str, Any]]) -> None:
    """Each thing done with a file is one event, with how it went."""
    assert told(*lines) == events


def test_long_paths_are_cut() -> None:
    """An event fits into one line of a container's log."""
    assert len(cut("é" * 3000).encode()) < 1010
    assert cut("/short") == "/short"


@pytest.mark.parametrize(
    "line",
    [KEY, f"{KEY} ada@laptop", f'from="10.0.0.0/8",command="a b" {KEY}', f"restrict {KEY} x", f"  {KEY}"],
)
def test_fingerprints(line: str) -> None:
    """A key has the fingerprint that ssh-keygen prints, whatever stands around it."""
    assert fingerprints(f"# {KEY}x\n\n{line}\nrubbish\n") == {PRINT}


def test_a_keys_file_is_looked_at_again(tmp_path: Path) -> None:
    """A file that comes, changes and goes is noticed; while it cannot be read, nothing is known."""
    path = tmp_path / "authorized_keys"
    keys = KeysFile(path)
    assert keys.look() == frozenset()
    path.write_text(KEY)
    assert keys.look() == frozenset({PRINT})
    path.unlink()
    assert keys.look() == frozenset()
    path.mkdir()
    assert keys.look() is None


def test_keep_alives_are_no_input() -> None:
    """What comes in and is explained by keep-alives or new keys moves nothing; one byte more does."""
    found = Input(100.0)
    found.look(1000, 110, data=True)
    found.keep_alive()
    found.look(1100, 120, data=True)
    found.rekey()
    found.look(4000, 130, data=True)
    assert found.last == 100
    found.look(4001, 140, data=True)
    assert found.last == 140


def test_terminals_alone_count_by_their_own_time(tmp_path: Path) -> None:
    """With terminals alone what comes in is also the client's answer to output: it does not count."""
    found = Input(100.0)
    found.look(1000, 110, data=False)
    found.look(9000, 120, data=False)
    assert found.last == 100
