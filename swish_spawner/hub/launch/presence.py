"""Whether an environment is there to be used, as JupyterHub asks again and again, and what a hub before this one left.

What that one started is taken up, and not ended because it does not answer at once.
"""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any, Final

from jupyterhub.objects import Server

from swish_spawner.core.ownership import ending, exit_code, has_worked
from swish_spawner.errors import UserError
from swish_spawner.hub.launch.made import make_missing
from swish_spawner.hub.launch.server.decision import kind_of
from swish_spawner.hub.launch.server.host import Host, Manifest
from swish_spawner.hub.launch.start import Start
from swish_spawner.hub.launch.stop import end_what_is_left

_log: Final = logging.getLogger(__name__)


class AdoptedServer(Server):  # type: ignore[misc]  # JupyterHub has no types
    """Waits for an answer as JupyterHub does, and does without one.

    A hub that begins stops each server that does not answer within `http_timeout`. One that is busy, or behind a
    network that comes back later than the hub, has work in it all the same.
    """

    async def wait_up(self, *args: Any, **kwargs: Any) -> Any:
        """Return the server's answer; where there is none, one that says nothing."""
        try:
            return await super().wait_up(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - JupyterHub would stop the server for any of them
            _log.warning("%s does not answer after the hub's restart, and is left as it is: %s", self.url, error)
            return SimpleNamespace(headers={})


async def code_of(host: Host, start: Start) -> int | None:
    """Return None while the pod is there, or else its exit code; a pod that has ended is removed.

    Args:
        host: whose pod it is, in a namespace that is watched.
        start: of the pod; one of a hub before this one is taken up.

    Raises:
        ClusterAway: Kubernetes does not say.
        ClusterRefused: it will not.
    """
    seen = host.seen
    # one that is not among those that are watched is asked for by its name
    if (pod := seen.now) is None and (pod := await host.pods.read(host.pod_name)) is not None:
        seen.offer(pod)
    if pod is None or not host.owns(pod):
        return 1
    if (code := exit_code(pod)) is not None:
        host.log.warning("%s has ended: %s", host.log_name, ending(pod))
        if host.delete_stopped_pods:
            await end_what_is_left(host, now=True)
        return code
    if not start.is_taken_up:
        return None
    is_there = await _take_up(host, start, pod)
    start.is_taken_up = False
    return None if is_there else 1


async def _take_up(host: Host, start: Start, pod: Manifest) -> bool:
    """Take up a pod that a hub before this one made: as it is, if it has run, or else until it does.

    Args:
        host: whose pod it is.
        start: of the pod.
        pod: as it was last seen.

    Returns:
        Whether it is there to be used.
    """
    host.pod_id = pod["metadata"]["uid"]
    make_missing(host, start, pod)
    return has_worked(pod) or await _comes_up(host, start)


async def _comes_up(host: Host, start: Start) -> bool:
    """Wait for a pod; one that says that it will not come up is stopped."""
    try:
        with await host.watched():
            await start.ready()
    except UserError as error:
        host.log.warning("%s does not come up after the hub's restart: %s", host.log_name, error)
        start.give_up(kind_of(error, host.decision))
        await end_what_is_left(host)
        return False
    return True
