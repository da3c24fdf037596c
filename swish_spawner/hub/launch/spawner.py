"""SwishSpawner: a KubeSpawner whose pods are what the policy decides.

The policy is looked at twice in a start: before anything is made (so that a refusal is a 4xx answer), and again after
KubeSpawner has loaded its own options (so that nothing that ran in between can lift what the policy decided).
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NoReturn

from traitlets import Dict, Integer, Unicode, default

from swish_spawner.adapters.host_keys import host_key
from swish_spawner.adapters.kubernetes.objects import KubernetesCluster
from swish_spawner.adapters.kubernetes.watches.pods import PodWatch
from swish_spawner.adapters.kubernetes.watches.wakeups import BELLS
from swish_spawner.adapters.ports import Cluster
from swish_spawner.core import labels
from swish_spawner.core.labels import PACKAGES
from swish_spawner.core.launch.capacity import Amounts, State, pool_state, seat_of
from swish_spawner.core.launch.plan import Person, ServerPlan, plan_server, record_of, teams_of, use_of
from swish_spawner.core.launch.request import parse_request
from swish_spawner.core.ownership import Whose, start_of
from swish_spawner.core.pod.companions import (
    Owner,
    SshStart,
    companion_manifests,
    make_ssh_service,
    make_token_secret,
    prerequisite_manifests,
)
from swish_spawner.core.pod.enforced import enforced, packages_run, quality_lost, quality_problems
from swish_spawner.core.pod.token import from_secret
from swish_spawner.core.pod.traits import MERGED, kubespawner_traits, merged
from swish_spawner.core.pod.volumes import scratch_claims
from swish_spawner.core.policy.image_names import ImageNames
from swish_spawner.core.policy.values import Policy, Pool
from swish_spawner.core.progress.kinds import Circumstances
from swish_spawner.core.progress.refusals import refusal
from swish_spawner.core.reading import condition
from swish_spawner.core.record import home_of
from swish_spawner.core.ssh.sshd import ssh_record
from swish_spawner.core.units import format_memory
from swish_spawner.errors import ClusterAway, ClusterRefused, LaunchFailed, UserError
from swish_spawner.hub import shared
from swish_spawner.hub.answers import answer, http_error, sent
from swish_spawner.hub.form.form import options_from_form, render_form
from swish_spawner.hub.launch.beside import Beside, Work
from swish_spawner.hub.launch.lookout import Lookout
from swish_spawner.hub.launch.metrics import What, known, launched
from swish_spawner.hub.launch.packages import tell_newest
from swish_spawner.hub.launch.queue import QueuedSpawner
from swish_spawner.hub.shared import NODE_WAITS, USES, policy_in_force

#: Said when Kubernetes gives no answer; what it gave instead is in the log.
CLUSTER_AWAY: Final = LaunchFailed(
    "Kubernetes does not answer at the moment. Nothing is lost; try again in a few minutes.",
    kind="cluster_away",
    blame="cluster",
)


#: How long the first launch page waits (seconds) to learn what is free.
FIRST_LOOK: Final = 1.0
#: The longest pause (seconds) between two looks whether packages are being installed; news of the pod end it.
_LOOK_FOR_PACKAGES: Final = 5.0


class SwishSpawner(QueuedSpawner):
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
    plan: ServerPlan | None = None
    submitted: dict[str, Any] | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._base: dict[str, Any] = {}
        self._applied: dict[str, Any] = {}
        self._entrance, self._companions = Beside(), Beside()
        self._notices: list[str] = []
        self._lookout: Lookout | None = None
        self._following: asyncio.Future[None] | None = None
        self._what = What()
        self._installation_namespace = self.namespace

    @property
    def policy(self) -> Policy:
        """The policy in force, with this installation's image references."""
        return policy_in_force(self.policy_path, ImageNames(**self.image_names), self.log)

    @property
    def person(self) -> Person:
        """Whose environment this is."""
        return Person(
            name=self.user.name,
            groups=frozenset(group.name for group in self.user.groups),
            server=self.name,
            environment=self._expand_user_properties("{user_server}"),
        )

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

    def pool_state(self, pool: Pool, need: Amounts) -> State:
        """Say what a pool has for an environment of this person's that asks for so much of a node."""
        teams = [team for team in teams_of(self.person.groups, self.policy) if pool.name in team.pools]
        configured = self._base.get("tolerations", self.tolerations)
        tolerations = configured.values() if isinstance(configured, Mapping) else configured
        return pool_state(pool, seat_of(pool, need, teams, tolerations or ()), shared.NODES.nodes())

    def node_seconds(self, pool: Pool) -> float | None:
        """Return how long a start usually takes that waits for a new node of a pool, if that is known."""
        return NODE_WAITS.usual(pool.name)

    def take_submitted(self) -> dict[str, Any] | None:
        """Return, once, the choices of a form that was sent and refused; None when there are none."""
        options, self.submitted = self.submitted, None
        return options

    @default("options_from_form")
    def _default_options_from_form(self) -> Callable[[Mapping[str, list[str]]], dict[str, Any]]:
        return self._read_form

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

    def who_asks(self) -> tuple[str, str]:
        """Return the team that pays and the person, between whom launches take turns."""
        return self._made_plan().team.name, self.user.name

    def plan_request(self) -> ServerPlan:
        """Decide about the options that this start was given.

        Raises:
            UserError: they are malformed, or the policy refuses them.
        """
        return plan_server(self.person, parse_request(sent(self.user_options)), self.policy, USES.by_team())

    async def _run_apply_user_options(self, user_options: dict[str, Any]) -> None:
        """Refuse what the policy does not allow, before the hub makes anything for this start."""
        if self.apply_user_options:
            await super()._run_apply_user_options(user_options)
        self._apply_plan()

    async def load_user_options(self) -> None:
        """Let KubeSpawner apply its own options, and then the policy's decision over them."""
        await super().load_user_options()
        self._apply_plan()
        for number, reason in enumerate(self._made_plan().reasons, start=1):
            self._tell(f"{reason.rule.capitalize()}: {reason.effect}", number)

    def _apply_plan(self) -> None:
        try:
            self.plan = self.plan_request()
        except UserError as error:
            raise answer(self, error) from error
        self.user.spawner.submitted = None
        self.record = replace(self.record, plan=(record := record_of(self.plan)), ssh=None)
        self._what = What(
            known(self.plan.pool.name, self.policy.pools), known(self.plan.image.name, self.policy.images)
        )
        USES.hold(use_of(record, self.person))
        before = self.namespace
        for name, value in kubespawner_traits(self.plan, self._installation_namespace, self.spawn_id).items():
            setattr(self, name, self._merged(name, value) if name in MERGED else value)
        if self.namespace != before:
            # KubeSpawner computed it for the namespace before
            self.dns_name = self.dns_name_template.format(namespace=self.namespace, name=self.pod_name)

    def _merged(self, name: str, ours: Any) -> Any:
        """Go together with the administrator's value, which is the trait's own unless we were the last to set it."""
        current = getattr(self, name)
        if name not in self._base or current != self._applied[name]:
            self._base[name] = current
        self._applied[name] = merged(name, self._base[name], ours)
        return self._applied[name]

    async def _start(self) -> str:
        """Start; whatever is known to be in the way is an answer in words, and no failure of the hub's."""
        self._lookout = None
        try:
            return await super()._start()
        except (ClusterRefused, ClusterAway, UserError) as error:
            if isinstance(error, ClusterAway):
                self.log.warning("%s: Kubernetes gave no answer: %s", self._log_name, error)
            raise answer(self, self._in_words(error)) from error
        finally:
            if self._following is not None:
                self._following.cancel()

    def _in_words(self, error: ClusterRefused | ClusterAway | UserError) -> UserError:
        """Return what to say to the person."""
        if isinstance(error, ClusterRefused):
            return refusal(str(error), self._made_plan().team)
        return CLUSTER_AWAY if isinstance(error, ClusterAway) else error

    def kind_of(self, error: BaseException) -> str:
        """Return the kind of failure that the person is told of."""
        told = self._in_words(error) if isinstance(error, ClusterRefused | ClusterAway) else error
        return super().kind_of(told)

    def record_start(self, outcome: str) -> None:
        """Count a start that has ended, in the hub's metrics."""
        launched(self._what, outcome, self.marks)

    def _made_plan(self) -> ServerPlan:
        if self.plan is None:
            raise RuntimeError("nothing is made without a plan")
        return self.plan

    @default("installation")
    def _default_installation(self) -> str:
        """Hubs that share a namespace have their own cookie secrets, and keep them."""
        return hashlib.sha256(b"swish" + self._cookie_secret).hexdigest()[:16]

    @property
    def _cookie_secret(self) -> bytes:
        """What this hub alone knows, and keeps between restarts."""
        secret: bytes = getattr(self.user, "settings", {}).get("cookie_secret", b"")
        return secret

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
        theirs = Whose(self.installation, self.user.name, self.name).has(pod)
        return theirs or (self.spawn_id != "" and start_of(pod) == self.spawn_id)

    async def make_prerequisites(self) -> None:
        """Make the claims of the home and of a scratch volume that is kept, and say when a home is a new one."""
        remembered = self._pvc_exists
        if not remembered:
            await self._find_legacy_claim()
            self._leave_claims_of_others()
        home = self.api.api_client.sanitize_for_serialization(self.get_pvc_manifest())
        home["metadata"]["namespace"] = self.namespace
        self._follow_claims()
        made = await self.cluster.create(home)
        self._pvc_exists = True
        if made and remembered:
            self.log.warning("%s: the home claim %s was gone and is made anew", self._log_name, self.pvc_name)
            self._tell(
                "The volume with your files was not there any more. A new, empty one is made; ask an administrator."
            )
        for manifest in prerequisite_manifests(self._made_plan(), self.namespace, home["metadata"]):
            await self.cluster.create(manifest)

    def _leave_claims_of_others(self) -> None:
        """Choose another home than the person's other servers have: one that was renamed keeps that of its old name."""
        others = getattr(self.user, "orm_spawners", {})
        taken = {home_of(one.state or {}) for name, one in others.items() if name != self.name}
        # no server's name has a dot in it, as a slug
        names = itertools.chain((self.pvc_name,), (f"{self.pvc_name}.{number}" for number in itertools.count(2)))
        self.pvc_name = next(name for name in names if f"{self.namespace}/{name}" not in taken)

    def _follow_claims(self) -> None:
        """Hear what Kubernetes says of the volumes: it says it of their claims, not of the pod."""
        if self.event_reflector:
            for claim in (self.pvc_name, *scratch_claims(self._made_plan(), self.pod_name)):
                self.event_reflector.follow_claim(f"{self.namespace}/{claim}", self.pod_key)

    async def _find_legacy_claim(self) -> None:
        """Find the home of somebody whom KubeSpawner before version 7 served, by the name that it had then."""
        if not (self.handle_legacy_names and self.remember_pvc_name and self._state_kubespawner_version == "unknown"):
            return
        name, legacy = self.pvc_name, self._expand_user_properties(self.pvc_name_template, slug_scheme="escape")
        is_there = self._check_pvc_exists
        if legacy != name and not await is_there(name, self.namespace) and await is_there(legacy, self.namespace):
            self.log.warning("%s: using the home claim %s by its legacy name", self._log_name, legacy)
            self.pvc_name = legacy

    def final_manifest(self, pod: Any) -> dict[str, Any]:
        """Return the pod as the plan has it, whatever hooks made of it."""
        plan = self._made_plan()
        manifest = enforced(self.api.api_client.sanitize_for_serialization(pod), plan)
        for problem in quality_problems(manifest, plan):
            self._notice(f"This environment is not Guaranteed as its pool says: {problem}.")
        return from_secret(manifest, self.spawn_id)

    async def _make_owned(self, pod: dict[str, Any]) -> None:
        if self._made_plan().packages:
            self._following = asyncio.ensure_future(self._follow_packages())
        await super()._make_owned(pod)
        self.record = replace(self.record, token="")

    async def make_companions(self, pod: Mapping[str, Any]) -> None:
        """Make what belongs to the pod."""
        metadata = pod["metadata"]
        owner = Owner(metadata["name"], metadata["uid"], metadata["namespace"])
        try:
            plan = self._plan_again()
        except UserError as error:
            # a changed policy is in force at the next start; what runs is left alone
            self.log.warning("%s: the policy would not start this any more: %s", self._log_name, error)
            return
        if self.api_token:
            # the pod's containers wait for it
            await self.cluster.create_owned(make_token_secret(plan, owner, self.spawn_id, self.api_token))
        start = self._ssh_start(plan)
        for manifest in companion_manifests(plan, owner, start):
            await self.cluster.create_owned(manifest)
        if start is not None:
            service = make_ssh_service(plan, owner, start.service)
            lacks = "The environment cannot be entered by ssh yet, because its Service was not made"
            self._entrance.begin(Work(lambda: self.cluster.create_owned(service), lacks, self._notice))

    def take_up(self, pod: Mapping[str, Any]) -> None:
        """Make what is missing of the pod's companions beside it, for as long as that takes."""
        lacks = "Not all that belongs to the environment is there since the hub was started again"
        self._companions.begin(Work(lambda: self.make_companions(pod), lacks, self._notice))

    def _ssh_start(self, plan: ServerPlan) -> SshStart | None:
        """Return what sshd is given, and keep what the person is told of it."""
        if plan.ssh is None:
            return None
        start_id = self.spawn_id if plan.ssh.password else None
        key = host_key(self._cookie_secret, plan.person.environment, start_id)
        # what runs is entered as it was started, whatever the policy has become
        kept = self.record.ssh or ssh_record(plan, plan.ssh, self.namespace, key)
        self.record = replace(self.record, ssh=kept)
        return SshStart(self.spawn_id, key, kept.service)

    async def _follow_packages(self) -> None:
        """Tell what pip says as long as it runs; a log that cannot be read is no reason for anything to fail."""
        try:
            while not packages_run(self.pod):
                await BELLS.wait(self.pod_key, _LOOK_FOR_PACKAGES)
            await tell_newest(self.pods.log(self.pod_name, PACKAGES), lambda line: self._tell(f"pip: {line}"))
        except Exception as error:  # noqa: BLE001 - what it may be does not matter
            self.log.info("%s: what pip says cannot be shown: %s", self._log_name, error)

    def _plan_again(self) -> ServerPlan:
        """Return the plan; after a hub restart it is made again, of what was asked for then and the policy of now."""
        if self.plan is None:
            self.plan = plan_server(self.person, parse_request(sent(self.user_options)), self.policy)
        return self.plan

    def look(self, pod: Mapping[str, Any] | None, events: Sequence[Mapping[str, Any]]) -> None:
        """Say what Kubernetes does, in words, and end a start that cannot succeed."""
        if self._lookout is None:
            self._lookout = self._new_lookout()
        self._lookout.look(pod, events, time.monotonic())
        if condition(pod or {}, "PodScheduled").get("status") == "False":
            self.give_turn_back()
        if pod is not None and self.plan is not None and (lost := quality_lost(pod, self.plan)):
            self._notice(lost)

    def _new_lookout(self) -> Lookout:
        if (plan := self.plan) is None:
            return Lookout(self._tell, "", NODE_WAITS, Circumstances(), self._node_of)
        nodes = plan.pool.nodes
        # a pool whose nodes are described is one whose nodes are made as they are needed
        known = Circumstances(plan.image.title, format_memory(plan.memory), bool(nodes.instance_types))
        return Lookout(self._tell, plan.pool.name, NODE_WAITS, known, self._node_of)

    def _node_of(self, name: str) -> Mapping[str, Any] | None:
        return shared.NODE_LOOKS.look(self.api, self.patience, name)

    def overdue(self) -> LaunchFailed:
        """Return what is said of a start that took too long: what was in its way, if anything is known to be."""
        late = super().overdue()
        trouble = self._lookout.trouble if self._lookout else None
        return LaunchFailed(f"{late} {trouble.sentence}", kind=trouble.kind, blame=trouble.blame) if trouble else late

    def _notice(self, sentence: str) -> None:
        """Say something once, to operators and to the person who waits."""
        if sentence not in self._notices:
            self._notices.append(sentence)
            self.log.warning("%s: %s", self._log_name, sentence)
            self._tell(sentence)

    @property
    def cluster(self) -> Cluster:
        """The API server that this spawner makes objects on."""
        return KubernetesCluster(self.api.api_client, self.patience)

    def load_state(self, state: dict[str, Any]) -> None:
        """Take up an environment after a hub restart; what it took by the policy of then counts for its team again."""
        super().load_state(state)
        self.api_token = self.record.token
        if self.record.plan is not None:
            USES.hold(use_of(self.record.plan, self.person))

    def clear_state(self) -> None:
        """Forget what ran; it no longer counts towards its team's quota."""
        super().clear_state()
        self.plan = None
        self._entrance.leave()
        self._companions.leave()
        self._notices.clear()
        self._lookout = None
        USES.release(self.person.environment)


async def _launch_form(spawner: SwishSpawner) -> str:
    await shared.NODES.want(spawner.api, spawner.patience, _watched_pods, FIRST_LOOK)
    return render_form(spawner, spawner.take_submitted())


def _watched_pods() -> list[Mapping[str, Any]]:
    """Return every environment that this hub sees, in all its namespaces."""
    watches = [watch for watch in SwishSpawner.reflectors.values() if isinstance(watch, PodWatch)]
    return [pod for watch in watches for pod in watch.pods.values()]
