"""SwishSpawner: a KubeSpawner whose pods are what the policy decides, and that loses no pod.

Everything about the *what* of a pod that the policy leaves open is KubeSpawner's, and its hooks are called as it calls
them; the *when* is ours (see `start`). The policy is looked at twice in a start: before anything is made (so that a
refusal is a 4xx answer), and again after KubeSpawner has loaded its own options (so that nothing that ran in between
can lift what the policy decided). Here are the methods that JupyterHub and KubeSpawner call; what they do is in the
parts.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Final, NoReturn

from jupyterhub.utils import maybe_future
from traitlets import default

from swish_spawner.adapters import kubespawner as theirs
from swish_spawner.core.launch.plan import ServerPlan, use_of
from swish_spawner.core.ownership import has_ended, is_ready
from swish_spawner.core.pod.enforced import enforced, quality_problems
from swish_spawner.core.pod.token import from_secret
from swish_spawner.core.pod.volumes import scratch_claims
from swish_spawner.core.record import EnvironmentRecord
from swish_spawner.errors import ClusterAway, ClusterRefused, UserError
from swish_spawner.hub.answers import answer, http_error, sent
from swish_spawner.hub.form.fields import options_from_form
from swish_spawner.hub.form.form import render_form
from swish_spawner.hub.form.launcher import Launcher
from swish_spawner.hub.launch.made import make_companions, make_home, make_other_claims
from swish_spawner.hub.launch.presence import AdoptedServer, code_of
from swish_spawner.hub.launch.server.decision import Decision, Traits, in_words
from swish_spawner.hub.launch.server.host import Manifest
from swish_spawner.hub.launch.server.host_spawner import HostSpawner
from swish_spawner.hub.launch.start import Start
from swish_spawner.hub.launch.stop import end_pod

#: How long the first launch page waits (seconds) to learn what is free.
FIRST_LOOK: Final = 1.0


class SwishSpawner(HostSpawner):
    """Start environments that the policy allows, as the policy says."""

    pvc_name: str
    _pvc_exists: bool

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.current = Start(self)
        self.submitted: dict[str, Any] | None = None
        self._traits_of_ours = Traits()
        self._installation_namespace = self.namespace

    @default("options_form")
    def _default_options_form(self) -> Callable[[SwishSpawner], Awaitable[str]]:
        return _launch_form

    @default("options_from_form")
    def _default_options_from_form(self) -> Callable[[Mapping[str, list[str]]], dict[str, Any]]:
        return self._read_form

    # The form.

    @property
    def launcher(self) -> Launcher:
        """Who launches, as the form sees them."""
        tolerations = self._traits_of_ours.configured("tolerations", self.tolerations) or ()
        theirs = tuple(tolerations.values() if isinstance(tolerations, Mapping) else tolerations)
        return Launcher(self.policy, self.person, self.user_options, theirs, self.shared)

    def take_submitted(self) -> dict[str, Any] | None:
        """Return, once, the choices of a form that was sent and refused; None when there are none."""
        options, self.submitted = self.submitted, None
        return options

    def _read_form(self, fields: Mapping[str, list[str]]) -> dict[str, Any]:
        try:
            options = options_from_form(fields, self.policy)
        except UserError as error:
            raise answer(self, error) from error
        # JupyterHub shows a refused form again by way of the person's default server, whichever server it was for.
        self.user.spawner.submitted = options
        return options

    def options_from_query(self, query_data: Mapping[str, list[str]]) -> NoReturn:  # noqa: ARG002 - JupyterHub's
        """Refuse: a link must not spend a team's money, so whoever follows one still presses Start."""
        raise http_error(
            self, 400, "A link cannot start an environment; check your choice below and press Start.", "link"
        )

    # The decision.

    async def _run_apply_user_options(self, user_options: dict[str, Any]) -> None:
        """Refuse what the policy does not allow, before the hub makes anything for this start."""
        if self.apply_user_options:
            await super()._run_apply_user_options(user_options)
        self._decide()

    async def load_user_options(self) -> None:
        """Let KubeSpawner apply its own options, and then the policy's decision over them."""
        await super().load_user_options()
        decision = self._decide()
        for number, reason in enumerate(decision.plan.reasons, start=1):
            self.current.tell(f"{reason.rule.capitalize()}: {reason.effect}", number)

    def _decide(self) -> Decision:
        """Decide about the options that this start was given, and set KubeSpawner's traits by it."""
        try:
            options, uses = sent(self.user_options), self.shared.uses.by_team()
            self.decision = decision = Decision.of(self.person, options, self.policy, uses)
        except UserError as error:
            raise answer(self, error) from error
        self.user.spawner.submitted = None
        self.record = replace(self.record, plan=decision.record, ssh=None)
        self.shared.uses.hold(use_of(decision.record, self.person))
        self._set_traits(decision.plan)
        return decision

    def _set_traits(self, plan: ServerPlan) -> None:
        before = self.namespace
        current: Callable[[str], Any] = lambda name: getattr(self, name)  # noqa: E731 - bound to this spawner
        for name, value in self._traits_of_ours.of(plan, self._installation_namespace, self.spawn_id, current):
            setattr(self, name, value)
        if self.namespace != before:
            # KubeSpawner computed it for the namespace before
            self.dns_name = self.dns_name_template.format(namespace=self.namespace, name=self.pod_name)

    # A start.

    def run_pre_spawn_hook(self) -> Any:
        """Wait for this launch's turn, and then run the administrator's hook.

        JupyterHub calls this within the task that is the whole start, and before `start`, so that the time in the queue
        is none of `start_timeout`.
        """
        whole = asyncio.current_task()
        if whole is None or self.decision is None:
            raise RuntimeError("a start is a task, and comes after a decision")
        start, team = self.current, self.decision.plan.team.name
        start.mark("asked")
        return self._run_in_turn(start.turn.ask(self.shared.queue, team, self.user.name, whole))

    async def _run_in_turn(self, turn: asyncio.Event) -> None:
        await turn.wait()
        self.current.begin()
        await maybe_future(super().run_pre_spawn_hook())

    def start(self) -> Any:
        """Begin a start; JupyterHub waits for its end, and pages for what it says."""
        self.current.begin()
        # until the token's Secret is made, a hub that comes after has to make it
        self.record = replace(self.record, spawn_id=secrets.token_hex(8), token=self.api_token)
        # JupyterHub commits this as soon as we return, and so before anything is asked of Kubernetes: a hub that comes
        # after this one knows the start's id
        self.keep()
        self._start_future = asyncio.ensure_future(self._start())
        return self._start_future

    async def _start(self) -> str:
        """Start; whatever is known to be in the way is an answer in words, and no failure of the hub's."""
        try:
            return await self.current.run()
        except (ClusterRefused, ClusterAway, UserError) as error:
            if isinstance(error, ClusterAway):
                self.log.warning("%s: Kubernetes gave no answer: %s", self._log_name, error)
            raise answer(self, in_words(error, self.decision)) from error

    async def progress(self) -> AsyncIterator[dict[str, Any]]:
        """Yield what the start says; a page that comes late gets it from the beginning."""
        async for message in self.current.progress():
            yield message

    async def make_namespace(self) -> None:
        """Make the namespace, where each person has one."""
        if self.enable_user_namespaces:
            await self._ensure_namespace()

    async def make_prerequisites(self) -> None:
        """Make the claims of the home and of a scratch volume that is kept, and say when a home is a new one."""
        is_known = self._pvc_exists
        if not is_known:
            await theirs.choose_home(self)
        plan, claim = self.decided().plan, theirs.home_manifest(self)
        self.seen.follow_claims((self.pvc_name, *scratch_claims(plan, self.pod_name)))
        await make_home(self, self.current, claim, is_known=is_known)
        self._pvc_exists = True
        await make_other_claims(self, plan, claim)

    async def manifest(self) -> Manifest:
        """Return the pod as it is sent, after every hook."""
        pod = await self.get_pod_manifest()
        if self.modify_pod_hook:
            pod = await maybe_future(self.modify_pod_hook(self, pod))
        plan = self.decided().plan
        manifest = enforced(self.api.api_client.sanitize_for_serialization(pod), plan)
        for problem in quality_problems(manifest, plan):
            self.current.notice(f"This environment is not Guaranteed as its pool says: {problem}.")
        manifest = from_secret(manifest, self.spawn_id)
        metadata = manifest["metadata"]
        metadata["annotations"] = {**(metadata.get("annotations") or {}), **self.stamps()}
        return manifest

    async def make_owned(self, pod: Manifest) -> None:
        """Make what is owned by the pod: KubeSpawner's Secret and Service, ours, and the administrator's."""
        await theirs.make_owned(self, pod)
        await make_companions(self, self.current, pod)
        if self.after_pod_created_hook:
            await maybe_future(self.after_pod_created_hook(self, pod))

    async def get_url(self) -> str:
        """Return where the environment is; a hub that ended during its start could not write that down."""
        pod = self.seen.now
        return self.url_of(pod) if pod is not None and is_ready(pod) else str(await super().get_url())

    # Its end.

    async def stop(self, now: bool = False) -> None:
        """Stop the environment and wait until its pod is gone.

        Args:
            now: give what has ended no time to end; what runs has what it says that it needs all the same.
        """
        await self.current.undone()
        self.set_over(self.spawn_id)
        await self._start_watching_pods()
        pod = self.seen.now or await self.pods.read(self.pod_name)
        # JupyterHub stops what did not start: not what was in its way, and of which the person has heard just now
        if pod is not None and self.owns(pod) and pod["metadata"]["uid"] != self.told_of:
            self.seen.offer(pod)
            await end_pod(self, pod, 0 if now and has_ended(pod) else None, given_up=self.current.given_up)
        self.set_gone(self.spawn_id)

    async def poll(self) -> int | None:
        """Return None while the pod is there to be used, or else its exit code; a pod that has ended is removed.

        JupyterHub ends what it takes for ended, and takes an exception for that: so whoever cannot be asked about is
        there.
        """
        if not self.current.may_have_pod:
            # a start that was refused must not wait for an API server that it never asked anything
            return 1
        if self.current.undoing:
            return None
        try:
            return await self._look_for_pod()
        except Exception as error:  # noqa: BLE001 - whatever is in the way says nothing of the pod
            self.log.warning("%s cannot be looked at, so it counts as there: %s", self._log_name, error)
            return None

    async def _look_for_pod(self) -> int | None:
        await self._start_watching_pods()
        if self.current.is_taken_up and self.server is not None:
            self._server = AdoptedServer(orm_server=self.orm_spawner.server)
        code = await code_of(self, self.current)
        if code is None and self.is_pod_running(self.seen.now):
            # for the address, which a pod that its node started again may have changed
            await super().poll()
        return code

    # What is kept.

    def get_state(self) -> dict[str, Any]:
        """Keep what a hub that comes back has to know, and services read over the hub's API."""
        state: dict[str, Any] = super().get_state()
        if self._state_kubespawner_version == "unknown" and not self._pvc_exists:
            # or the home of a version before would not be looked for again
            state.pop("kubespawner_version", None)
        return state | self.record.document()

    def load_state(self, state: dict[str, Any]) -> None:
        """Take up an environment after a hub restart; what it took by the policy of then counts for its team again."""
        super().load_state(state)
        self.record = EnvironmentRecord.parse(state)
        self.current = Start(self, is_taken_up=bool(state))
        self.api_token = self.record.token
        self.shared.over.update(self.record.over)
        if self.spawn_id:
            self.shared.spawns.add(self.spawn_id)
        if self.record.plan is not None:
            self.shared.uses.hold(use_of(self.record.plan, self.person))

    def clear_state(self) -> None:
        """Forget what ran: it no longer counts towards its team's quota, and what still carries its id is nobody's."""
        super().clear_state()
        self.shared.spawns.discard(self.spawn_id)
        self.shared.uses.release(self.person.environment)
        self.record = EnvironmentRecord(over=self.record.over)
        self.decision = None
        self.current.leave()
        self.current = Start(self, after=self.current.undoing)


async def _launch_form(spawner: SwishSpawner) -> str:
    await spawner.shared.nodes.want(spawner.api, spawner.patience, _watched_pods, FIRST_LOOK)
    return render_form(spawner.launcher, spawner.take_submitted())


def _watched_pods() -> list[Mapping[str, Any]]:
    """Return every environment that this hub sees, in all its namespaces."""
    return [pod for watch in SwishSpawner.pod_watches() for pod in watch.pods.values()]
