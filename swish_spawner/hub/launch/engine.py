"""A KubeSpawner whose starts and stops are driven by what Kubernetes says, and that loses no pod.

Everything about the *what* of a pod is KubeSpawner's, and its hooks are called as it calls them. The *when* is ours:
KubeSpawner asks its cache again and again with growing pauses; here each change of the pod wakes the start that waits
for it. Each start has an id, stamped on what it makes, so that a request whose answer was lost is found to be done.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlsplit

from jupyterhub.utils import exponential_backoff, maybe_future
from kubespawner import KubeSpawner
from kubespawner.objects import make_owner_reference

from swish_spawner.adapters.kubernetes.pods import Pods
from swish_spawner.adapters.kubernetes.requests import Patience
from swish_spawner.adapters.kubernetes.watches.events import EventWatch
from swish_spawner.adapters.kubernetes.watches.pods import PodWatch
from swish_spawner.adapters.kubernetes.watches.wakeups import BELLS
from swish_spawner.core.ownership import exit_code, grace_of, has_ended, has_worked, start_of
from swish_spawner.core.progress.phases import seen
from swish_spawner.core.record import EnvironmentRecord
from swish_spawner.errors import AlreadyThere, ClusterAway, ClusterRefused, LaunchFailed, UserError
from swish_spawner.hub.freeze import set_aside_what_is_loaded
from swish_spawner.hub.launch.adopted import AdoptedServer
from swish_spawner.hub.launch.messages import LaunchMessages
from swish_spawner.hub.shared import OVER, SPAWNS

Manifest = dict[str, Any]

#: The longest pause (seconds) after which a waiting start looks again by itself.
_LOOK_AGAIN: Final = 5.0
#: What a pod gets to end by itself (seconds) when its start failed: nobody has worked in it.
_FAILED_GRACE: Final = 1
#: Beyond its grace, how long a pod may take until it is gone (seconds), e.g. until its volumes are unmounted.
_GONE: Final = 60
#: Kinds of failures after which nobody can be expected to end a pod soon.
_NODE_AWAY: Final = ("node_lost", "node_not_ready")
#: The pause (seconds) between two looks whether an environment's port is open.
_ASK_AGAIN: Final = 0.1
#: What of `start_timeout` may be over (seconds) when our part of a start begins.
_HUBS_TIME: Final = 1.0
_WATCHES: Final = {"pods": PodWatch, "events": EventWatch}


class EventSpawner(KubeSpawner):  # type: ignore[misc]  # KubeSpawner has no types
    """Starts and stops pods by events. What a pod holds is decided by those who derive from it."""

    #: How long (seconds) a pod that runs is watched until its port is open; then it is JupyterHub's turn to wait.
    first_answer_seconds = 0
    #: When each phase of the start began, by the monotonic clock, from ``asked`` and ``turn`` (in the queue) on.
    marks: Mapping[str, float] = {}

    # What those who derive from this class decide.

    def stamps(self) -> Mapping[str, str]:
        """Return the annotations that say whose a pod is; they hold `spawn_id`."""
        raise NotImplementedError

    def owns(self, pod: Manifest) -> bool:
        """Say whether a pod is this server's, whichever start made it; no other is ended, replaced or taken up."""
        raise NotImplementedError

    async def make_prerequisites(self) -> None:
        """Make what has to be there before the pod."""

    def final_manifest(self, pod: Any) -> Manifest:
        """Return the pod as it is sent, after every hook."""
        raise NotImplementedError

    async def make_companions(self, pod: Manifest) -> None:
        """Make what belongs to the pod, and goes with it."""

    def take_up(self, pod: Manifest) -> None:
        """Look after a pod that a hub before this one made; nothing that goes wrong with it may end the pod."""

    def look(self, pod: Manifest | None, events: Sequence[Manifest]) -> None:
        """Look at the news of a pod that starts: say what the person should know.

        Raises:
            UserError: it will not start.
        """

    def kind_of(self, error: BaseException) -> str:
        """Return what kind of failure an error is, as a short slug for metrics."""
        return error.kind if isinstance(error, LaunchFailed) else getattr(error, "rule", "error")

    def record_start(self, outcome: str) -> None:
        """Take down a start that has ended; `outcome` is ``ready``, ``cancelled`` or the kind of failure."""

    # KubeSpawner's, by events.

    async def _start_reflector(self, kind: str, reflector_class: Any, replace: bool = False, **kwargs: Any) -> Any:
        """Start a watch of ours in the place of KubeSpawner's; one that failed is no longer in the way of the next."""
        # by the first watch all is loaded that a hub runs on
        set_aside_what_is_loaded()
        if kind == "events":
            # KubeSpawner's are of pods alone; why a volume is not made is said of its claim
            kwargs.pop("fields", None)
        try:
            return await super()._start_reflector(kind, _WATCHES.get(kind, reflector_class), replace, **kwargs)
        except Exception:
            self.__class__.reflectors.pop(self._get_reflector_key(kind), None)
            raise

    @property
    def spawn_id(self) -> str:
        """The id of this environment's start; empty while there is none."""
        return self.record.spawn_id

    @property
    def pod_key(self) -> str:
        """The key of this environment's pod in the watches."""
        return f"{self.namespace}/{self.pod_name}"

    @property
    def pod(self) -> Manifest | None:
        """This environment's pod as the watch last saw it."""
        found: Manifest | None = self.pod_reflector.pods.get(self.pod_key) if self.pod_reflector else None
        return found

    @property
    def events(self) -> list[Manifest]:
        """What Kubernetes said of this environment's pod since its start began."""
        reflector = self.event_reflector
        return reflector.of(self.pod_key) if reflector else []

    @property
    def pods(self) -> Pods:
        """Requests about pods of this environment's namespace."""
        return Pods(self.api, self.namespace, self.patience)

    @property
    def patience(self) -> Patience:
        """How long to wait for the API server."""
        return Patience(self.k8s_api_request_timeout, self.k8s_api_request_retry_timeout)

    def is_pod_running(self, pod: Mapping[str, Any] | None) -> bool:
        """Say whether a pod runs, with all its containers ready; a status that is not complete yet is no error."""
        status = (pod or {}).get("status") or {}
        containers = status.get("containerStatuses") or ()
        return bool(
            pod
            and status.get("phase") == "Running"
            and status.get("podIP")
            and "deletionTimestamp" not in pod["metadata"]
            and containers
            and all(container["ready"] for container in containers)
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.messages = LaunchMessages()
        self._making: asyncio.Future[Manifest] | None = None
        self._undoing: asyncio.Future[None] | None = None
        self.record = EnvironmentRecord()
        self._may_have_pod = False
        #: The uid of a pod that still runs, unknown to the hub, and that the person was told of.
        self._told_of = ""
        #: The uid of a pod whose end is asked for and not waited for: its node does not answer.
        self._given_up = ""
        #: Whether a hub before this one began the start, and this one has not seen its end yet.
        self._is_taken_up = False

    def start(self) -> Any:
        """Begin a start; JupyterHub waits for its end, and pages for what it says."""
        self.record = replace(self.record, spawn_id=secrets.token_hex(8), token=self.api_token)
        self._making, self._given_up, self._is_taken_up = None, "", False
        for phase in ("asked", "turn"):
            self._mark(phase)
        # JupyterHub commits this as soon as we return, and so before anything is asked of Kubernetes
        self.orm_spawner.state = self.get_state()
        self._start_future = asyncio.ensure_future(self._start())
        return self._start_future

    def _mark(self, phase: str, moment: float | None = None) -> None:
        if phase not in self.marks:
            self.marks = {**self.marks, phase: time.monotonic() if moment is None else moment}

    async def _start(self) -> str:
        """Start the pod and return its URL; whatever ends a start early leaves nothing behind."""
        outcome = "error"
        SPAWNS.add(self.spawn_id)
        try:
            url = await self._start_pod()
            outcome = "ready"
        except asyncio.CancelledError:
            outcome = "timeout" if self._is_overdue() else "cancelled"
            # JupyterHub gives a start one second to be cancelled, and then asks for a stop, which waits for this
            self._begin_undo()
            raise
        except BaseException as error:
            outcome = self.kind_of(error)
            self._give_up(outcome)
            self._begin_undo()
            await self._undone()
            raise
        finally:
            self.messages.close()
            self.record_start(outcome)
        return url

    async def _start_pod(self) -> str:
        await self._undone()
        await self.load_user_options()
        if self.enable_user_namespaces:
            await self._ensure_namespace()
        with await self._followed():
            return await self._start_pod_now()

    async def _followed(self) -> AbstractContextManager[None]:
        """Watch pods and events, and return a context during which this pod's events are kept."""
        await self._start_watching_pods()
        if self.events_enabled:
            await self._start_watching_events()
        return self.event_reflector.followed(self.pod_key) if self.event_reflector else nullcontext()

    async def _start_pod_now(self) -> str:
        await self.make_prerequisites()
        manifest = await self._manifest()
        self._mark("sent")
        pod = await self._make_pod(manifest)
        self._mark("made")
        self.pod_id = pod["metadata"]["uid"]
        self.pod_reflector.offer(pod)
        await self._make_owned(pod)
        pod = await self._ready_pod()
        self._mark("noticed")
        url: str = self._get_pod_url(pod)
        await self._first_answer(url)
        self._mark("answered")
        return url

    async def _manifest(self) -> Manifest:
        pod = await self.get_pod_manifest()
        if self.modify_pod_hook:
            pod = await maybe_future(self.modify_pod_hook(self, pod))
        manifest = self.final_manifest(pod)
        metadata = manifest["metadata"]
        metadata["annotations"] = {**(metadata.get("annotations") or {}), **self.stamps()}
        return manifest

    async def _make_pod(self, manifest: Manifest) -> Manifest:
        """Make the pod; one that is there already is ours, from a request whose answer was lost, or is replaced."""
        while True:
            try:
                self._may_have_pod = True
                # a request that is under way is carried out, whether or not anybody still waits for its answer
                self._making = asyncio.ensure_future(self.pods.create(manifest))
                return await asyncio.shield(self._making)
            except AlreadyThere:
                found = await self.pods.read(self.pod_name)
            if found is None:
                continue
            if _is_stamped(found, self.stamps()):
                return found
            if not self.owns(found):
                raise ClusterRefused(f"the pod {self.pod_name} is there already and belongs to somebody else")
            self._ask_before_it_ends(found)
            await self._end_earlier_pod(found)

    def _ask_before_it_ends(self, pod: Manifest) -> None:
        """Refuse, once, to end a pod that runs and that no stop was asked for: a lost database forgets what is used.

        Raises:
            LaunchFailed: the person was not told of it yet.
        """
        uid, is_over = pod["metadata"]["uid"], start_of(pod) in OVER or has_ended(pod)
        if is_over or "deletionTimestamp" in pod["metadata"] or not has_worked(pod) or self._told_of == uid:
            return
        self._told_of = uid
        raise LaunchFailed(
            "An environment of this name still runs, and this hub does not know of it. Start again to have it stopped "
            "first, as any stop is: what is saved stays. Or ask an administrator, if unsaved work is in it.",
            kind="still_runs",
            blame="cluster",
        )

    async def _end_earlier_pod(self, pod: Manifest) -> None:
        self._tell("The environment's earlier pod is still there; it is stopped first.")
        self.pod_reflector.offer(pod)
        try:
            await self._end_pod(pod)
        except TimeoutError as error:
            self.log.warning("%s: %s, on node %s", self._log_name, error, (pod.get("spec") or {}).get("nodeName"))
            raise LaunchFailed(
                "The environment's earlier pod has not ended so far; its node may not answer. Your files are as they "
                "were. Try again in some minutes, or ask an administrator to look at that node.",
                kind="earlier_pod",
                blame="cluster",
            ) from error

    async def _make_owned(self, pod: Manifest) -> None:
        """Make what is owned by the pod: KubeSpawner's Secret and Service, ours, and the administrator's."""
        if self.internal_ssl or self.services_enabled:
            owner = make_owner_reference(self.pod_name, pod["metadata"]["uid"])
            if self.internal_ssl:
                await self._make_anew("secret", self.get_secret_manifest(owner))
            await self._make_anew("service", self.get_service_manifest(owner, self._get_pod_port(pod)))
        await self.make_companions(pod)
        if self.after_pod_created_hook:
            await maybe_future(self.after_pod_created_hook(self, pod))

    async def _make_anew(self, kind: str, manifest: Any) -> None:
        name = manifest.metadata.name
        await exponential_backoff(lambda: self._ensure_not_exists(kind, name), f"Failed to delete {kind} {name}")
        await exponential_backoff(
            lambda: self._make_create_resource_request(kind, manifest), f"Failed to create {kind} {name}"
        )

    async def _ready_pod(self) -> Manifest:
        """Wait until the pod runs, woken by each change of it and each event about it."""
        end = time.monotonic() + self.pod_start_seconds
        while True:
            pod = self._own_pod()
            self._mark_phases(pod)
            self.look(pod, self.events)
            if self.is_pod_running(pod) and pod is not None:
                return pod
            rest = end - time.monotonic()
            if rest <= 0:
                raise self.overdue()
            await self._news(rest)

    async def _first_answer(self, url: str) -> None:
        """Wait until something listens at a URL, or until it is JupyterHub's turn to wait for it.

        A container runs before what is in it does, and JupyterHub would not hear of one that ends again.
        """
        end = time.monotonic() + self.first_answer_seconds
        while time.monotonic() < end and not await _listens(url):
            self.look(self._own_pod(), self.events)
            await BELLS.wait(self.pod_key, _ASK_AGAIN)

    def overdue(self) -> LaunchFailed:
        """Return what is said of a start that took too long."""
        return LaunchFailed(
            f"The environment did not start within {self.start_timeout} seconds; try again, or ask an "
            "administrator to look at the hub's log.",
            kind="timeout",
            blame="cluster",
        )

    @property
    def pod_start_seconds(self) -> float:
        """How long a pod may take until it is ready: a little less than JupyterHub waits, which would not say why."""
        return float(self.start_timeout) * 0.98

    def _own_pod(self) -> Manifest | None:
        pod = self.pod
        if pod and pod["metadata"]["uid"] == self.pod_id:
            return pod
        last: Manifest | None = self.pod_reflector.gone(self.pod_id)
        return last and {**last, "metadata": {"deletionTimestamp": "", **last["metadata"]}}

    async def _news(self, seconds: float) -> None:
        """Return at the next news of the pod, or after a pause; a broken watch is made up for by a direct look."""
        await BELLS.wait(self.pod_key, min(seconds, _LOOK_AGAIN))
        if not self.pod_reflector.healthy:
            try:
                await self.pod_reflector.refresh(self.namespace, self.pod_name)
            except Exception as error:  # noqa: BLE001 - the watch says in the log what it waits for
                self.log.debug("No look at pod %s: %s", self.pod_key, error)

    def _mark_phases(self, pod: Manifest | None) -> None:
        """Take down when the news first came that the pod had reached each phase."""
        epoch = time.time() - time.monotonic()
        for mark, moment in seen(pod, self.events, epoch) if pod else ():
            self._mark(mark, moment)

    def _is_overdue(self) -> bool:
        """Say whether JupyterHub ends a start for its time; it says no more than a person does who takes it back."""
        began = self.marks.get("turn", float("inf"))
        return bool(time.monotonic() - began > self.start_timeout - _HUBS_TIME)

    def _tell(self, sentence: str, progress: int | None = None, **more: Any) -> None:
        """Say something to the person who waits."""
        self.messages.say(sentence, progress, **more)

    def _give_up(self, kind: str) -> None:
        """Wait for no end of a pod after a failure of some kind, if nobody there can be expected to end it."""
        if kind in _NODE_AWAY:
            self._given_up = self.pod_id

    def _begin_undo(self) -> None:
        self._set_over(self.spawn_id)
        self._undoing = asyncio.ensure_future(self._undo(self.spawn_id, self.stamps(), self._making))

    async def _undo(self, spawn_id: str, stamps: Mapping[str, str], making: asyncio.Future[Manifest] | None) -> None:
        """Leave nothing of a start that failed; what comes of a request later is the sweeper's, by the start's id."""
        is_known = making is None
        try:
            if making is not None:
                await asyncio.wait((making,), timeout=self.k8s_api_request_timeout)
                # one whose answer nobody has may still be carried out
                is_known = making.done()
                making.cancel()
                found = await self.pods.read(self.pod_name)
                if found is not None and _is_stamped(found, stamps):
                    self.pod_reflector.offer(found)
                    await self._end_pod(found, _FAILED_GRACE)
            if is_known:
                self._set_gone(spawn_id)
        except Exception:
            self.log.exception("%s: the start failed, and so did its clean-up", self._log_name)
        finally:
            SPAWNS.discard(spawn_id)

    def _set_over(self, spawn_id: str) -> None:
        """Take down that a start is over, for whoever meets its pod later."""
        self.record = self.record.with_over(spawn_id)
        OVER.update(self.record.over)

    def _set_gone(self, spawn_id: str) -> None:
        """Take down that nothing is left of a start."""
        self.record = self.record.without(spawn_id)
        OVER.discard(spawn_id)

    async def _undone(self) -> None:
        """Wait until nothing is left of a start that failed."""
        if self._undoing is not None:
            await asyncio.shield(self._undoing)

    async def _end_pod(self, pod: Manifest, grace_seconds: int | None = None) -> None:
        """Delete a pod and wait until it is gone, unless it is given up: Kubernetes ends it then when it can.

        Args:
            pod: which is ours.
            grace_seconds: what its containers get to end by themselves; None is what the pod says, whoever started it.

        Raises:
            TimeoutError: it is still there long after its grace, as on a node that does not answer.
        """
        uid = pod["metadata"]["uid"]
        await self.pods.delete(self.pod_name, uid, grace_seconds)
        grace_seconds = grace_of(pod) if grace_seconds is None else grace_seconds
        end = time.monotonic() + grace_seconds + _GONE
        while uid != self._given_up and (left := self.pod) is not None and left["metadata"]["uid"] == uid:
            if time.monotonic() > end:
                raise TimeoutError(f"pod {self.pod_key} is still there {grace_seconds + _GONE} seconds after its end")
            await self._news(_LOOK_AGAIN)

    async def stop(self, now: bool = False) -> None:
        """Stop the environment and wait until its pod is gone.

        Args:
            now: give what has ended no time to end; what runs has what it says that it needs all the same.
        """
        await self._undone()
        self._set_over(self.spawn_id)
        await self._start_watching_pods()
        pod = self.pod or await self.pods.read(self.pod_name)
        # JupyterHub stops what did not start: not what was in its way, and of which the person has heard just now
        if pod is not None and self.owns(pod) and pod["metadata"]["uid"] != self._told_of:
            self.pod_reflector.offer(pod)
            await self._end_pod(pod, 0 if now and has_ended(pod) else None)
        self._set_gone(self.spawn_id)

    async def poll(self) -> int | None:
        """Return None while the pod is there to be used, or else its exit code; a pod that has ended is removed.

        JupyterHub ends what it takes for ended, and takes an exception for that: so whoever cannot be asked about is
        there.
        """
        if not self._may_have_pod:
            # a start that was refused must not wait for an API server that it never asked anything
            return 1
        if self._undoing is not None and not self._undoing.done():
            return None
        try:
            return await self._look_for_pod()
        except Exception as error:  # noqa: BLE001 - whatever is in the way says nothing of the pod
            self.log.warning("%s cannot be looked at, so it counts as there: %s", self._log_name, error)
            return None

    async def _look_for_pod(self) -> int | None:
        pod = await self._seen_or_asked_for()
        if pod is None or not self.owns(pod):
            return 1
        if (code := exit_code(pod)) is not None:
            await self._remove(pod)
            return code
        if self._is_taken_up:
            code = await self._taken_up(pod)
            self._is_taken_up = False
            return code
        if self.is_pod_running(pod):
            # for the address, which a pod that its node started again may have changed
            await super().poll()
        return None

    async def _seen_or_asked_for(self) -> Manifest | None:
        """Return the pod; one that is not among those that are watched is asked for by its name.

        Raises:
            Exception: the watch cannot begin, or Kubernetes does not say.
        """
        await self._start_watching_pods()
        if (pod := self.pod) is None and (pod := await self.pods.read(self.pod_name)) is not None:
            self.pod_reflector.offer(pod)
        return pod

    async def _remove(self, pod: Manifest) -> None:
        """Remove a pod that has ended by itself, also one that was evicted before its containers began."""
        self.log.warning("%s has ended: %s", self._log_name, ending(pod))
        if self.delete_stopped_pods:
            try:
                await self.stop(now=True)
            except (ClusterAway, ClusterRefused, TimeoutError) as error:
                self.log.warning("%s: its pod is still there: %s", self._log_name, error)

    async def _taken_up(self, pod: Manifest) -> int | None:
        """Take up what a hub before this one started: as it is, if it has run, or else until it does."""
        self.pod_id = pod["metadata"]["uid"]
        if self.server is not None:
            self._server = AdoptedServer(orm_server=self.orm_spawner.server)
        self.take_up(pod)
        if has_worked(pod) or await self._comes_up():
            return None
        return 1

    async def _comes_up(self) -> bool:
        """Wait for a pod that a hub before this one made; one that says that it will not come up is stopped."""
        try:
            with await self._followed():
                await self._ready_pod()
        except UserError as error:
            self.log.warning("%s does not come up after the hub's restart: %s", self._log_name, error)
            self._give_up(self.kind_of(error))
            try:
                await self.stop()
            except (ClusterAway, ClusterRefused, TimeoutError) as late:
                self.log.warning("%s: %s", self._log_name, late)
            return False
        return True

    async def progress(self) -> AsyncIterator[dict[str, Any]]:
        """Yield what the start says; a page that comes late gets it from the beginning."""
        async for message in self.messages.read():
            yield message

    def get_state(self) -> dict[str, Any]:
        """Keep what a hub that comes back has to know, and services read over the hub's API."""
        return dict(super().get_state()) | self.record.document()

    def load_state(self, state: dict[str, Any]) -> None:
        """Take up what a hub before this one started."""
        super().load_state(state)
        self._may_have_pod = self._is_taken_up = bool(state)
        self.record = EnvironmentRecord.parse(state)
        OVER.update(self.record.over)
        if self.spawn_id:
            SPAWNS.add(self.spawn_id)

    def clear_state(self) -> None:
        """Forget what ran; what still carries its id is nobody's."""
        super().clear_state()
        SPAWNS.discard(self.spawn_id)
        self._may_have_pod = self._is_taken_up = False
        self.record = EnvironmentRecord(over=self.record.over)
        self.messages, self.marks = LaunchMessages(), {}

    async def get_url(self) -> str:
        """Return where the environment is; a hub that ended during its start could not write that down."""
        pod = self.pod
        return str(self._get_pod_url(pod) if self.is_pod_running(pod) else await super().get_url())


def _is_stamped(pod: Manifest, stamps: Mapping[str, str]) -> bool:
    """Say whether a pod carries these stamps, and is not about to go."""
    metadata = pod["metadata"]
    return "deletionTimestamp" not in metadata and stamps.items() <= (metadata.get("annotations") or {}).items()


def ending(pod: Mapping[str, Any]) -> str:
    """Return why a pod has ended, in Kubernetes' words."""
    status = pod.get("status") or {}
    return f"{status.get('phase')} {status.get('reason') or ''} {status.get('message') or ''}".strip()


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
