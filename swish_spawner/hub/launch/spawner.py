"""SwishSpawner: a KubeSpawner whose pods are what the policy decides, and that loses no pod.

Everything about the *what* of a pod that the policy leaves open is KubeSpawner's, and its hooks are called as it calls
them; the *when* is ours (see `start`). The policy is looked at twice in a start: before anything is made (so that a
refusal is a 4xx answer), and again after KubeSpawner has loaded its own options (so that nothing that ran in between
can lift what the policy decided). Here are the methods that JupyterHub and KubeSpawner call; what they do is in the
parts.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any, Final, NoReturn

from jupyterhub.utils import maybe_future
from kubespawner import KubeSpawner
from traitlets import Dict, Integer, Unicode, default

from swish_spawner.adapters import kubespawner as theirs
from swish_spawner.adapters.host_keys import host_key
from swish_spawner.adapters.kubernetes.objects import KubernetesCluster
from swish_spawner.adapters.kubernetes.pods import Pods
from swish_spawner.adapters.kubernetes.requests import Patience
from swish_spawner.adapters.kubernetes.watches.events import EventWatch
from swish_spawner.adapters.kubernetes.watches.pods import PodWatch
from swish_spawner.adapters.kubernetes.watches.reflectors import reflecting
from swish_spawner.core import labels
from swish_spawner.core.launch.plan import Person, ServerPlan, plan_server, use_of
from swish_spawner.core.launch.quota import Uses
from swish_spawner.core.launch.request import parse_request
from swish_spawner.core.ownership import Whose, has_ended, is_ready, start_of
from swish_spawner.core.pod.enforced import enforced, quality_problems
from swish_spawner.core.pod.token import from_secret
from swish_spawner.core.pod.volumes import scratch_claims
from swish_spawner.core.policy.image_names import ImageNames
from swish_spawner.core.policy.values import Policy
from swish_spawner.core.record import EnvironmentRecord
from swish_spawner.core.ssh.sshd import HostKey
from swish_spawner.errors import ClusterAway, ClusterRefused, UserError
from swish_spawner.hub.answers import answer, http_error, sent
from swish_spawner.hub.form.fields import options_from_form
from swish_spawner.hub.form.form import render_form
from swish_spawner.hub.form.launcher import Launcher
from swish_spawner.hub.freeze import set_aside_what_is_loaded
from swish_spawner.hub.launch.decision import Decision, Traits, in_words
from swish_spawner.hub.launch.host import Manifest
from swish_spawner.hub.launch.made import make_companions, make_home, make_other_claims
from swish_spawner.hub.launch.presence import AdoptedServer, code_of
from swish_spawner.hub.launch.seen_pod import SeenPod
from swish_spawner.hub.launch.start import Start
from swish_spawner.hub.launch.stop import end_pod
from swish_spawner.hub.shared.shared import Shared, shared_of

#: How long the first launch page waits (seconds) to learn what is free.
FIRST_LOOK: Final = 1.0
_WATCHES: Final[Mapping[str, type[PodWatch | EventWatch]]] = {"pods": PodWatch, "events": EventWatch}


class SwishSpawner(KubeSpawner):
    """Start environments that the policy allows, as the policy says."""

    policy_path = Unicode(
        "/etc/swish/policy/policy.yaml",
        help="""
        The policy file.

        It says which images, pools and teams there are; see the policy reference. A change takes effect with the next
        launch, without a restart; a bad change is refused, logged and counted, and the last good policy stays.

        .. versionadded:: 0.1
        """,
    ).tag(config=True)

    image_names = Dict(
        help="""
        How bare image names in the policy become references.

        Keys: ``registry`` and ``tag`` (text, put before and after the name) and ``references`` (whole references by
        name, which win). An image that the policy already names with a registry, tag or digest is used as it is.

        .. versionadded:: 0.1
        """,
    ).tag(config=True)

    installation = Unicode(
        help="""
        What tells this hub's pods from another's.

        Stamped on every pod; the sweeper removes only pods of its own installation. Unless set it is made from the
        hub's cookie secret, which has to be kept between restarts (as our chart and Zero to JupyterHub do).

        .. versionadded:: 0.1
        """,
    ).tag(config=True)

    concurrent_starts = Integer(
        0,
        min=0,
        help="""
        How many environments start at once; others wait for their turn. 0 is no limit.

        The hub configuration of our chart takes it from JupyterHub's own ``concurrent_spawn_limit``.

        .. versionadded:: 0.1
        """,
    ).tag(config=True)

    first_answer_seconds = Integer(
        0,
        min=0,
        help="""
        How long (in seconds) a pod that runs is watched until the environment in it takes connections.

        A container that ends again before that is then an answer in words. After this time, and with 0 at once,
        JupyterHub waits by itself, for ``http_timeout``. The hub configuration of our chart sets 30.

        .. versionadded:: 0.1
        """,
    ).tag(config=True)

    pvc_name: str
    _pvc_exists: bool

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.shared: Shared = shared_of(getattr(self.user, "settings", {}), self.concurrent_starts)
        self.record = EnvironmentRecord()
        self.decision: Decision | None = None
        self.current = Start(self)
        self.submitted: dict[str, Any] | None = None
        self._traits_of_ours = Traits()
        self._installation_namespace = self.namespace

    @default("start_timeout")
    def _default_start_timeout(self) -> int:
        """A new node takes minutes, and a start that waits for one is no failure."""
        return 600

    @default("delete_pvc")
    def _default_delete_pvc(self) -> bool:
        """Files are deleted where a person asks for just that; a culler, too, removes servers."""
        return False

    @default("options_form")
    def _default_options_form(self) -> Callable[[SwishSpawner], Awaitable[str]]:
        return _launch_form

    @default("options_from_form")
    def _default_options_from_form(self) -> Callable[[Mapping[str, list[str]]], dict[str, Any]]:
        return self._read_form

    @default("installation")
    def _default_installation(self) -> str:
        """Hubs that share a namespace have their own cookie secrets, and keep them."""
        return hashlib.sha256(b"swish" + self._cookie_secret).hexdigest()[:16]

    # What it is.

    @property
    def policy(self) -> Policy:
        """The policy in force, with this installation's image references."""
        return self.shared.policies.in_force(self.policy_path, ImageNames(**self.image_names), self.log)

    @property
    def person(self) -> Person:
        """Whose environment this is."""
        return Person(
            name=self.user.name,
            groups=frozenset(group.name for group in self.user.groups),
            server=self.name,
            environment=self._expand_user_properties("{user_server}"),
        )

    @property
    def spawn_id(self) -> str:
        """The id of the start that this environment is of; empty while there is none."""
        return self.record.spawn_id

    @property
    def told_of(self) -> str:
        """The uid of a pod that still runs, unknown to the hub, and that the person was told of."""
        return self.shared.told.get((self.user.name, self.name), "")

    @told_of.setter
    def told_of(self, uid: str) -> None:
        # JupyterHub makes a new spawner after a start that failed
        self.shared.told[self.user.name, self.name] = uid

    @property
    def log_name(self) -> str:
        """What the hub's log calls it."""
        return str(self._log_name)

    @property
    def patience(self) -> Patience:
        """How long to wait for the API server."""
        return Patience(self.k8s_api_request_timeout, self.k8s_api_request_retry_timeout)

    @property
    def pods(self) -> Pods:
        """Requests about pods of this environment's namespace."""
        return Pods(self.api, self.namespace, self.patience)

    @property
    def cluster(self) -> KubernetesCluster:
        """The API server that this spawner makes objects on."""
        return KubernetesCluster(self.api.api_client, self.patience)

    @property
    def seen(self) -> SeenPod:
        """This environment's pod as the watches have it."""
        return SeenPod(self.namespace, self.pod_name, self.pod_reflector, self.event_reflector, self.shared.wakeups)

    @property
    def events(self) -> list[Manifest]:
        """What Kubernetes said of this environment's pod since its start began."""
        return self.seen.events

    @property
    def _cookie_secret(self) -> bytes:
        """What this hub alone knows, and keeps between restarts."""
        secret: bytes = getattr(self.user, "settings", {}).get("cookie_secret", b"")
        return secret

    def host_key(self, decision: Decision) -> HostKey:
        """Return the host key of the environment's sshd."""
        ssh = decision.plan.ssh
        start_id = self.spawn_id if ssh and ssh.password else None
        return host_key(self._cookie_secret, decision.plan.person.environment, start_id)

    def stamps(self) -> Mapping[str, str]:
        """Return whose a pod is: this installation's, person's and server's, by this start."""
        return {
            labels.HUB: self.installation,
            labels.USER: self.user.name,
            labels.SERVER: self.name,
            labels.SPAWN_ID: self.spawn_id,
        }

    def owns(self, pod: Mapping[str, Any]) -> bool:
        """Say whether a pod is this server's of this installation, whichever start made it.

        One of the start that the state names is, also if the installation has another name since.
        """
        is_theirs = Whose(self.installation, self.user.name, self.name).has(pod)
        return is_theirs or (self.spawn_id != "" and start_of(pod) == self.spawn_id)

    def is_pod_running(self, pod: Mapping[str, Any] | None) -> bool:
        """Say whether a pod runs, with all its containers ready."""
        return pod is not None and is_ready(pod)

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
            self.decision = decision = self._planned(self.shared.uses.by_team())
        except UserError as error:
            raise answer(self, error) from error
        self.user.spawner.submitted = None
        self.record = replace(self.record, plan=decision.record, ssh=None)
        self.shared.uses.hold(use_of(decision.record, self.person))
        self._set_traits(decision.plan)
        return decision

    def _planned(self, uses: Uses | None = None) -> Decision:
        policy = self.policy
        return Decision.of(plan_server(self.person, parse_request(sent(self.user_options)), policy, uses), policy)

    def _set_traits(self, plan: ServerPlan) -> None:
        before = self.namespace
        current: Callable[[str], Any] = lambda name: getattr(self, name)  # noqa: E731 - bound to this spawner
        for name, value in self._traits_of_ours.of(plan, self._installation_namespace, self.spawn_id, current):
            setattr(self, name, value)
        if self.namespace != before:
            # KubeSpawner computed it for the namespace before
            self.dns_name = self.dns_name_template.format(namespace=self.namespace, name=self.pod_name)

    def _decided(self) -> Decision:
        """Return the decision of this start; a server that was forgotten meanwhile has none, and nothing is made."""
        if self.decision is None or not self.spawn_id:
            raise RuntimeError("nothing is made without a decision")
        return self.decision

    def decide_again(self) -> Decision:
        """Return the decision; after a hub restart it is made again, of what was asked for then and the policy of now.

        Raises:
            UserError: the policy of now refuses.
        """
        if self.decision is None:
            self.decision = self._planned()
        return self.decision

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

    async def _start_reflector(self, kind: str, reflector_class: Any, replace: bool = False, **kwargs: Any) -> Any:
        """Start a watch of ours in the place of KubeSpawner's; one that failed is no longer in the way of the next."""
        # by the first watch all is loaded that a hub runs on
        set_aside_what_is_loaded()
        known = self.__class__.reflectors.get(self._get_reflector_key(kind))
        if known is not None and not replace:
            # shielded: whoever is cancelled while waiting for it ends nobody else's wait
            await asyncio.shield(known.first_load_future)
            return known
        ours = reflecting(_WATCHES[kind], self.shared.wakeups) if kind in _WATCHES else reflector_class
        # the hub's own task, and no start's: one that is cancelled leaves no watch half begun
        return await asyncio.shield(self.shared.keep(self._begin_reflector(kind, ours, replace, kwargs)))

    async def _begin_reflector(self, kind: str, make: Any, replace: bool, kwargs: dict[str, Any]) -> Any:
        try:
            return await super()._start_reflector(kind, make, replace, **kwargs)
        except BaseException:
            self.__class__.reflectors.pop(self._get_reflector_key(kind), None)
            raise

    async def make_namespace(self) -> None:
        """Make the namespace, where each person has one."""
        if self.enable_user_namespaces:
            await self._ensure_namespace()

    async def watched(self) -> AbstractContextManager[None]:
        """Watch pods and events, and return a context during which this pod's events are kept."""
        await self._start_watching_pods()
        if self.events_enabled:
            await self._start_watching_events()
        return self.seen.followed()

    async def make_prerequisites(self) -> None:
        """Make the claims of the home and of a scratch volume that is kept, and say when a home is a new one."""
        is_known = self._pvc_exists
        if not is_known:
            await theirs.choose_home(self)
        plan, claim = self._decided().plan, theirs.home_manifest(self)
        self.seen.follow_claims((self.pvc_name, *scratch_claims(plan, self.pod_name)))
        await make_home(self, self.current, claim, is_known=is_known)
        self._pvc_exists = True
        await make_other_claims(self, plan, claim)

    async def manifest(self) -> Manifest:
        """Return the pod as it is sent, after every hook."""
        pod = await self.get_pod_manifest()
        if self.modify_pod_hook:
            pod = await maybe_future(self.modify_pod_hook(self, pod))
        plan = self._decided().plan
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

    def keep(self) -> None:
        """Have the hub's database keep what there is to keep now; JupyterHub commits it with the next change."""
        self.orm_spawner.state = self.get_state()

    def node(self, name: str) -> Mapping[str, Any] | None:
        """Return what is known of a node by its name."""
        return self.shared.node_looks.look(self.api, self.patience, name)

    def url_of(self, pod: Manifest) -> str:
        """Return where the environment in a pod is."""
        return str(self._get_pod_url(pod))

    async def get_url(self) -> str:
        """Return where the environment is; a hub that ended during its start could not write that down."""
        pod = self.seen.now
        return self.url_of(pod) if pod is not None and is_ready(pod) else str(await super().get_url())

    # Its end.

    def set_over(self, spawn_id: str) -> None:
        """Take down that a start is over, for whoever meets its pod later."""
        self.record = self.record.with_over(spawn_id)
        self.shared.over.update(self.record.over)

    def set_gone(self, spawn_id: str) -> None:
        """Take down that nothing is left of a start."""
        self.record = self.record.without(spawn_id)
        self.shared.over.discard(spawn_id)

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
    watches = [watch for watch in SwishSpawner.reflectors.values() if isinstance(watch, PodWatch)]
    return [pod for watch in watches for pod in watch.pods.values()]
