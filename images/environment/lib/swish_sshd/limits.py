"""Who may begin to log in now: pure decisions over counts and a clock that is given.

Slots of connections that have not logged in are apart from those of connections that have, and each address has few of
the first. So somebody who only knocks fills neither, however often they do.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv6Address, ip_network
from typing import Any, Final

from swish_sshd.settings import Address, Network, holds


@dataclass(frozen=True)
class Bounds:
    """How much of each is allowed.

    Args:
        pending: Connections that have not logged in.
        pending_per_address: The same, from one address.
        open: Connections that have logged in.
        open_per_address: The same, from one address.
        burst: Bad log-ins from one address before it has to wait.
        refill: Seconds until it may have one more.
    """

    pending: int = 48
    pending_per_address: int = 8
    open: int = 240
    open_per_address: int = 120
    burst: float = 20
    refill: float = 6


class Verdict(StrEnum):
    """What becomes of a connection that wants to begin."""

    START = "start"
    WAIT = "wait"
    RATE = "rate"
    BUSY = "busy"


#: Addresses that are remembered for their bad log-ins before those that are forgiven are forgotten.
_REMEMBERED: Final = 4096


@dataclass
class Admission:
    """The counts of one listener. Times are seconds of one clock.

    Args:
        bounds: How much is allowed.
        exempt: Networks where many people share an address: what is counted per address does not count there, but
            together they have half of what is pending at most.
    """

    bounds: Bounds = field(default_factory=Bounds)
    exempt: tuple[Network, ...] = ()
    pending: Counter[str] = field(default_factory=Counter)
    open: Counter[str] = field(default_factory=Counter)
    _debts: dict[str, tuple[float, float]] = field(default_factory=dict)

    def source(self, address: Address) -> str:
        """Name what is counted as one address: of IPv6, a customer's network; of the exempt ones, all of them."""
        if holds(self.exempt, address):
            return "gateway"
        return str(ip_network((address, 64), strict=False)) if isinstance(address, IPv6Address) else str(address)

    def verdict(self, source: str, now: float) -> Verdict:
        """Decide about a connection that wants to begin."""
        bounds, shared = self.bounds, source == "gateway"
        if not shared and self.debt(source, now) > bounds.burst - 1:
            return Verdict.RATE
        if self.open.total() >= bounds.open or (not shared and self.open[source] >= bounds.open_per_address):
            return Verdict.BUSY
        own = bounds.pending // 2 if shared else bounds.pending_per_address
        if self.pending.total() >= bounds.pending or self.pending[source] >= own:
            return Verdict.WAIT
        return Verdict.START

    def debt(self, source: str, now: float) -> float:
        """Return the bad log-ins of a source that are not forgiven yet."""
        owed, since = self._debts.get(source, (0.0, now))
        return max(0.0, owed - (now - since) / self.bounds.refill)

    def began(self, source: str) -> None:
        """Count a connection that begins to log in."""
        self.pending[source] += 1

    def logged_in(self, source: str) -> None:
        """Count a connection as logged in, no longer as pending."""
        less(self.pending, source)
        self.open[source] += 1

    def ended(self, source: str, *, logged_in: bool) -> None:
        """Count a connection no more."""
        less(self.open if logged_in else self.pending, source)

    def failed(self, source: str, now: float, attempts: int = 1) -> None:
        """Count bad log-ins."""
        if source == "gateway":
            return
        if len(self._debts) >= _REMEMBERED:
            self._debts = {name: debt for name, debt in self._debts.items() if self.debt(name, now) > 0}
        self._debts[source] = (min(self.debt(source, now) + attempts, self.bounds.burst), now)


def less(counts: Counter[Any], source: Any) -> None:
    """Count one less, and forget what is none."""
    counts[source] -= 1
    if counts[source] <= 0:
        del counts[source]
