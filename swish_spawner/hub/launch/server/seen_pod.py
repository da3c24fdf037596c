"""An environment's pod, and what Kubernetes says of it, as the watches have them."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from logging import Logger
from typing import Any, Final

from swish_spawner.adapters.kubernetes.watches.events import EventWatch
from swish_spawner.adapters.kubernetes.watches.pods import PodWatch
from swish_spawner.adapters.kubernetes.watches.wakeups import WakeUps

Manifest = dict[str, Any]

#: The longest pause (seconds) after which who waits for news looks again without any.
LOOK_AGAIN: Final = 5.0


@dataclass(frozen=True, slots=True)
class SeenPod:
    """One environment's pod.

    Attributes:
        namespace: of the pod.
        name: of the pod.
        pods: the watch of its namespace; None before the first start there.
        said: the watch of events; None where they are not watched.
        wakeups: of those who wait for news.
    """

    namespace: str
    name: str
    pods: PodWatch | None
    said: EventWatch | None
    wakeups: WakeUps

    @property
    def key(self) -> str:
        """The pod's key in the watches."""
        return f"{self.namespace}/{self.name}"

    @property
    def now(self) -> Manifest | None:
        """The pod as it was last seen; None if it is not there."""
        return self.pods.pods.get(self.key) if self.pods else None

    @property
    def events(self) -> list[Manifest]:
        """What Kubernetes said of it since its start began."""
        return self.said.of(self.key) if self.said else []

    def of(self, uid: str) -> Manifest | None:
        """Return the pod of this uid as it was last seen; one that is gone is about to be deleted, for all who ask."""
        pod = self.now
        if pod and pod["metadata"]["uid"] == uid:
            return pod
        last = self.pods.gone(uid) if self.pods else None
        return last and {**last, "metadata": {"deletionTimestamp": "", **last["metadata"]}}

    def offer(self, pod: Manifest) -> None:
        """Take in a pod as a request's answer has it."""
        if self.pods is not None:
            self.pods.offer(pod)

    def followed(self) -> AbstractContextManager[None]:
        """Keep its events meanwhile."""
        return self.said.followed(self.key) if self.said else nullcontext()

    def follow_claims(self, claims: Iterable[str]) -> None:
        """Keep what Kubernetes says of its volumes, too: it says it of their claims, not of the pod."""
        if self.said is not None:
            for claim in claims:
                self.said.follow_claim(f"{self.namespace}/{claim}", self.key)

    async def news(self, seconds: float, log: Logger) -> None:
        """Return at the next news of it, or after a pause; a broken watch is made up for by a direct look."""
        await self.wakeups.wait(self.key, min(seconds, LOOK_AGAIN))
        if self.pods is not None and not self.pods.healthy:
            try:
                await self.pods.refresh(self.namespace, self.name)
            except Exception as error:  # noqa: BLE001 - the watch says in the log what it waits for
                log.debug("No look at pod %s: %s", self.key, error)
