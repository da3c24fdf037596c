"""What the parts of a launch use of their spawner: the seam between JupyterHub's object and ours."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from logging import Logger
from typing import Any, Protocol

from swish_spawner.adapters.kubernetes.pods import Pods
from swish_spawner.adapters.kubernetes.requests import Patience
from swish_spawner.adapters.ports import Cluster
from swish_spawner.core.record import EnvironmentRecord
from swish_spawner.core.ssh.sshd import HostKey
from swish_spawner.hub.launch.server.decision import Decision
from swish_spawner.hub.launch.server.seen_pod import SeenPod
from swish_spawner.hub.shared.shared import Shared

Manifest = dict[str, Any]


class Host(Protocol):
    """One server of a person's, as JupyterHub has it until a stop or a failed start.

    Attributes:
        record: what is kept of it; a hub that comes after this one knows no more than that.
        decision: what was decided for its start; None before, and for one that a hub before this one decided.
        api_token: with which the environment speaks to the hub.
        namespace: of its pod.
        pod_name: of its pod.
        pod_id: the uid of its pod.
        start_timeout: how long JupyterHub waits for a start (seconds).
        first_answer_seconds: how long a pod that runs is watched until its port is open.
        delete_stopped_pods: whether a pod that has ended is removed.
        log: the hub's.
    """

    record: EnvironmentRecord
    decision: Decision | None
    api_token: str
    namespace: str
    pod_name: str
    pod_id: str
    start_timeout: int
    first_answer_seconds: int
    delete_stopped_pods: bool
    log: Logger

    @property
    def told_of(self) -> str:
        """The uid of a pod that still runs, unknown to the hub, and that the person was told of."""

    @told_of.setter
    def told_of(self, uid: str) -> None: ...

    def keep(self) -> None:
        """Have the hub's database keep what there is to keep now."""

    @property
    def log_name(self) -> str:
        """What the hub's log calls it."""

    @property
    def shared(self) -> Shared:
        """What it has in common with all others of the hub."""

    @property
    def seen(self) -> SeenPod:
        """Its pod as the watches have it."""

    @property
    def patience(self) -> Patience:
        """How long to wait for the API server."""

    @property
    def pods(self) -> Pods:
        """Requests about pods of its namespace."""

    @property
    def cluster(self) -> Cluster:
        """The API server that its objects are made on."""

    def stamps(self) -> Mapping[str, str]:
        """Return the annotations that say whose a pod is; they hold the start's id."""

    def owns(self, pod: Manifest) -> bool:
        """Say whether a pod is this server's, whichever start made it; no other is ended, replaced or taken up."""

    def set_over(self, spawn_id: str) -> None:
        """Take down that a start is over, for whoever meets its pod later."""

    def set_gone(self, spawn_id: str) -> None:
        """Take down that nothing is left of a start."""

    def decide_again(self) -> Decision:
        """Return the decision; after a hub's restart it is made anew, of what was asked for then, by today's policy.

        Raises:
            UserError: the policy of now refuses.
        """

    def host_key(self, decision: Decision) -> HostKey:
        """Return the host key of the environment's sshd."""

    def node(self, name: str) -> Mapping[str, Any] | None:
        """Return what is known of a node by its name: its conditions, nothing if it is gone, or None."""

    async def load_user_options(self) -> None:
        """Apply what was decided, after KubeSpawner's own options.

        Raises:
            UserError: the policy refuses.
        """

    async def make_namespace(self) -> None:
        """Make the namespace, where each person has one."""

    async def watched(self) -> AbstractContextManager[None]:
        """Watch pods and events, and return a context during which this pod's events are kept."""

    async def make_prerequisites(self) -> None:
        """Make what has to be there before the pod."""

    async def manifest(self) -> Manifest:
        """Return the pod as it is sent, after every hook."""

    async def make_owned(self, pod: Manifest) -> None:
        """Make what belongs to the pod, and goes with it."""

    async def stop(self, now: bool = False) -> None:
        """Stop the environment and wait until its pod is gone.

        Args:
            now: give what has ended no time to end; what runs has what it says that it needs all the same.
        """

    def url_of(self, pod: Manifest) -> str:
        """Return where the environment in a pod is."""
