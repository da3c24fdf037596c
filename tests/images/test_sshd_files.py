"""Whoever copies files is known before the first of them, however late the listener is."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
import swish_sshd
from swish_sshd.files import Files

SERVER = Path(swish_sshd.__file__).with_name("sftp_server.py")


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A listener that has not looked yet."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as made:
        made.bind(f"\0swish-test-{secrets.token_hex(4)}")
        made.listen()
        yield made


@pytest.fixture
def server(listener: socket.socket) -> Iterator[subprocess.Popen[str]]:
    """What sshd runs for a session of sftp, with something in place of sftp-server that logs a line and ends."""
    name = str(listener.getsockname()[1:], "ascii")
    command = [sys.executable, "-I", "-S", str(SERVER), name, "/bin/sh", "-c", "echo begun; echo logged >&2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as made:
        yield made
        made.kill()


def test_nothing_is_copied_before_the_listener_has_looked(
    listener: socket.socket, server: subprocess.Popen[str]
) -> None:
    """A process that has ended would be nobody's."""
    with pytest.raises(subprocess.TimeoutExpired):
        server.wait(0.5)
    accepted, _ = listener.accept()
    with accepted:
        accepted.send(b"\1")
        assert server.communicate(timeout=60)[0] == "begun\n"
        assert accepted.recv(100) == b"logged\n"


def test_whom_the_listener_does_not_hear_copies_all_the_same(
    listener: socket.socket, server: subprocess.Popen[str]
) -> None:
    """That a session began is in the log."""
    listener.accept()[0].close()
    assert server.communicate(timeout=60)[0] == "begun\n"
    assert server.returncode == 0


class Loop:
    """Calls back when it is told to."""

    def __init__(self) -> None:
        self.readers: list[Callable[[], None]] = []

    def reader(self, _source: object, call: Callable[[], None]) -> None:
        """Remember whom to call."""
        self.readers.append(call)

    def forget(self, _source: object) -> None:
        """Nothing more is read."""

    def after(self, _seconds: float, _call: Callable[[], None]) -> None:
        """No time passes."""


@dataclass
class Owner:
    """A connection whose log-in waits to be read."""

    pid: int
    login: dict[str, str] | None = None
    told: list[dict[str, Any]] = field(default_factory=list)

    def read(self) -> None:
        """Read what sshd has said."""
        self.login = {"method": "publickey"}

    def tell(self, event: str, **fields: Any) -> None:
        """Write an event."""
        self.told.append({"event": event, **fields})


def test_a_log_in_that_is_not_read_yet_is_read_first() -> None:
    """Sshd's words and sftp's come by two ways, of which either may be looked at first."""
    loop, owner, name = Loop(), Owner(os.getpid()), f"swish-test-{secrets.token_hex(4)}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
        files = Files(name, cast("Any", loop), cast("Any", lambda: {owner.pid: owner}))
        client.connect(f"\0{name}")
        loop.readers[0]()
        assert client.recv(1) == b"\1"
        client.send(b'remove name "gone"')
    for _ in range(2):
        loop.readers[1]()
    files._socket.close()
    assert owner.told == [{"event": "file", "op": "remove", "path": "gone", "outcome": "ok"}]
