"""Who may begin to log in, and when."""

from __future__ import annotations

import socket
from ipaddress import ip_address, ip_network

import pytest
from swish_sshd.connection import Peer
from swish_sshd.limits import Admission, Bounds, Verdict
from swish_sshd.queueing import Line

BOUNDS = Bounds(pending=6, pending_per_address=2, open=5, open_per_address=4, burst=3, refill=10)


@pytest.mark.claim("places-apart")
def test_one_address_has_few_of_the_slots() -> None:
    """Who has as many connections pending as one address may have waits; others begin."""
    limits = Admission(BOUNDS)
    for _ in range(2):
        limits.began("10.0.0.1")
    assert limits.verdict("10.0.0.1", 0) is Verdict.WAIT
    assert limits.verdict("10.0.0.2", 0) is Verdict.START


@pytest.mark.claim("places-apart")
def test_a_slot_is_free_again_after_the_log_in() -> None:
    """A connection that has logged in takes no slot of those that have not."""
    limits = Admission(BOUNDS)
    for _ in range(4):
        assert limits.verdict("10.0.0.1", 0) is Verdict.START
        limits.began("10.0.0.1")
        limits.logged_in("10.0.0.1")
    assert limits.verdict("10.0.0.1", 0) is Verdict.BUSY
    limits.ended("10.0.0.1", logged_in=True)
    assert limits.verdict("10.0.0.1", 0) is Verdict.START


def test_the_whole_is_bounded() -> None:
    """Many addresses together have no more open connections, and no more pending ones, than there are slots."""
    limits = Admission(BOUNDS)
    for number in range(6):
        limits.began(f"10.0.0.{number}")
    assert limits.verdict("10.0.0.9", 0) is Verdict.WAIT
    for number in range(5):
        limits.logged_in(f"10.0.0.{number}")
    assert limits.verdict("10.0.0.9", 0) is Verdict.BUSY


@pytest.mark.claim("flood")
def test_bad_log_ins_make_an_address_wait() -> None:
    """After so many bad log-ins an address is turned away, and gets one more try in a while; others notice nothing."""
    limits = Admission(BOUNDS)
    for _ in range(5000):
        limits.failed("10.0.0.1", 0)
    assert limits.verdict("10.0.0.1", 0) is Verdict.RATE
    assert limits.verdict("10.0.0.1", 9) is Verdict.RATE
    assert limits.verdict("10.0.0.1", 10) is Verdict.START
    assert limits.verdict("10.0.0.2", 0) is Verdict.START


def test_what_is_remembered_is_bounded() -> None:
    """Addresses that are forgiven are forgotten, so that an attack from everywhere fills no memory."""
    limits = Admission(BOUNDS)
    for number in range(10_000):
        limits.failed(f"source-{number}", number)
    assert len(limits._debts) <= 4096


@pytest.mark.claim("gateway-is-shared")
def test_behind_the_gateway_nobody_waits_for_others_mistakes() -> None:
    """Many people share the gateway's addresses: bad log-ins do not count, and half of the slots are left to others."""
    limits = Admission(BOUNDS, (ip_network("10.9.0.0/16"),))
    source = limits.source(ip_address("10.9.1.1"))
    assert source == limits.source(ip_address("10.9.1.2"))
    for _ in range(100):
        limits.failed(source, 0)
    for _ in range(3):
        assert limits.verdict(source, 0) is Verdict.START
        limits.began(source)
    assert limits.verdict(source, 0) is Verdict.WAIT
    assert limits.verdict("10.0.0.1", 0) is Verdict.START


def test_an_ipv6_network_is_one_address() -> None:
    """Whoever has a /64 has as many addresses as they like."""
    limits = Admission(BOUNDS)
    assert limits.source(ip_address("2001:db8::1")) == limits.source(ip_address("2001:db8::ffff:1"))
    assert limits.source(ip_address("2001:db8:0:1::1")) != limits.source(ip_address("2001:db8::1"))


def peer(source: str, number: int = 0) -> Peer:
    """Make somebody who waits."""
    return Peer(number, socket.socket.__new__(socket.socket), ip_address("10.0.0.1"), 1, source)


def test_the_line_is_served_in_turns() -> None:
    """A long line of one address is only its own."""
    line = Line()
    for number in range(3):
        assert line.join(peer("a", number), 0)
    assert line.join(peer("b", 3), 0)
    turns = [line.take(lambda _: True) for _ in range(4)]
    assert [(found.source, found.number) for found in turns if found] == [("a", 0), ("b", 3), ("a", 1), ("a", 2)]
    assert line.take(lambda _: True) is None


def test_the_line_is_bounded() -> None:
    """So many may wait of one address, and so many of all; the last is told at once."""
    line = Line()
    assert sum(line.join(peer("a"), 0) for _ in range(200)) == 96
    assert sum(line.join(peer(f"s{number}"), 0) for number in range(1000)) == 512 - 96


def test_nobody_waits_for_ever() -> None:
    """Who has waited longer than any client does is let go."""
    line = Line()
    line.join(peer("a", 1), 0)
    line.join(peer("a", 2), 50)
    assert [found.number for found in line.late(70)] == [1]
    assert len(line) == 1
