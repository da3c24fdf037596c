"""One start of an environment: from the moment it is asked for until it answers, or until nothing is left of it.

KubeSpawner asks its cache again and again with growing pauses; here each change of the pod wakes the start that waits
for it. Each start has an id, stamped on what it makes, so that a request whose answer was lost is found to be done.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from swish_spawner.core.labels import PACKAGES, SPAWN_ID
from swish_spawner.core.ownership import is_ready
from swish_spawner.core.pod.enforced import packages_run, quality_lost
from swish_spawner.core.progress.phases import seen
from swish_spawner.core.reading import condition
from swish_spawner.errors import LaunchFailed
from swish_spawner.hub.launch.beside import Beside
from swish_spawner.hub.launch.pod_request import PodRequest
from swish_spawner.hub.launch.server.decision import kind_of, lookout
from swish_spawner.hub.launch.server.host import Host, Manifest
from swish_spawner.hub.launch.telling.lookout import Lookout
from swish_spawner.hub.launch.telling.messages import LaunchMessages
from swish_spawner.hub.launch.telling.metrics import What, launched
from swish_spawner.hub.launch.telling.packages import tell_newest
from swish_spawner.hub.launch.turn import Turn

#: Kinds of failures after which nobody can be expected to end a pod soon.
_NODE_AWAY: Final = ("node_lost", "node_not_ready")
#: The pause (seconds) between two looks whether an environment's port is open.
_ASK_AGAIN: Final = 0.1
#: The share of `start_timeout` that a pod may take: a little less than JupyterHub waits, which would not say why.
_SHARE: Final = 0.98
#: What of `start_timeout` may be over (seconds) when our part of a start begins.
_HUBS_TIME: Final = 1.0
#: The longest pause (seconds) between two looks whether packages are being installed; news of the pod end it.
_LOOK_FOR_PACKAGES: Final = 5.0


class Start:
    """One start.

    Args:
        host: the server that starts.
        after: what still undoes the starts before; this one waits for it.
        is_taken_up: whether a hub before this one began it.

    Attributes:
        turn: its turn among all launches.
        messages: for the pages of those who wait.
        marks: when each phase began, by the monotonic clock, from ``asked`` and ``turn`` (in the queue) on.
        notices: what was said once, to operators and to the person.
        companions: makes what belongs to a pod that was taken up.
        ssh: makes the Service of sshd.
        packages: tells what pip says; None where nothing is installed.
        given_up: the uid of a pod whose end is asked for and not waited for: its node does not answer.
        is_taken_up: whether a hub before this one began it, and this one has not seen its end yet.
    """

    def __init__(self, host: Host, *, after: tuple[asyncio.Future[None], ...] = (), is_taken_up: bool = False) -> None:
        self.turn = Turn()
        self.messages = LaunchMessages()
        self.marks: Mapping[str, float] = {}
        self.notices: list[str] = []
        self.companions, self.ssh = Beside(), Beside()
        self.packages: asyncio.Future[None] | None = None
        self.given_up = ""
        self.is_taken_up = is_taken_up
        self._host, self._after, self._was_there = host, after, is_taken_up
        self._pod = PodRequest(host, self.tell)
        self._lookout: Lookout | None = None
        self._undoing: asyncio.Future[None] | None = None
        self._stamps: Mapping[str, str] = {}
        self._what = What()

    @property
    def _spawn_id(self) -> str:
        return self._stamps.get(SPAWN_ID, "")

    @property
    def may_have_pod(self) -> bool:
        """Whether Kubernetes was asked for its pod, by this hub or by one before."""
        return self._was_there or self._pod.was_sent

    def begin(self) -> None:
        """Begin: its turn has come."""
        for phase in ("asked", "turn"):
            self.mark(phase)
        self.turn.has_come.set()

    def mark(self, phase: str, moment: float | None = None) -> None:
        """Take down when a phase began, unless that is known."""
        if phase not in self.marks:
            self.marks = {**self.marks, phase: time.monotonic() if moment is None else moment}

    def tell(self, sentence: str, progress: int | None = None) -> None:
        """Say something to the person who waits."""
        self.messages.say(sentence, progress)

    def notice(self, sentence: str) -> None:
        """Say something once, to operators and to the person who waits."""
        if sentence not in self.notices:
            self.notices.append(sentence)
            self._host.log.warning("%s: %s", self._host.log_name, sentence)
            self.tell(sentence)

    async def progress(self) -> AsyncIterator[dict[str, Any]]:
        """Yield the place in the queue whenever it changes, and then what the start says, from the beginning."""
        async for sentence in self.turn.places():
            yield {"progress": 0, "message": sentence}
        async for message in self.messages.read():
            yield message

    async def run(self) -> str:
        """Start the pod and return its URL; whatever ends a start early leaves nothing behind.

        Raises:
            ClusterAway: Kubernetes gave no answer.
            ClusterRefused: it refused.
            UserError: what is in the way, in words.
        """
        host, outcome = self._host, "error"
        # the server may forget it before it has ended
        self._stamps = host.stamps()
        self._take_what()
        host.shared.spawns.add(self._spawn_id)
        try:
            url = await self._start_pod()
            outcome = "ready"
        except asyncio.CancelledError:
            outcome = "timeout" if self._is_overdue() else "cancelled"
            # JupyterHub gives a start one second to be cancelled, and then asks for a stop, which waits for this
            self._begin_undo()
            raise
        except BaseException as error:
            outcome = kind_of(error, host.decision)
            self.give_up(outcome)
            self._begin_undo()
            await self.undone()
            raise
        finally:
            self.messages.close()
            if self.packages is not None:
                self.packages.cancel()
            launched(self._what, outcome, self.marks)
        return url

    def _take_what(self) -> None:
        if self._host.decision is not None:
            self._what = self._host.decision.what

    async def _start_pod(self) -> str:
        host = self._host
        await self.undone()
        await host.load_user_options()
        self._take_what()
        await host.make_namespace()
        with await host.watched():
            await host.make_prerequisites()
            manifest = await host.manifest()
            self.mark("sent")
            pod = await self._pod.make(manifest)
            self.mark("made")
            host.pod_id = pod["metadata"]["uid"]
            host.seen.offer(pod)
            if host.decision is not None and host.decision.plan.packages:
                self.packages = asyncio.ensure_future(self._tell_packages())
            await host.make_owned(pod)
            pod = await self.ready()
            self.mark("noticed")
            url = host.url_of(pod)
            await self._first_answer(url)
            self.mark("answered")
            return url

    async def ready(self) -> Manifest:
        """Wait until the pod runs, woken by each change of it and each event about it.

        Raises:
            UserError: it will not, or took too long.
        """
        host = self._host
        end = time.monotonic() + _SHARE * host.start_timeout
        while True:
            watched = host.seen
            pod, events = watched.of(host.pod_id), watched.events
            self._mark_phases(pod, events)
            self.look(pod, events)
            if pod is not None and is_ready(pod):
                return pod
            rest = end - time.monotonic()
            if rest <= 0:
                raise self.overdue()
            await watched.news(rest, host.log)

    def _mark_phases(self, pod: Manifest | None, events: Sequence[Manifest]) -> None:
        """Take down when the news first came that the pod had reached each phase."""
        epoch = time.time() - time.monotonic()
        for phase, moment in seen(pod, events, epoch) if pod else ():
            self.mark(phase, moment)

    def look(self, pod: Manifest | None, events: Sequence[Manifest]) -> None:
        """Say what Kubernetes does, in words, and end a start that cannot succeed.

        Raises:
            UserError: it will not start.
        """
        host = self._host
        if self._lookout is None:
            self._lookout = lookout(host.decision, self.tell, host.shared.node_waits, host.node)
        self._lookout.look(pod, events, time.monotonic())
        if condition(pod or {}, "PodScheduled").get("status") == "False":
            self.turn.give_back()
        if pod is not None and host.decision is not None and (lost := quality_lost(pod, host.decision.plan)):
            self.notice(lost)

    def overdue(self) -> LaunchFailed:
        """Return what is said of a start that took too long: what was in its way, if anything is known to be."""
        late = (
            f"The environment did not start within {self._host.start_timeout} seconds; try again, or ask an "
            "administrator to look at the hub's log."
        )
        trouble = self._lookout.trouble if self._lookout else None
        if trouble is None:
            return LaunchFailed(late, kind="timeout", blame="cluster")
        return LaunchFailed(f"{late} {trouble.sentence}", kind=trouble.kind, blame=trouble.blame)

    async def _first_answer(self, url: str) -> None:
        """Wait until something listens at a URL, or until it is JupyterHub's turn to wait for it.

        A container runs before what is in it does, and JupyterHub would not hear of one that ends again.
        """
        host = self._host
        end = time.monotonic() + host.first_answer_seconds
        while time.monotonic() < end and not await _listens(url):
            watched = host.seen
            self.look(watched.of(host.pod_id), watched.events)
            await watched.wakeups.wait(watched.key, _ASK_AGAIN)

    async def _tell_packages(self) -> None:
        """Tell what pip says as long as it runs; a log that cannot be read is no reason for anything to fail."""
        host = self._host
        try:
            while not packages_run(host.seen.now):
                await host.shared.wakeups.wait(host.seen.key, _LOOK_FOR_PACKAGES)
            await tell_newest(host.pods.log(host.pod_name, PACKAGES), lambda line: self.tell(f"pip: {line}"))
        except Exception as error:  # noqa: BLE001 - what it may be does not matter
            host.log.info("%s: what pip says cannot be shown: %s", host.log_name, error)

    def _is_overdue(self) -> bool:
        """Say whether JupyterHub ends a start for its time; it says no more than a person does who takes it back."""
        began = self.marks.get("turn", float("inf"))
        return bool(time.monotonic() - began > self._host.start_timeout - _HUBS_TIME)

    def give_up(self, kind: str) -> None:
        """Wait for no end of the pod after a failure of some kind, if nobody there can be expected to end it."""
        if kind in _NODE_AWAY:
            self.given_up = self._host.pod_id

    def leave(self) -> None:
        """Make no more of what belongs to it; what is made goes with its pod."""
        self.companions.leave()
        self.ssh.leave()

    @property
    def undoing(self) -> tuple[asyncio.Future[None], ...]:
        """What still undoes this start, and those before; nothing when nothing is left of any."""
        return tuple(one for one in (*self._after, self._undoing) if one is not None and not one.done())

    async def undone(self) -> None:
        """Wait until nothing is left of a start that failed."""
        while undoing := self.undoing:
            await asyncio.shield(undoing[0])

    def _begin_undo(self) -> None:
        self._host.set_over(self._spawn_id)
        self._undoing = asyncio.ensure_future(self._pod.undo(self._spawn_id, self._stamps, self.given_up))


async def _listens(url: str) -> bool:
    """Say whether something takes connections at a URL."""
    place = urlsplit(url)
    try:
        async with asyncio.timeout(1):
            _, writer = await asyncio.open_connection(place.hostname, place.port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True
