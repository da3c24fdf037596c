"""The request for a start's pod: made once, found again when its answer was lost, and undone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from swish_spawner.core.ownership import has_ended, has_worked, start_of
from swish_spawner.errors import AlreadyThere, ClusterRefused, LaunchFailed
from swish_spawner.hub.launch.server.host import Host, Manifest
from swish_spawner.hub.launch.stop import end_pod

#: What a pod gets to end by itself (seconds) when its start failed: nobody has worked in it.
_FAILED_GRACE: Final = 1


class PodRequest:
    """One start's.

    Args:
        host: whose pod it is.
        tell: says something to the person who waits.
    """

    def __init__(self, host: Host, tell: Callable[[str], None]) -> None:
        self._host, self._tell = host, tell
        self._making: asyncio.Future[Manifest] | None = None

    @property
    def was_sent(self) -> bool:
        """Whether Kubernetes was asked for the pod."""
        return self._making is not None

    async def make(self, manifest: Manifest) -> Manifest:
        """Make the pod; one that is there already is ours, from a request whose answer was lost, or is replaced.

        Raises:
            ClusterAway: no answer came in time.
            ClusterRefused: Kubernetes refused, or the name is somebody else's.
            LaunchFailed: an earlier pod is in the way.
        """
        host = self._host
        while True:
            try:
                # a request that is under way is carried out, whether or not anybody still waits for its answer
                self._making = asyncio.ensure_future(host.pods.create(manifest))
                return await asyncio.shield(self._making)
            except AlreadyThere:
                found = await host.pods.read(host.pod_name)
            if found is None:
                continue
            if _is_stamped(found, host.stamps()):
                return found
            if not host.owns(found):
                raise ClusterRefused(f"the pod {host.pod_name} is there already and belongs to somebody else")
            self._ask_before_it_ends(found)
            await self._end_earlier(found)

    def _ask_before_it_ends(self, pod: Manifest) -> None:
        """Refuse, once, to end a pod that runs and that no stop was asked for: a lost database forgets what is used.

        Raises:
            LaunchFailed: the person was not told of it yet.
        """
        host, uid = self._host, pod["metadata"]["uid"]
        is_over = start_of(pod) in host.shared.over or has_ended(pod)
        if is_over or "deletionTimestamp" in pod["metadata"] or not has_worked(pod) or host.told_of == uid:
            return
        host.told_of = uid
        raise LaunchFailed(
            "An environment of this name still runs, and this hub does not know of it. Start again to have it stopped "
            "first, as any stop is: what is saved stays. Or ask an administrator, if unsaved work is in it.",
            kind="still_runs",
            blame="cluster",
        )

    async def _end_earlier(self, pod: Manifest) -> None:
        host = self._host
        self._tell("The environment's earlier pod is still there; it is stopped first.")
        host.seen.offer(pod)
        try:
            await end_pod(host, pod)
        except TimeoutError as error:
            host.log.warning("%s: %s, on node %s", host.log_name, error, (pod.get("spec") or {}).get("nodeName"))
            raise LaunchFailed(
                "The environment's earlier pod has not ended so far; its node may not answer. Your files are as they "
                "were. Try again in some minutes, or ask an administrator to look at that node.",
                kind="earlier_pod",
                blame="cluster",
            ) from error

    async def undo(self, spawn_id: str, stamps: Mapping[str, str], given_up: str) -> None:
        """Leave nothing of a start that failed; what comes of a request later is the sweeper's, by the start's id.

        Args:
            spawn_id: of the start.
            stamps: that its pod carries.
            given_up: the uid of a pod whose end is asked for and not waited for.
        """
        host, is_known = self._host, self._making is None
        try:
            if self._making is not None:
                await asyncio.wait((self._making,), timeout=host.patience.request_seconds)
                # one whose answer nobody has may still be carried out
                is_known = self._making.done()
                self._making.cancel()
                found = await host.pods.read(host.pod_name)
                if found is not None and _is_stamped(found, stamps):
                    host.seen.offer(found)
                    await end_pod(host, found, _FAILED_GRACE, given_up=given_up)
            if is_known:
                host.set_gone(spawn_id)
        except Exception:
            host.log.exception("%s: the start failed, and so did its clean-up", host.log_name)
        finally:
            host.shared.spawns.discard(spawn_id)


def _is_stamped(pod: Manifest, stamps: Mapping[str, str]) -> bool:
    """Say whether a pod carries these stamps, and is not about to go."""
    metadata = pod["metadata"]
    return "deletionTimestamp" not in metadata and stamps.items() <= (metadata.get("annotations") or {}).items()
