"""A person's server as the parts of a launch see it: whose it is, what is decided for it, seen of it, kept of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Final

from swish_spawner.adapters.host_keys import host_key
from swish_spawner.adapters.kubernetes.objects import KubernetesCluster
from swish_spawner.adapters.kubernetes.pods import Pods
from swish_spawner.adapters.kubernetes.requests import Patience
from swish_spawner.adapters.kubernetes.watches.events import EventWatch
from swish_spawner.adapters.kubernetes.watches.pods import PodWatch
from swish_spawner.adapters.kubernetes.watches.reflectors import reflecting
from swish_spawner.core import labels
from swish_spawner.core.launch.plan import Person
from swish_spawner.core.ownership import Whose, is_ready, start_of
from swish_spawner.core.record import EnvironmentRecord
from swish_spawner.core.ssh.sshd import HostKey
from swish_spawner.hub.answers import sent
from swish_spawner.hub.freeze import set_aside_what_is_loaded
from swish_spawner.hub.launch.server.configured import ConfiguredSpawner
from swish_spawner.hub.launch.server.decision import Decision
from swish_spawner.hub.launch.server.host import Manifest
from swish_spawner.hub.launch.server.seen_pod import SeenPod

_WATCHES: Final[Mapping[str, type[PodWatch | EventWatch]]] = {"pods": PodWatch, "events": EventWatch}


class HostSpawner(ConfiguredSpawner):
    """One server of a person's, until JupyterHub makes another of it: after a stop, or a start that failed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.record = EnvironmentRecord()
        self.decision: Decision | None = None

    # Whose it is.

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
    def log_name(self) -> str:
        """What the hub's log calls it."""
        return str(self._log_name)

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

    # What is decided for it.

    def decided(self) -> Decision:
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
            self.decision = Decision.of(self.person, sent(self.user_options), self.policy)
        return self.decision

    # What is seen of it, and asked.

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

    def is_pod_running(self, pod: Mapping[str, Any] | None) -> bool:
        """Say whether a pod runs, with all its containers ready."""
        return pod is not None and is_ready(pod)

    def node(self, name: str) -> Mapping[str, Any] | None:
        """Return what is known of a node by its name."""
        return self.shared.node_looks.look(self.api, self.patience, name)

    def url_of(self, pod: Manifest) -> str:
        """Return where the environment in a pod is."""
        return str(self._get_pod_url(pod))

    async def watched(self) -> AbstractContextManager[None]:
        """Watch pods and events, and return a context during which this pod's events are kept."""
        await self._start_watching_pods()
        if self.events_enabled:
            await self._start_watching_events()
        return self.seen.followed()

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

    @classmethod
    def pod_watches(cls) -> list[PodWatch]:
        """Return the hub's watches of pods, of all namespaces."""
        return [watch for watch in cls.reflectors.values() if isinstance(watch, PodWatch)]

    # What is kept of it.

    @property
    def told_of(self) -> str:
        """The uid of a pod that still runs, unknown to the hub, and that the person was told of."""
        return self.shared.told.get((self.user.name, self.name), "")

    @told_of.setter
    def told_of(self, uid: str) -> None:
        # JupyterHub makes a new spawner after a start that failed
        self.shared.told[self.user.name, self.name] = uid

    def keep(self) -> None:
        """Have the hub's database keep what there is to keep now; JupyterHub commits it with the next change."""
        self.orm_spawner.state = self.get_state()

    def set_over(self, spawn_id: str) -> None:
        """Take down that a start is over, for whoever meets its pod later."""
        self.record = self.record.with_over(spawn_id)
        self.shared.over.update(self.record.over)

    def set_gone(self, spawn_id: str) -> None:
        """Take down that nothing is left of a start."""
        self.record = self.record.without(spawn_id)
        self.shared.over.discard(spawn_id)
