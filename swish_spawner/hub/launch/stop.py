"""One end of a pod: asked for with what the pod says that it needs, and waited for until it is gone."""

from __future__ import annotations

import time
from typing import Final

from swish_spawner.core.ownership import grace_of
from swish_spawner.errors import ClusterAway, ClusterRefused
from swish_spawner.hub.launch.server.host import Host, Manifest
from swish_spawner.hub.launch.server.seen_pod import LOOK_AGAIN

#: Beyond its grace, how long a pod may take until it is gone (seconds), e.g. until its volumes are unmounted.
_GONE: Final = 60


async def end_pod(host: Host, pod: Manifest, grace_seconds: int | None = None, *, given_up: str = "") -> None:
    """Delete a pod and wait until it is gone, unless it is given up: Kubernetes ends it then when it can.

    Args:
        host: whose pod it is.
        pod: which is ours.
        grace_seconds: what its containers get to end by themselves; None is what the pod says, whoever started it.
        given_up: the uid of a pod that is not waited for.

    Raises:
        TimeoutError: it is still there long after its grace, as on a node that does not answer.
    """
    uid = pod["metadata"]["uid"]
    await host.pods.delete(host.pod_name, uid, grace_seconds)
    grace_seconds = grace_of(pod) if grace_seconds is None else grace_seconds
    end = time.monotonic() + grace_seconds + _GONE
    while uid != given_up and (left := host.seen.now) is not None and left["metadata"]["uid"] == uid:
        if time.monotonic() > end:
            raise TimeoutError(f"pod {host.seen.key} is still there {grace_seconds + _GONE} seconds after its end")
        await host.seen.news(LOOK_AGAIN, host.log)


async def end_what_is_left(host: Host, *, now: bool = False) -> None:
    """Stop what nobody can use; where that cannot be done now, it is done later."""
    try:
        await host.stop(now=now)
    except (ClusterAway, ClusterRefused, TimeoutError) as error:
        host.log.warning("%s: its pod is still there: %s", host.log_name, error)
