"""Which lines of a container's log are new, what is kept of them, and how far it has been read.

Kubernetes gives a log from a whole second on, so lines come again that were read before. A place in a log is therefore
the node's time of its last line, and how many lines of that very time were read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from swish_spawner.core import labels
from swish_spawner.core.ownership import has_ended
from swish_spawner.core.reading import part, parts
from swish_spawner.core.ssh_log.entries import gap, record, whose
from swish_spawner.core.ssh_log.events.event import PRESENCE, Event, missing_before
from swish_spawner.core.ssh_log.events.source import Source

Resource = Mapping[str, Any]

#: The label that tells what a pod is, and the two whose logs are read.
COMPONENT: Final = "app.kubernetes.io/component"
ENVIRONMENTS, GATEWAYS = "singleuser-server", "ssh-gateway"
#: Where sshd runs in an environment, as its annotation says, and in which container that is.
_CONTAINERS: Final = {"sidecar": "ssh", "notebook": "notebook"}
_GATEWAY: Final = "gateway"
#: What a person's own programs can do as often as they like.
_AT_WILL: Final = frozenset(("file", "tunnel", "session", "session-end"))
_BILLION: Final = 10**9


@dataclass(frozen=True, slots=True)
class Log:
    """A container whose log is read.

    Attributes:
        key: of the container, unique for ever: ``namespace/pod/uid``.
        container: its name.
        source: whose lines they are.
        since: when its pod was made.
    """

    key: str
    container: str
    source: Source
    since: datetime


@dataclass(frozen=True, slots=True)
class Position:
    """How far a container's log has been read.

    Attributes:
        at: the node's time of the last line (nanoseconds since 1970).
        same: how many lines of that time were read.
        boot: the start of ``swish-sshd`` that wrote the last event.
        n: that event's number.
        restarts: how often the container had been started again.
    """

    at: int = 0
    same: int = 0
    boot: str = ""
    n: int = 0
    restarts: int = 0

    def after(self, stamp: int) -> Position:
        """Return the place after one more line."""
        if stamp < self.at:  # the node's clock was set back; it will catch up
            return self
        return replace(self, at=stamp, same=self.same + 1 if stamp == self.at else 1)


@dataclass(frozen=True, slots=True)
class ContainerStatus:
    """What Kubernetes says of a container.

    Attributes:
        began: whether it has ever run, so that there is a log.
        ended: whether it is over with the whole pod.
        restarts: how often it was started again.
    """

    began: bool
    ended: bool
    restarts: int


class Reading:
    """Tells new lines from those that were read before, over one connection.

    Args:
        position: from which it goes on.
    """

    def __init__(self, position: Position) -> None:
        self._at, self._left = position.at, position.same
        self._is_past = False

    def is_new(self, stamp: int) -> bool:
        """Say whether the next line is new; after the first one all are, since a log is in the order of its writing."""
        if not self._is_past:
            if stamp == self._at and self._left:
                self._left -= 1
                return False
            self._is_past = stamp >= self._at
        return self._is_past


class Allowance:
    """How many records a container may make, so that none fills the log.

    Args:
        most: at once.
        per_second: after that.
    """

    def __init__(self, most: float = 10_000, per_second: float = 5) -> None:
        self._most = self._left = most
        self._per_second = per_second
        self._then: float | None = None

    def takes(self, now: float) -> bool:
        """Say whether one more is kept.

        Args:
            now: a clock that never goes back (seconds).
        """
        passed = 0.0 if self._then is None else now - self._then
        self._left, self._then = min(self._left + passed * self._per_second, self._most), now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Allowances:
    """What a container may have kept: the number of the next event that is tells how many were not.

    Who comes in and goes has a part of its own, which what a person's programs do at will cannot use up; but where
    they write to the same output, all is at will.

    Args:
        source: the container; what a gateway says is all kept.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._at_will, self._people = Allowance(), Allowance(20_000, 20)

    def takes(self, event: Event, now: float) -> bool:
        """Say whether an event is kept, at a time by a clock that never goes back (seconds)."""
        if self._source.kind == "gateway":
            return True
        is_at_will = self._source.kind == "notebook" or event.name in _AT_WILL
        return (self._at_will if is_at_will else self._people).takes(now)


def log_of(pod: Resource, home: str) -> Log | None:
    """Return the log of a pod that tells of ssh; None for one that has none.

    Args:
        pod: as the API server has it. What it says of whose it is only the hub, or the chart, could write.
        home: the installation's own namespace; in a team's, whoever may make pods there could call them gateways.
    """
    metadata = pod["metadata"]
    named, told = metadata.get("labels") or {}, metadata.get("annotations") or {}
    place = (metadata["namespace"], metadata["name"])
    key, since = "/".join((*place, metadata["uid"])), datetime.fromisoformat(metadata["creationTimestamp"])
    if named.get(COMPONENT) == GATEWAYS:
        return Log(key, _GATEWAY, Source("gateway", *place), since) if place[0] == home else None
    container = _CONTAINERS.get(told.get(labels.SSH, ""))
    if named.get(COMPONENT) != ENVIRONMENTS or container is None:
        return None
    whose = (named.get(labels.ENVIRONMENT, ""), named.get(labels.TEAM, ""))
    source = Source(told[labels.SSH], *place, *whose, told.get(labels.USER, ""), told.get(labels.SERVER, ""))
    return Log(key, container, source, since)


def status_of(pod: Resource, container: str) -> ContainerStatus:
    """Return what a pod says of one of its containers."""
    status = part(pod, "status")
    every = (*parts(status, "initContainerStatuses"), *parts(status, "containerStatuses"))
    own: Resource = next((one for one in every if one["name"] == container), {})
    restarts = int(own.get("restartCount") or 0)
    began = bool(own.get("containerID") or restarts)
    return ContainerStatus(began, has_ended(pod), restarts)


def split(line: str) -> tuple[str, int, str] | None:
    """Return the node's time of a line, the same in nanoseconds since 1970, and the line itself.

    Args:
        line: as Kubernetes gives it with times.

    Returns:
        None if it does not begin with a time.
    """
    stamp, _, text = line.partition(" ")
    whole, point, rest = stamp.partition(".")
    digits = rest[: len(rest) - len(rest.lstrip("0123456789"))] if point else ""
    try:
        second = datetime.fromisoformat(whole + rest[len(digits) :])
        nanoseconds = int(digits.ljust(9, "0")[:9] or 0)
        since = second - datetime.fromtimestamp(0, UTC)
    except (ValueError, TypeError):  # of another form, or without a time zone
        return None
    return stamp, since // timedelta(seconds=1) * _BILLION + nanoseconds, text


def seconds_back(position: Position, now: datetime, slack: float) -> int | None:
    """Return from how many seconds ago a log is read on; None is from its beginning.

    Args:
        position: how far it has been read.
        now: by this machine's clock.
        slack: how far the node's clock may be off (seconds).
    """
    if not position.at:
        return None
    return max(int(now.timestamp() - position.at // _BILLION + slack), 1)


def account(event: Event, source: Source, seen: str, position: Position) -> tuple[Position, list[dict[str, Any]]]:
    """Return the place after an event, and the records that are made of it.

    Args:
        event: the next one that was read.
        source: where it came from.
        seen: when the node got its line.
        position: before it.
    """
    records = []
    if missing_before(event, position.boot, position.n):
        last = position.n if event.boot == position.boot else 0
        records.append(gap(source, seen, boot=event.boot, after=last, until=event.n))
    if event.name != PRESENCE:
        records += [record(event, source, seen, user) for user in whose(event, source)]
    return replace(position, boot=event.boot, n=event.n), records


def dump(source: Source, position: Position) -> str:
    """Return a place in a log as text, with whose it is: the pod may be gone when it is looked for again."""
    return json.dumps({"source": asdict(source), "position": asdict(position)}, separators=(",", ":"))


def load(text: str) -> tuple[Source, Position] | None:
    """Read what `dump` wrote; None if it is not of that form."""
    try:
        document = json.loads(text)
        return Source(**document["source"]), Position(**document["position"])
    except (ValueError, TypeError, KeyError):
        return None
