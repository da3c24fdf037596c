"""Removes pods that are nobody's, every minute, and says what it did; what is nobody's, `core.upkeep.sweep` decides."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from prometheus_client import Counter, Gauge

from swish_spawner.adapters.backoff import Backoff
from swish_spawner.core.upkeep.sweep import Decision, Desired, Observed, Rules, Verdict, decide
from swish_spawner.errors import ClusterAway, ClusterRefused

ROUNDS = Counter("swish_sweeper_rounds_total", "Rounds of the sweeper", ["outcome"])
REMOVED = Counter("swish_sweeper_removed_total", "Objects that the sweeper has asked Kubernetes to delete", ["kind"])
DEAD = Gauge("swish_sweeper_dead", "Pods of this installation that are nobody's, as the last round found")
LOST = Gauge("swish_sweeper_lost", "Environments that have run and that no server of the hub knows; never removed")
SUCCESS = Gauge("swish_sweeper_last_success_timestamp_seconds", "When a round last came to its end")

_EVERY, _AT_MOST_EVERY = 60.0, 600.0
_LOG: Final = logging.getLogger("swish_spawner.sweeper")


class NotReady(Exception):  # noqa: N818 - what is so, as Denied is
    """Nothing can be decided now; the text says why."""


class World(Protocol):
    """What the sweeper looks at and acts on; every method but `delete` answers at once."""

    def desired(self, *, asked_again: bool) -> Desired:
        """Return what the hub knows; asked again, with everything that its database has.

        Raises:
            NotReady: it does not know all of it yet.
        """

    def observed(self) -> Sequence[Observed]:
        """Return the installation's pods.

        Raises:
            NotReady: no watch is up to date.
        """

    def is_live(self, spawn_id: str) -> bool:
        """Say whether a start is live, at this very moment."""

    async def delete(self, pod: Observed) -> bool:
        """Ask for the end of a pod that has not changed since; say whether it will end.

        Raises:
            ClusterAway: no answer came in time.
            ClusterRefused: the API server will not.
        """


@dataclass(frozen=True, slots=True)
class Report:
    """What a round has found and done.

    Attributes:
        at: when, with a timezone.
        outcome: ``clean``, ``removed``, ``dry_run``, ``held`` (by the fuse), ``not_ready``, ``away`` or ``error``.
        decision: what was decided; None if nothing could be.
        removed: the pods that will end.
        problem: what was in the way, or empty.
    """

    at: datetime
    outcome: str
    decision: Decision | None = None
    removed: tuple[Observed, ...] = ()
    problem: str = ""

    def document(self) -> dict[str, Any]:
        """Return it as plain data, for the report that administrators read."""
        decision = self.decision
        return {
            "at": self.at.isoformat(),
            "outcome": self.outcome,
            "problem": self.problem,
            "removed": [pod.key for pod in self.removed],
            "would_remove": [pod.key for pod in decision.remove if pod not in self.removed] if decision else [],
            "pods": decision.pods if decision else None,
            "nobodys": [
                {
                    "pod": finding.pod.key,
                    "server": finding.pod.server,
                    "spawn_id": finding.pod.spawn_id,
                    "created": finding.pod.created.isoformat(),
                    "reason": finding.verdict.value,
                }
                for finding in (decision.nobodys if decision else ())
            ],
        }


class Sweeper:
    """Looks, decides and acts, one round at a time.

    Args:
        world: the hub and the cluster.
        rules: when to act.
        dry_run: never to delete, whoever asks.

    Attributes:
        last: the last round's report.
    """

    def __init__(self, world: World, rules: Rules, *, dry_run: bool = False) -> None:
        self.last: Report | None = None
        self._world = world
        self._rules = rules
        self._dry_run = dry_run
        self._known: dict[str, datetime] = {}
        self._one_at_a_time = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Do rounds from now on, for as long as the event loop runs."""
        self._task = asyncio.get_running_loop().create_task(self.run())

    async def run(self) -> None:
        """Do rounds for ever; while they fail, with growing pauses."""
        usual, failing = Backoff(_EVERY, _EVERY), Backoff(2 * _EVERY, _AT_MOST_EVERY)
        while True:
            report = await self.round()
            if report.outcome in ("away", "error"):
                await failing.rest()
            else:
                failing.reset()
                await usual.rest()

    def look(self) -> Report:
        """Return what a round would do now, and change nothing."""
        now = datetime.now(UTC)
        try:
            decision = self._decide(now)
        except NotReady as error:
            return Report(now, "not_ready", problem=str(error))
        return Report(now, "held" if decision.fuse else "dry_run", decision, problem=decision.fuse)

    async def round(self, *, dry_run: bool = False) -> Report:
        """Do one round, after any that is under way. Nothing that happens in it is an exception.

        Args:
            dry_run: to delete nothing this time.
        """
        async with self._one_at_a_time:
            try:
                report = await self._act(self.look(), dry_run=dry_run or self._dry_run)
            except Exception as error:  # noqa: BLE001 - it is in the log, and the next round comes
                _LOG.exception("The sweeper's round failed")
                report = Report(datetime.now(UTC), "error", problem=f"{type(error).__name__}: {error}")
            self._say(report)
            self.last = report
            return report

    async def end(self, key: str) -> bool:
        """End an environment that is lost, by an administrator's word; say whether it will end.

        Args:
            key: ``namespace/name``; of a pod that is anything but lost nothing is asked.

        Raises:
            NotReady: it cannot be said now which are.
            ClusterAway: no answer came in time.
            ClusterRefused: the API server will not.
        """
        async with self._one_at_a_time:
            lost = [f.pod for f in self._decide(datetime.now(UTC)).nobodys if f.verdict is Verdict.LOST]
            for pod in lost:
                if pod.key == key and not self._world.is_live(pod.spawn_id) and await self._world.delete(pod):
                    _LOG.warning("Ended pod %s of %s: an administrator asked for it", pod.key, pod.server)
                    return True
        return False

    def _decide(self, now: datetime) -> Decision:
        pods = self._world.observed()
        decision = decide(self._world.desired(asked_again=False), pods, self._known, now, self._rules)
        if decision.nobodys:
            # what seems to be nobody's is seldom, so the hub's database is asked only then
            decision = decide(self._world.desired(asked_again=True), pods, self._known, now, self._rules)
        return decision

    async def _act(self, report: Report, *, dry_run: bool) -> Report:
        decision = report.decision
        if decision is None:
            return report
        self._known = dict(decision.known)
        if decision.fuse:
            return report
        if dry_run:
            return replace(report, outcome="dry_run" if decision.remove else "clean")
        removed: list[Observed] = []
        outcome, problem = "", ""
        for pod in decision.remove:
            try:
                # starts go on while requests are answered
                if not self._world.is_live(pod.spawn_id) and await self._world.delete(pod):
                    removed.append(pod)
                    _LOG.warning("Removed pod %s of %s: its start %s is over", pod.key, pod.server, pod.spawn_id)
            except ClusterRefused as error:
                problem = f"Kubernetes does not delete {pod.key}: {error}"
            except ClusterAway as error:
                outcome, problem = "away", f"Kubernetes does not answer: {error}"
                break
        outcome = outcome or ("error" if problem else "removed" if removed else "clean")
        return replace(report, outcome=outcome, removed=tuple(removed), problem=problem)

    def _say(self, report: Report) -> None:
        ROUNDS.labels(outcome=report.outcome).inc()
        REMOVED.labels(kind="Pod").inc(len(report.removed))
        if report.decision is not None:
            verdicts = [finding.verdict for finding in report.decision.nobodys]
            DEAD.set(len(verdicts))
            LOST.set(verdicts.count(Verdict.LOST))
        if report.outcome in ("clean", "removed", "dry_run"):
            SUCCESS.set(report.at.timestamp())
        is_news = self.last is None or self.last.problem != report.problem
        if report.outcome in ("held", "away", "error") and is_news:
            _LOG.error("The sweeper removes nothing more for now: %s", report.problem)
