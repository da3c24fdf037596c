"""What the sweeper looks at: this hub's live starts, and the pods that the watches know."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from types import SimpleNamespace
from typing import Any, Final

from jupyterhub import orm
from jupyterhub.app import JupyterHub
from kubespawner.clients import shared_client
from traitlets.log import get_logger

from swish_spawner.adapters.kubernetes.lease import Leases
from swish_spawner.adapters.kubernetes.pods import Pods
from swish_spawner.core import labels
from swish_spawner.core.ownership import has_ended, has_worked
from swish_spawner.core.policy.values import namespaces
from swish_spawner.core.record import EnvironmentRecord, pod_of
from swish_spawner.core.upkeep.sweep import Desired, Observed
from swish_spawner.core.upkeep.tenancy import LEASE
from swish_spawner.hub.launch.spawner import SwishSpawner
from swish_spawner.hub.shared.shared import Shared, shared_of
from swish_spawner.hub.sweep.sweeper import NotReady
from swish_spawner.hub.sweep.tenancy import Tenancy

#: After so long (seconds) a namespace that could not be watched is tried again.
_TRY_AGAIN: Final = 600.0
#: How often to look whether the hub listens by now (seconds).
_LOOK_AGAIN: Final = 0.5


class HubWorld:
    """The hub that runs in this process, and its cluster.

    It never lists what a watch knows. Where nobody has started anything since the hub began, it begins the watch that
    the next start will use.
    """

    def __init__(self) -> None:
        self._scouts: dict[str, SwishSpawner] = {}
        self._watching: dict[str, tuple[float, asyncio.Future[Any]]] = {}
        self._holding: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Hold the namespaces from now on, for as long as the event loop runs."""
        self._holding = asyncio.get_running_loop().create_task(self._hold_namespaces())

    async def _hold_namespaces(self) -> None:
        """Begin as soon as the hub listens.

        Raises:
            SystemExit: another hub is at work in one of them.
        """
        while True:
            try:
                tenancy = self.tenancy()
            except NotReady:
                await asyncio.sleep(_LOOK_AGAIN)
            except Exception as error:  # noqa: BLE001 - it is in the log, and the hub works without
                get_logger().error("Nobody can say whether another hub is at work here: %s", error)
                return
            else:
                await tenancy.run()

    def desired(self, *, asked_again: bool) -> Desired:
        """Return what the hub knows; asked again, with everything that its database has.

        The starts in memory may be too few, but only by a mistake of ours; the database is what a hub that restarts
        takes its servers from, and a start is in it before its pod is made. So a start is dead when neither has it.
        """
        app = self._hub()
        shared = self._shared(app)
        ids, pods, over = set(shared.spawns), set[str](), set(shared.over)
        if asked_again:
            for state in live_states(app.db):
                ids.add(EnvironmentRecord.parse(state).spawn_id)
                pods.add(pod_of(state))
            over.update(over_ids(app.db))
        return Desired(self._scout(app).installation, ids, pods, over - ids)

    def tenancy(self) -> Tenancy:
        """Return what holds the namespaces of this hub.

        Raises:
            NotReady: the hub has not started yet.
        """
        scout = self._scout(self._hub())
        leases = Leases(shared_client("CoordinationV1Api"), LEASE, scout.patience)
        return Tenancy(
            scout.installation,
            leases,
            lambda: namespaces(scout.policy, scout.namespace),
            lambda: bool(scout.shared.spawns),
        )

    def observed(self) -> list[Observed]:
        """Return the installation's pods, of every watch that is up to date."""
        app = self._hub()
        scout = self._scout(app)
        self._watch_all(app, scout)
        healthy = [watch for watch in scout.pod_watches() if watch.healthy]
        if not healthy:
            raise NotReady("no watch of pods is up to date")
        return [pod for watch in healthy for pod in stamped(watch.pods.values(), scout.installation)]

    def is_live(self, spawn_id: str) -> bool:
        """Say whether a start is live, at this very moment."""
        return spawn_id in self._shared(self._hub()).spawns

    async def delete(self, pod: Observed) -> bool:
        """Ask for the end of a pod that has not changed since, with what it says that it needs to end by itself."""
        namespace, _, name = pod.key.partition("/")
        scout = self._scout(self._hub())
        return await Pods(scout.api, namespace, scout.patience).delete(name, pod.uid, None, pod.version)

    def _hub(self) -> Any:
        """Return the hub's application.

        It listens only after it has read every server that it has, and so knows the starts of all: `initialize`,
        with `init_spawners` up to where it first waits, is over before `start` makes `http_server`.
        """
        app = JupyterHub.instance() if JupyterHub.initialized() else None
        if app is None or app.http_server is None:
            raise NotReady("the hub has not started yet")
        return app

    def _shared(self, app: Any) -> Shared:
        return shared_of(app.tornado_settings)

    def _scout(self, app: Any, namespace: str = "") -> SwishSpawner:
        """Return a spawner of nobody's, which has everything that the administrator has set, and starts nothing."""
        if namespace not in self._scouts:
            user = SimpleNamespace(name="swish-sweeper", id=0, url="", groups=[], settings=app.tornado_settings)
            server = SimpleNamespace(name="", server=None)
            scout = app.spawner_class(user=user, orm_spawner=server, hub=app.hub, config=app.config, _mock=True)
            scout.namespace = namespace or scout.namespace
            self._scouts[namespace] = scout
        return self._scouts[namespace]

    def _watch_all(self, app: Any, scout: SwishSpawner) -> None:
        """Begin to watch each namespace that is not watched yet, for a later look."""
        for namespace in namespaces(scout.policy, scout.namespace):
            tried, watching = self._watching.get(namespace, (0.0, None))
            failed = watching is not None and watching.done() and watching.exception() is not None
            if watching is None or (failed and time.monotonic() - tried > _TRY_AGAIN):
                begun = asyncio.ensure_future(self._scout(app, namespace)._start_watching_pods())  # noqa: SLF001 - KubeSpawner's
                self._watching[namespace] = time.monotonic(), begun


def live_states(db: Any) -> list[Mapping[str, Any]]:
    """Return the state of every server that is there or on its way, by the hub's database."""
    rows = db.query(orm.Spawner.state).filter(orm.Spawner.server_id.isnot(None))
    return [state or {} for (state,) in rows]


def over_ids(db: Any) -> Iterator[str]:
    """Yield the starts that every server has ended and not seen the end of, by the hub's database."""
    for (state,) in db.query(orm.Spawner.state):
        yield from EnvironmentRecord.parse(state).over


def stamped(pods: Iterable[Mapping[str, Any]], installation: str) -> Collection[Observed]:
    """Return the pods that carry an installation's stamp."""
    return [observed(pod) for pod in pods if _annotations(pod).get(labels.HUB) == installation]


def observed(pod: Mapping[str, Any]) -> Observed:
    """Return what the sweeper looks at of a pod, as the API server has it."""
    metadata, stamps = pod["metadata"], _annotations(pod)
    return Observed(
        key=f"{metadata['namespace']}/{metadata['name']}",
        uid=metadata["uid"],
        version=metadata["resourceVersion"],
        created=datetime.fromisoformat(metadata["creationTimestamp"]),
        ending="deletionTimestamp" in metadata,
        installation=stamps.get(labels.HUB, ""),
        spawn_id=stamps.get(labels.SPAWN_ID, ""),
        server=f"{stamps.get(labels.USER, '')}/{stamps.get(labels.SERVER, '')}",
        worked=has_worked(pod) and not has_ended(pod),
    )


def _annotations(pod: Mapping[str, Any]) -> Mapping[str, str]:
    return pod["metadata"].get("annotations") or {}
