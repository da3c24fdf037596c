"""What a benchmark asks of its API server directly: filling namespaces, watching pods come up, and clearing up."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp

from benchmarks.control_plane import ControlPlane

Resource = dict[str, Any]

_AT_ONCE: Final = 32
_NODES: Final = 10
#: For five thousand pods to run, and for a thousand to be gone.
_FILL_SECONDS: Final = 300
_CLEAR_SECONDS: Final = 180
#: Of the events that a namespace is filled with; no other has it here.
_REASON: Final = "Pulled"
#: A label of the pods that a namespace was filled with.
_OTHER: Final = "bench-other"
#: As KubeSpawner labels its pods, so that they are in its list.
_LABELS: Final = {"component": "singleuser-server", "app": "jupyterhub"}


class ApiServer:
    """The objects of one API server.

    Args:
        plane: it runs there.
        http: to ask it by.
    """

    def __init__(self, plane: ControlPlane, http: aiohttp.ClientSession) -> None:
        self._plane, self._http, self._tls = plane, http, plane.tls

    async def ask(self, method: str, path: str, body: Resource | None = None) -> Resource:
        """Return an answer; that something is there already, or is gone already, is one too.

        Raises:
            RuntimeError: any other refusal.
        """
        url = f"{self._plane.url}{path}"
        async with self._http.request(method, url, json=body, ssl=self._tls) as answer:
            found: Resource = await answer.json()
            if answer.status >= 400 and answer.status not in (404, 409):
                raise RuntimeError(f"{method} {path}: {answer.status} {found.get('message')}")
            return found

    async def make_nodes(self) -> None:
        """Make the fake nodes, and wait until pods can go there."""
        for number in range(_NODES):
            await self.ask("POST", "/api/v1/nodes", {"metadata": {"name": f"node-{number}"}})
        async with asyncio.timeout(60):
            while not all(is_ready(node) for node in (await self.ask("GET", "/api/v1/nodes"))["items"]):
                await asyncio.sleep(0.2)

    async def make_namespace(self, name: str, pods: int = 0, events: int = 0) -> None:
        """Make a namespace with pods that run in it, and events of such pods."""
        await self.ask("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
        await self._post_all(f"/api/v1/namespaces/{name}/pods", (other_pod(n) for n in range(pods)))
        await self._post_all(f"/api/v1/namespaces/{name}/events", (other_event(name, n) for n in range(events)))
        async with asyncio.timeout(_FILL_SECONDS):
            while not all(is_ready(pod) for pod in await self.pods(name)):
                await asyncio.sleep(2)

    async def _post_all(self, path: str, bodies: Iterable[Resource]) -> None:
        rest = iter(bodies)

        async def post_some() -> None:
            for body in rest:
                await self.ask("POST", path, body)

        await asyncio.gather(*(post_some() for _ in range(_AT_ONCE)))

    async def pods(self, namespace: str, query: str = "") -> list[Resource]:
        """Return every pod of a namespace, or those that a query keeps."""
        found: list[Resource] = (await self.ask("GET", f"/api/v1/namespaces/{namespace}/pods{query}"))["items"]
        return found

    async def left_behind(self, namespace: str) -> list[str]:
        """Return the names of pods that are not there to stay: those of starts."""
        return [pod["metadata"]["name"] for pod in await self.pods(namespace, f"?labelSelector=%21{_OTHER}")]

    async def clear(self, namespace: str) -> None:
        """Delete what starts made, and wait until it is gone.

        Kubernetes keeps events for an hour; those of one run would be in the way of the next, and of stock's the most.
        """
        await self.ask("DELETE", f"/api/v1/namespaces/{namespace}/persistentvolumeclaims")
        await self.clear_pods(namespace)
        await self.ask("DELETE", f"/api/v1/namespaces/{namespace}/events?fieldSelector=reason%21%3D{_REASON}")

    async def clear_pods(self, namespace: str) -> None:
        """Delete the pods that starts made, and wait until they are gone."""
        for name in await self.left_behind(namespace):
            await self.ask("DELETE", f"/api/v1/namespaces/{namespace}/pods/{name}", {"gracePeriodSeconds": 0})
        async with asyncio.timeout(_CLEAR_SECONDS):
            while await self.left_behind(namespace):
                await asyncio.sleep(0.5)

    async def make_plain_pods(self, namespace: str, count: int) -> None:
        """Make pods that nobody spawned, all at once."""
        path = f"/api/v1/namespaces/{namespace}/pods"
        bodies = [_pod(f"plain-{number}", {"labels": _LABELS}) for number in range(count)]
        await asyncio.gather(*(self.ask("POST", path, body) for body in bodies))

    @contextlib.asynccontextmanager
    async def observed(self, namespace: str) -> AsyncIterator[Observer]:
        """Watch the pods of a namespace meanwhile."""
        version = (await self.ask("GET", f"/api/v1/namespaces/{namespace}/pods?limit=1"))["metadata"]["resourceVersion"]
        observer = Observer()
        task = asyncio.create_task(self._follow(namespace, version, observer))
        try:
            yield observer
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _follow(self, namespace: str, version: str, observer: Observer) -> None:
        """Watch for ever: the API server ends a watch that a burst has got ahead of, and goes on from where it was."""
        while version:
            version = await self._follow_once(namespace, version, observer)
        raise RuntimeError("the watch has ended, and what came since is forgotten")

    async def _follow_once(self, namespace: str, version: str, observer: Observer) -> str:
        """Watch until the server ends it and return the version to go on from; empty if it is too old."""
        url = f"{self._plane.url}/api/v1/namespaces/{namespace}/pods?watch=1&resourceVersion={version}"
        timeout = aiohttp.ClientTimeout()
        async with self._http.get(url, ssl=self._tls, timeout=timeout) as answer:
            async for line in answer.content:
                change = json.loads(line)
                if change["type"] == "ERROR":
                    return ""
                observer.take(change, time.monotonic())
                version = change["object"]["metadata"]["resourceVersion"]
        return version


@dataclass
class Observer:
    """When pods were made and when they became ready, by name, in seconds of the monotonic clock of this machine."""

    made: dict[str, float] = field(default_factory=dict)
    ready: dict[str, float] = field(default_factory=dict)

    def take(self, change: Mapping[str, Any], now: float) -> None:
        """Take in one change of a watch; the first time that something is so is what counts."""
        pod = change["object"]
        name = pod["metadata"]["name"]
        self.made.setdefault(name, now)
        if is_ready(pod):
            self.ready.setdefault(name, now)


def is_ready(thing: Mapping[str, Any]) -> bool:
    """Say whether a node or a pod is ready."""
    return is_true(thing, "Ready")


def is_true(thing: Mapping[str, Any], condition: str) -> bool:
    """Say whether a node or a pod has a condition, and it is so."""
    conditions = (thing.get("status") or {}).get("conditions") or ()
    return any(c["type"] == condition and c["status"] == "True" for c in conditions)


def is_other(pod: Mapping[str, Any]) -> bool:
    """Say whether a pod is one of those that a namespace was filled with."""
    return _OTHER in pod["metadata"].get("labels", {})


def other_pod(number: int) -> Resource:
    """Return a pod of about the size that a JupyterHub's pods have."""
    annotations = {"bench/filler": "x" * 3000}
    return _pod(
        f"other-{number}",
        {"labels": {**_LABELS, _OTHER: ""}, "annotations": annotations},
        nodeName=f"node-{number % _NODES}",
    )


def other_event(namespace: str, number: int) -> Resource:
    """Return an event of a pod that started earlier; seven are of the same pod."""
    pod = f"other-{number // 7}"
    return {
        "metadata": {"name": f"{pod}.{number:x}"},
        "involvedObject": {"kind": "Pod", "namespace": namespace, "name": pod, "uid": f"uid-{pod}"},
        "reason": _REASON,
        "message": "Container image already present on machine and can be accessed by the pod",
        "type": "Normal",
        "firstTimestamp": "2026-01-01T00:00:00Z",
        "lastTimestamp": "2026-01-01T00:00:00Z",
        "count": 1,
        "source": {"component": "kubelet", "host": f"node-{number % _NODES}"},
    }


def _pod(name: str, metadata: Resource, **spec: Any) -> Resource:
    environment = [{"name": f"JUPYTERHUB_{n}", "value": "http://hub:8081/hub/api"} for n in range(25)]
    container = {"name": "notebook", "image": "example.org/pause:1", "env": environment}
    return {"metadata": {"name": name, **metadata}, "spec": {"containers": [container], **spec}}


@contextlib.asynccontextmanager
async def api_server_of(plane: ControlPlane) -> AsyncIterator[ApiServer]:
    """Talk to a control plane until the block ends."""
    connector = aiohttp.TCPConnector(limit=200)
    async with aiohttp.ClientSession(headers=plane.headers, connector=connector, read_bufsize=2**22) as http:
        yield ApiServer(plane, http)
