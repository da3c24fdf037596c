"""The port outlives whoever accepts from it."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from swish_sshd.port import Port

from benchmarks.processes import free_port


@pytest.fixture
def port() -> Iterator[Port]:
    """What is tested."""
    port = Port()
    yield port
    for end in (port._put, port._take):
        end.close()


def identity(made: socket.socket) -> int:
    """Return what two descriptors of one socket have in common."""
    return os.fstat(made.fileno()).st_ino


def test_every_worker_has_the_same_socket(port: Port) -> None:
    """However many there were, and whether or not they have closed it."""
    number = free_port()
    first = port.open(number)
    kept = identity(first)
    first.close()
    for _ in range(5):
        with port.open(number) as again:
            assert identity(again) == kept
            assert again.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)


def test_another_number_lets_go_of_it(port: Port) -> None:
    """The settings say another one by now."""
    numbers = (free_port(), free_port())
    port.open(numbers[0]).close()
    with port.open(numbers[1]) as made, socket.create_server(("127.0.0.1", numbers[0])):
        assert made.getsockname()[1] == numbers[1]
    with port.open(numbers[1]) as again:
        assert again.getsockname()[1] == numbers[1]


def test_what_cannot_be_kept_serves_all_the_same(port: Port, monkeypatch: pytest.MonkeyPatch) -> None:
    """And is no port that somebody else has, when that worker has ended."""

    def refuse(*_: Any) -> None:
        raise OSError(errno.ETOOMANYREFS, "too many references")

    number = free_port()
    with monkeypatch.context() as patch:
        patch.setattr(socket, "send_fds", refuse)
        port.open(number).close()
    port.open(number).close()
    with port.open(number) as made:
        assert made.getsockname()[1] == number


def test_a_port_that_is_taken_is_said(port: Port) -> None:
    """By the error that a bind has."""
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(OSError, match="in use"):
        port.open(other.getsockname()[1])


def test_without_descriptors_it_is_not_let_go(port: Port, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker tries again, and has it then."""
    number = free_port()
    with port.open(number) as first:
        kept = identity(first)

    class Full:
        def recvmsg(self, *_: Any) -> Any:
            return b".", [], 0, None

    with monkeypatch.context() as patch:
        patch.setattr(port, "_take", Full())
        with pytest.raises(OSError, match="Too many open files"):
            port.open(number)
    with port.open(number) as again:
        assert identity(again) == kept
