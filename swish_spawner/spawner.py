"""SwishSpawner: a KubeSpawner whose pods are what the policy decides.

The policy is looked at twice in a start: before anything is made (so that a refusal is a 4xx answer), and again after
KubeSpawner has loaded its own options (so that nothing that ran in between can lift what the policy decided).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from http import HTTPStatus
from typing import Any, NoReturn

from jupyterhub.utils import maybe_future
from kubernetes_asyncio.client.exceptions import ApiException
from kubespawner import KubeSpawner
from traitlets import Dict, Unicode, default

from swish_spawner.adapters.cluster import KubernetesCluster, refusal_text
from swish_spawner.adapters.ports import Cluster
from swish_spawner.answers import answer, http_error, sent
from swish_spawner.core.image_names import ImageNames
from swish_spawner.core.manifests import Owner, companion_manifests, prerequisite_manifests
from swish_spawner.core.plan import Person, ServerPlan, plan_document, plan_server, use_of
from swish_spawner.core.pod import enforced, package_failure, quality_lost, quality_problems
from swish_spawner.core.policy import Policy, with_image_references
from swish_spawner.core.quota import Use, quota_refusal
from swish_spawner.core.request import parse_request
from swish_spawner.core.traits import MERGED, kubespawner_traits, merged
from swish_spawner.core.units import parse_cpu
from swish_spawner.errors import ClusterRefused, Denied, UserError
from swish_spawner.form import options_from_form, render_form
from swish_spawner.in_force import USES, policy_file


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

    plan: ServerPlan | None = None
    submitted: dict[str, Any] | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._base: dict[str, Any] = {}
        self._applied: dict[str, Any] = {}
        self._document: Mapping[str, Any] | None = None
        self._notices: list[str] = []
        self._installation_namespace = self.namespace
        configured: Any = super()
        self._administrators_hook = configured.after_pod_created_hook

    @property
    def policy(self) -> Policy:
        """The policy in force, with this installation's image references."""
        names = ImageNames(**self.image_names)
        return with_image_references(policy_file(self.policy_path, self.log).current(), names.reference)

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

    @default("options_form")
    def _default_options_form(self) -> Callable[[SwishSpawner], str]:
        return lambda spawner: render_form(spawner, spawner.take_submitted())

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
        # KubeSpawner remembers that it made the home's claim and never makes it again. The name stays remembered; the
        # claim is asked for at each start, so that one deleted meanwhile, or left on an earlier cluster, is made anew.
        self._pvc_exists = False
        self._apply_plan()

    def _apply_plan(self) -> None:
        try:
            self.plan = self.plan_request()
        except UserError as error:
            raise answer(self, error) from error
        self.user.spawner.submitted = None
        self._document = plan_document(self.plan)
        self._notices.clear()
        USES.hold(use_of(self.plan))
        before = self.namespace
        for name, value in kubespawner_traits(self.plan, self._installation_namespace).items():
            setattr(self, name, self._merged(name, value) if name in MERGED else value)
        self.after_pod_created_hook = self._companions if self.plan.pool.protect else self._administrators_hook
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

    async def _start(self) -> Any:
        """Start, with what has to be there before the pod; a refusal on the way is an answer and no failure."""
        try:
            for manifest in prerequisite_manifests(self._made_plan(), self.namespace):
                await self.cluster.create(manifest)
            return await super()._start()
        except ClusterRefused as error:
            raise answer(self, Denied(f"The cluster refuses this environment: {error}", rule="cluster")) from error
        except UserError as error:
            raise answer(self, error) from error

    def _made_plan(self) -> ServerPlan:
        if self.plan is None:
            raise RuntimeError("nothing is made without a plan")
        return self.plan

    async def _make_create_pod_request(self, pod: Any, request_timeout: int) -> bool:
        """Make the pod as the plan has it, whatever hooks made of it; see KubeSpawner's own for the answers.

        KubeSpawner's logs the whole pod when it is refused, and the pod holds the server's API token.
        """
        plan = self._made_plan()
        manifest = enforced(self.api.api_client.sanitize_for_serialization(pod), plan)
        for problem in quality_problems(manifest, plan):
            self._notice(f"This environment is not Guaranteed as its pool says: {problem}.")
        try:
            await asyncio.wait_for(self.api.create_namespaced_pod(self.namespace, manifest), request_timeout)
        except TimeoutError:
            return False
        except ApiException as error:
            return await self._pod_not_made(error, plan)
        return True

    async def _pod_not_made(self, error: ApiException, plan: ServerPlan) -> bool:
        """Replace a pod of that name that is there already; translate a refusal.

        Returns:
            False, for one more try.

        Raises:
            UserError: the quota is used up.
            ClusterRefused: the API server will not have the pod for another reason of the client's making.
            ApiException: the API server has a problem of its own.
        """
        if error.status == HTTPStatus.CONFLICT:
            await self.stop(True)
            return False
        text = refusal_text(error)
        if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise error
        raise quota_refusal(text, plan.team) or ClusterRefused(text) from error

    def is_pod_running(self, pod: Mapping[str, Any] | None) -> bool:
        """Say whether the pod runs; packages that did not install end the start, with pip's own words.

        Raises:
            Denied: a package could not be installed.
        """
        if pod is not None and (words := package_failure(pod)):
            sentence = f"The packages could not be installed; your files are as they were. pip says: {words}"
            raise Denied(sentence, rule="packages")
        if pod is not None and self.plan is not None and (lost := quality_lost(pod, self.plan)):
            self._notice(lost)
        running: bool = super().is_pod_running(pod)
        return running

    def _notice(self, sentence: str) -> None:
        """Say something once, to operators and to the person who waits."""
        if sentence not in self._notices:
            self._notices.append(sentence)
            self.log.warning("%s: %s", self._log_name, sentence)

    async def _companions(self, _spawner: SwishSpawner, pod: Mapping[str, Any]) -> None:
        """Make what belongs to the pod, and then what the administrator's own hook makes."""
        metadata = pod["metadata"]
        owner = Owner(metadata["name"], metadata["uid"], metadata["namespace"])
        for manifest in companion_manifests(self._made_plan(), owner):
            await self.cluster.create(manifest)
        if self._administrators_hook is not None:
            await maybe_future(self._administrators_hook(self, pod))

    @property
    def cluster(self) -> Cluster:
        """The API server that this spawner makes objects on."""
        return KubernetesCluster(self.api.api_client, self.k8s_api_request_timeout)

    async def progress(self) -> AsyncIterator[dict[str, Any]]:
        """Yield what was decided, in the plan's words, and then what Kubernetes says."""
        for number, reason in enumerate(self.plan.reasons if self.plan else (), start=1):
            yield {"progress": number, "message": f"{reason.rule.capitalize()}: {reason.effect}"}
        async for event in super().progress():
            yield event
        for sentence in self._notices:
            yield {"progress": 95, "message": sentence}

    def get_state(self) -> dict[str, Any]:
        """Keep the plan beside KubeSpawner's own state, for the services that read it over the hub's API."""
        state: dict[str, Any] = super().get_state()
        if self._document is not None:
            state["swish_plan"] = self._document
        return state

    def load_state(self, state: dict[str, Any]) -> None:
        """Take up an environment after a hub restart; what it took by the policy of then counts for its team again."""
        super().load_state(state)
        self._document = document = state.get("swish_plan")
        # what a version before quotas started does not say enough to be counted
        if document is not None and "memory_bytes" in document:
            person, cpu = self.person, parse_cpu(document["cpu"])
            memory, gpus = document["memory_bytes"], document["gpu_count"]
            USES.hold(Use(document["team"], person.name, person.environment, cpu, memory, gpus))

    def clear_state(self) -> None:
        """Forget what ran; it no longer counts towards its team's quota."""
        super().clear_state()
        self.plan = self._document = None
        USES.release(self.person.environment)
