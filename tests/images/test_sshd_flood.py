"""Hundreds of bad log-ins from one address, and somebody at another who only wants to work."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import pytest
from swish_sshd.limits import Bounds

from tests.images import ssh_lab
from tests.images.ssh_lab import Lab, lab
from tests.scale import scaled

pytestmark = pytest.mark.skipif(bool(ssh_lab.missing()), reason=ssh_lab.missing() or "all is here")

#: Who attacks comes from here; who works, from 127.0.0.1.
ATTACKER: Final = "127.0.0.2"
ATTEMPTS: Final = scaled(500, 5000)
#: Behind the gateway, each of them ssh itself.
BY_SSH: Final = scaled(50, 300)
#: Every so many attempts one is ssh itself with a key that is not allowed; the others say hello as it does and leave.
SSH_EVERY: Final = 5
AT_ONCE: Final = 16
#: So many people work meanwhile.
PEOPLE: Final = 3
#: Lines that tell of attempts for which no sshd ran: the first of a reason, and one each ten seconds for the others.
#: There are three reasons, and no test may take more than two minutes.
DIGESTS: Final = 3 * 2 * 12


@dataclass
class Flood:
    """What came of it: how often others logged in meanwhile, and what was refused.

    Args:
        log_ins: Exit status of each log-in from the other address.
        statuses: Exit status of each ssh of the attacker.
    """

    box: Lab
    log_ins: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    def run(self, attempts: int, ssh_every: int) -> None:
        """Attack, let people log in from elsewhere again and again until that is over, and wait until all is told."""
        self._work_once()  # makes the file of known hosts that all share
        with ThreadPoolExecutor(AT_ONCE) as pool, ThreadPoolExecutor(PEOPLE) as people:
            under_way = [pool.submit(self._attempt, ssh=number % ssh_every == 0) for number in range(attempts)]
            working = [people.submit(self._work, under_way) for _ in range(PEOPLE)]
            for done in (*under_way, *working):
                done.result()
        self.box.wait_for(lambda: self.refused >= attempts)

    def _attempt(self, *, ssh: bool) -> None:
        if ssh:
            self.statuses.append(self.box.ssh("-o", f"BindAddress={ATTACKER}", "true", key="stranger").returncode)
        else:
            say_hello(self.box.port)

    def _work(self, attack: Sequence[Future[None]]) -> None:
        while not all(attempt.done() for attempt in attack):
            self._work_once()

    def _work_once(self) -> None:
        self.log_ins.append(self.box.ssh("true").returncode)

    @property
    def lines(self) -> list[dict[str, object]]:
        """The lines that tell of the attacker."""
        return self.box.find("refused", address=ATTACKER)

    @property
    def refused(self) -> int:
        """How many refusals those lines tell of."""
        return sum(int(str(line.get("count", 1))) for line in self.lines)


def say_hello(port: int) -> None:
    """Begin as a client does, and leave once the server has said something or nothing more."""
    place = ("127.0.0.1", port)
    with suppress(ConnectionError), socket.create_connection(place, ssh_lab.TIMEOUT, (ATTACKER, 0)) as made:
        made.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
        made.recv(100)


@pytest.fixture(scope="module")
def flood() -> Iterator[Flood]:
    """Many attempts from one address, a fifth of them ssh's own, while people work."""
    with lab() as box:
        box.start()
        found = Flood(box)
        found.run(ATTEMPTS, SSH_EVERY)
        yield found


@pytest.mark.claim("flood")
def test_nobody_else_is_kept_out(flood: Flood) -> None:
    """From another address the right key let in each time, from the first attempt of the attacker to the last."""
    assert len(flood.log_ins) >= scaled(PEOPLE, 10)
    assert set(flood.log_ins) == {0}
    assert len(flood.box.find("login", address="127.0.0.1")) == len(flood.log_ins)


@pytest.mark.claim("flood")
def test_every_attempt_is_refused_and_counted(flood: Flood) -> None:
    """None got in, and what the lines count adds up to as many as there were: none is lost, none is told twice."""
    assert set(flood.statuses) == {255}
    assert flood.refused == ATTEMPTS
    assert not flood.box.find("login", address=ATTACKER)


def test_the_log_stays_short(flood: Flood) -> None:
    """A line for each attempt that an sshd saw, which the limits bound, and a few for all the others."""
    seen = [line for line in flood.lines if "connection" in line]
    bounds = Bounds()
    # who is pending while the last of the burst fails is let through, too; then comes one more every few seconds
    assert len(seen) <= bounds.burst + bounds.pending_per_address + 120 / bounds.refill
    assert len(flood.lines) - len(seen) <= DIGESTS


def test_offered_keys_are_told(flood: Flood) -> None:
    """Where sshd heard of a key before the address had tried too often, the line has its fingerprint."""
    public = subprocess.run(
        ["ssh-keygen", "-lf", flood.box.folder / "stranger.pub"], capture_output=True, text=True, check=True
    )
    offered = [line for line in flood.lines if line["reason"] == "key"]
    assert {line["fingerprint"] for line in offered} == {public.stdout.split()[1]}


@pytest.mark.claim("gateway-is-shared")
def test_behind_the_gateway_many_wrong_keys_keep_nobody_out() -> None:
    """Where nothing counts per address each gets to sshd, and half of the slots is left to people from elsewhere."""
    with lab(gateway_cidrs=[f"{ATTACKER}/32"]) as box:
        box.start()
        found = Flood(box)
        found.run(BY_SSH, ssh_every=1)
        assert set(found.log_ins) == {0}
        assert set(found.statuses) == {255}
        assert len(box.find("refused", address=ATTACKER, reason="key")) == BY_SSH
