"""Pods as the watches keep them: all of a hub, or those that a service is told of."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from swish_spawner.adapters.kubernetes.watches.watch import CONNECT, Resource, Watch, bare, resource_key

#: Of how many deleted pods the end is remembered, for the starts that are about to hear of it.
_LATELY: Final = 100
#: What is kept of a pod's spec.
_OF_POD: Final = ("nodeName", "tolerations", "terminationGracePeriodSeconds", "restartPolicy")
#: What is kept of a container; an init container that always starts again serves beside the environment.
_OF_CONTAINER: Final = ("name", "image", "ports", "resources", "restartPolicy")


class PodWatch(Watch):
    """The pods of this hub, without what is large or secret in them, and with the moment at which each ``arrived``."""

    kind = "pods"
    lists = ("list_namespaced_pod", "list_pod_for_all_namespaces")

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._deleted: deque[str] = deque(maxlen=1000)
        self._last: dict[str, Resource] = {}

    @property
    def pods(self) -> dict[str, Resource]:
        """Every pod by ``namespace/name``."""
        return self.resources

    def _kept(self, resource: Resource) -> Resource:
        return {**slim_pod(resource), "arrived": time.monotonic()}

    async def refresh(self, namespace: str, name: str) -> None:
        """Look at one pod directly, for when the watch is broken; it never goes back behind what was seen."""
        key = f"{namespace}/{name}"
        response = await self._api.read_namespaced_pod(
            name, namespace, _preload_content=False, _request_timeout=CONNECT
        )
        try:
            if response.status == HTTPStatus.NOT_FOUND:
                if self.resources.pop(key, None) is not None:
                    self._tell(key)
            elif response.status == HTTPStatus.OK:
                self.offer(json.loads(await response.read()))
        finally:
            response.release()

    def offer(self, pod: Resource) -> None:
        """Take in a pod as a request's answer has it, unless something newer is known."""
        known = self.resources.get(resource_key(pod))
        if pod["metadata"]["uid"] not in self._deleted and (known is None or _version(known) < _version(pod)):
            self._remember(pod)

    def gone(self, uid: str) -> Resource | None:
        """Return a pod that was deleted lately as it was last, which tells why; None if that is not known."""
        return self._last.get(uid)

    def _forget(self, resource: Resource) -> None:
        uid = resource["metadata"]["uid"]
        self._deleted.append(uid)
        self._last[uid] = self._kept(resource)
        while len(self._last) > _LATELY:
            del self._last[next(iter(self._last))]
        super()._forget(resource)


class PodNews(Watch):
    """The pods of one namespace that a selector names, told of one by one.

    Args:
        api: a CoreV1Api, whose types know no plain data.
        namespace: of the pods.
        selector: of their labels, as Kubernetes writes it.
        changed: called with these news and with ``namespace/name`` of a pod that came, changed or went.
    """

    kind = "pods"
    lists = PodWatch.lists

    def __init__(self, api: Any, namespace: str, selector: str, changed: Callable[[PodNews, str], None]) -> None:
        super().__init__(api, namespace, selector=selector)
        self._changed = changed

    def pod(self, key: str) -> Resource | None:
        """Return a pod as it is, by ``namespace/name``; None if it is not there."""
        return self.resources.get(key)

    def _kept(self, resource: Resource) -> Resource:
        return slim_pod(resource)

    def _tell(self, key: str) -> None:
        self._changed(self, key)


def slim_pod(pod: Resource) -> Resource:
    """Return a pod with the parts of it that a hub looks at, and without its containers' environment and commands."""
    spec = pod["spec"]
    kept = {key: spec[key] for key in _OF_POD if key in spec}
    for kind in ("containers", "initContainers"):
        if kind in spec:
            kept[kind] = [
                {key: container[key] for key in _OF_CONTAINER if key in container} for container in spec[kind]
            ]
    return {"metadata": bare(pod["metadata"]), "spec": kept, "status": pod.get("status") or {}}


def _version(resource: Resource) -> int:
    return int(resource["metadata"]["resourceVersion"])
