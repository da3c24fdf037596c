"""What a connection makes of its sshd's lines."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

import pytest
from swish_sshd.connection import Connection, Peer

LOG_IN = "Accepted publickey for swish from 10.0.0.1 port 5 ssh2: ED25519 SHA256:abc\r\n"


class Told:
    """A connection, what its sshd writes to, and what is told of it."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.here, self.there = socket.socketpair()
        peer = Peer(1, self.here, ip_address("10.0.0.1"), 5, "10.0.0.1")
        self.connection = Connection(peer, lambda event, **fields: self.events.append((event, fields)), lambda _: None)
        ours, self.sshd = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        self.connection.log = ours.detach()

    def said(self, *lines: str) -> list[str]:
        """Return the events so far, after sshd has said more lines."""
        for line in lines:
            self.sshd.send(line.encode())
        self.connection.read()
        return [event for event, _ in self.events]


@pytest.fixture
def told() -> Iterator[Told]:
    """A connection that has begun."""
    made = Told()
    yield made
    for end in (made.sshd, made.there, made.here):
        end.close()


def test_what_a_client_says_is_no_line(told: Told) -> None:
    """Whatever ends of lines it has: sshd writes each of its own lines at once, and they stay apart."""
    assert told.said(f"Invalid user x\r\n{LOG_IN} from 10.0.0.1 port 5\r\n", f"debug1: x\n{LOG_IN}") == []
    assert told.said(LOG_IN, LOG_IN) == ["login"]
    told.connection.finish()
    assert [event for event, _ in told.events] == ["login", "logout"]


def test_others_have_their_turn(told: Told) -> None:
    """An sshd that says more than can be read keeps nobody else waiting; at the end all of it is read."""
    for line in ("debug1: one\n", "debug1: two\n", LOG_IN):
        told.sshd.send(line.encode())
    assert told.connection.read(2)
    assert not told.events
    told.connection.finish()
    assert [event for event, _ in told.events] == ["login", "logout"]


def test_the_connection_ends_with_its_sshd(told: Told) -> None:
    """Also where another process still holds it: nobody would write down what goes on there."""
    held = os.dup(told.here.fileno())
    try:
        told.connection.finish()
        told.there.settimeout(5)
        assert told.there.recv(1) == b""
    finally:
        os.close(held)
