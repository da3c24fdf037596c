"""Events as the watches keep them: those of pods that are being started."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from swish_spawner.adapters.kubernetes.watches.watch import REQUEST, Resource, Watch, bare


class EventWatch(Watch):
    """The events of pods that are being started, and of their claims; all others are passed over, however many."""

    kind = "events"
    lists = ("list_namespaced_event", "list_event_for_all_namespaces")
    bookmarked = False
    #: The most that is kept of one pod.
    most = 100

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._followed: dict[str, dict[str, Resource]] = {}
        self._claims: dict[str, str] = {}

    @property
    def events(self) -> list[Resource]:
        """Everything that is kept, oldest first, as KubeSpawner's reflector has it."""
        return sorted((event for events in self._followed.values() for event in events.values()), key=event_time)

    def of(self, key: str) -> list[Resource]:
        """Return the events of one pod that is followed, in the order in which they came."""
        return list(self._followed.get(key, {}).values())

    @contextmanager
    def followed(self, key: str) -> Iterator[None]:
        """Keep the events of one pod meanwhile."""
        self._followed[key] = {}
        try:
            yield
        finally:
            self._followed.pop(key, None)
            self._claims = {claim: pod for claim, pod in self._claims.items() if pod != key}

    def follow_claim(self, claim: str, pod: str) -> None:
        """Keep a claim's events among those of a pod, as long as the pod's are kept; both are ``namespace/name``."""
        self._claims[claim] = pod

    async def _list_and_update(self) -> str:
        """Find the place to follow from; what happened before is of no start that is still to come."""
        response = await self._request(limit=1, _request_timeout=REQUEST)
        try:
            self._version = json.loads(await response.read())["metadata"]["resourceVersion"]
        finally:
            response.release()
        if not self.first_load_future.done():
            self.first_load_future.set_result(None)
        return str(self._version)

    def _remember(self, resource: Resource) -> None:
        about = resource.get("involvedObject") or {}
        name = f"{about.get('namespace')}/{about.get('name')}"
        # KubeSpawner asks for events of pods alone, and says the kind of none
        key = self._claims.get(name, "") if about.get("kind") == "PersistentVolumeClaim" else name
        events = self._followed.get(key)
        if events is None or about.get("kind", "Pod") not in ("Pod", "PersistentVolumeClaim"):
            return
        name = resource["metadata"]["name"]
        events.pop(name, None)
        events[name] = {**resource, "metadata": bare(resource["metadata"]), "arrived": time.monotonic()}
        while len(events) > self.most:
            del events[next(iter(events))]
        self._tell(key)

    def _forget(self, resource: Resource) -> None:
        """Events are deleted when they are old, which is no news."""


def event_time(event: Mapping[str, Any]) -> str:
    """Return when an event was last seen, as text that sorts; it may lack the time in any one of these fields."""
    series = event.get("series") or {}
    times = (series.get("lastObservedTime"), event.get("lastTimestamp"), event.get("eventTime"))
    return next((str(time) for time in times if time), "")
