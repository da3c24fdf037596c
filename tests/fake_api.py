"""A Kubernetes API server in memory: as much of what a spawner makes as it uses, over real HTTP.

It keeps versions as the real one does: a watch continues where it says, and a place that was compacted away is 410.
What it cannot show (admission, garbage collection, a kubelet) the end-to-end tests show on a real cluster.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from threading import Thread
from typing import Any, TypeVar

from aiohttp import web

from benchmarks.serving import serving

Resource = dict[str, Any]
KINDS = (
    *("pods", "events", "persistentvolumeclaims", "poddisruptionbudgets", "secrets", "services", "nodes", "leases"),
    *("configmaps", "deployments", "namespaces"),
)


class FakeApi:
    """The server's objects, and switches for what may go wrong.

    Attributes:
        requests: how many there were, by verb and kind, e.g. ``LIST pods``.
        runs: whether a pod that is made runs.
        start_seconds: how long it takes until then.
        keeps: whether a pod that is deleted stays until `gone` is called.
        failures: answers to give instead of carrying out, by verb and kind: statuses, from the first on.
        lost: verbs and kinds whose next request is carried out but not answered.
        slow_seconds: before each answer.
        graces: of each deletion (seconds), None where none was said.
        logs: what containers have said, by ``pod/container``.
    """

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Resource]] = {kind: {} for kind in KINDS}
        self.requests: Counter[str] = Counter()
        self.runs, self.keeps = True, False
        self.failures: dict[str, list[tuple[int, str]]] = {}
        self.lost: list[str] = []
        self.graces: list[int | None] = []
        self.slow_seconds = self.start_seconds = 0.0
        self.logs: dict[str, str] = {}
        self.version, self.oldest = 1, 0
        self.url = ""
        self._changes: list[tuple[int, str, str, Resource]] = []
        self._news = asyncio.Event()
        self._watches: set[asyncio.Task[Any]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def beside(self, what: Callable[[], object]) -> None:
        """Do something with the objects where they are served: in another thread."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(what)

    def change(self, kind: str, what: str, resource: Resource) -> Resource:
        """Take in a change, and tell the watches."""
        self.version += 1
        resource["metadata"]["resourceVersion"] = str(self.version)
        key = f"{resource['metadata'].get('namespace', '')}/{resource['metadata']['name']}"
        if what == "DELETED":
            self.objects[kind].pop(key, None)
        else:
            self.objects[kind][key] = resource
        self._changes.append((self.version, kind, what, json.loads(json.dumps(resource))))
        self._wake()
        return resource

    def _wake(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    def pod(self, name: str) -> Resource:
        """Return a pod, in whichever namespace it is."""
        return next(pod for key, pod in self.objects["pods"].items() if key.endswith(f"/{name}"))

    def run(self, name: str, **status: Any) -> None:
        """Let a pod run, or have the status that is given."""
        pod = self.pod(name)
        running = {
            "phase": "Running",
            "podIP": "127.0.0.1",
            "qosClass": "Guaranteed",
            "conditions": [{"type": t, "status": "True"} for t in ("PodScheduled", "Initialized", "Ready")],
            "containerStatuses": [{"name": "notebook", "ready": True, "state": {"running": {}}}],
        }
        self.change("pods", "MODIFIED", {**pod, "status": status or running})

    def gone(self, name: str) -> None:
        """Let a pod be gone."""
        self.change("pods", "DELETED", self.pod(name))

    def event(self, pod: str, reason: str, message: str) -> None:
        """Say something of a pod."""
        namespace = self.pod(pod)["metadata"]["namespace"]
        metadata = {"name": f"{pod}.{self.version}", "namespace": namespace}
        about = {"kind": "Pod", "namespace": namespace, "name": pod}
        event = {"metadata": metadata, "involvedObject": about, "reason": reason, "message": message, "type": "Normal"}
        self.change("events", "ADDED", event)

    def drop_watches(self) -> None:
        """Break every open watch, as a restart of the server does."""
        for watch in self._watches:
            watch.cancel()

    def compact(self) -> None:
        """Forget every change so far: a watch that would begin before is 410."""
        self.oldest = self.version
        self._changes.clear()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        namespace, kind, name = (request.match_info.get(key, "") for key in ("namespace", "kind", "name"))
        verb = {"GET": "GET" if name else "LIST"}.get(request.method, request.method)
        verb = "LOG" if request.path.endswith("/log") else verb
        verb = "WATCH" if request.query.get("watch") else verb
        self.requests[f"{verb} {kind}"] += 1
        await asyncio.sleep(self.slow_seconds)
        if failures := self.failures.get(f"{verb} {kind}"):
            status, message = failures.pop(0)
            return refusal(status, message)
        answer = await getattr(self, f"_{verb.lower()}")(request, namespace, kind, name)
        if f"{verb} {kind}" in self.lost:
            self.lost.remove(f"{verb} {kind}")
            assert request.transport is not None
            request.transport.close()
        response: web.StreamResponse = answer
        return response

    async def _list(self, request: web.Request, namespace: str, kind: str, _name: str) -> web.Response:
        items = [o for key, o in self.objects[kind].items() if not namespace or key.startswith(f"{namespace}/")]
        for key, _, value in (
            term.partition("=") for term in request.query.get("labelSelector", "").split(",") if "=" in term
        ):
            items = [o for o in items if o["metadata"].get("labels", {}).get(key) == value]
        key, _, value = request.query.get("fieldSelector", "").partition("=")
        if key == "metadata.name":
            items = [o for o in items if o["metadata"]["name"] == value]
        start, limit = int(request.query.get("continue", 0)), int(request.query.get("limit", 0)) or len(items)
        more = {"continue": str(start + limit)} if start + limit < len(items) else {}
        metadata = {"resourceVersion": str(self.version), **more}
        return web.json_response({"metadata": metadata, "items": items[start : start + limit]})

    async def _watch(self, request: web.Request, namespace: str, kind: str, _name: str) -> web.StreamResponse:
        version = int(request.query["resourceVersion"])
        if version < self.oldest:
            return refusal(410, "too old resource version")
        response = web.StreamResponse()
        await response.prepare(request)
        task = asyncio.current_task()
        assert task is not None
        self._watches.add(task)
        try:
            while True:
                news = self._news
                for number, its_kind, what, resource in list(self._changes):
                    if number > version and its_kind == kind and resource["metadata"]["namespace"] == namespace:
                        await response.write(json.dumps({"type": what, "object": resource}).encode() + b"\n")
                version = self.version
                await news.wait()
        finally:
            self._watches.discard(task)

    async def _get(self, _request: web.Request, namespace: str, kind: str, name: str) -> web.Response:
        found = self.objects[kind].get(f"{namespace}/{name}")
        return web.json_response(found) if found else refusal(404, f"{name} not found")

    async def _log(self, request: web.Request, namespace: str, _kind: str, name: str) -> web.StreamResponse:
        return web.Response(text=self.logs.get(f"{name}/{request.query['container']}", ""))

    async def _post(self, request: web.Request, namespace: str, kind: str, _name: str) -> web.Response:
        resource = await request.json()
        name = resource["metadata"]["name"]
        if f"{namespace}/{name}" in self.objects[kind]:
            return refusal(409, f'{kind} "{name}" already exists', "AlreadyExists")
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        place = {"namespace": namespace} if namespace else {}
        resource["metadata"] |= {**place, "uid": f"uid-{self.version}", "creationTimestamp": now}
        made = self.change(kind, "ADDED", resource | ({"status": {"phase": "Pending"}} if kind == "pods" else {}))
        if kind == "pods" and self.runs and self.start_seconds:
            asyncio.get_running_loop().call_later(self.start_seconds, self.run, name)
        elif kind == "pods" and self.runs:
            self.run(name)
        return web.json_response(made, status=201)

    async def _put(self, request: web.Request, namespace: str, kind: str, name: str) -> web.Response:
        found = self.objects[kind].get(f"{namespace}/{name}")
        if not found:
            return refusal(404, f"{name} not found")
        resource = await request.json()
        if resource["metadata"].get("resourceVersion") not in (None, found["metadata"]["resourceVersion"]):
            return refusal(
                409, "the object has been modified; please apply your changes to the latest version", "Conflict"
            )
        return web.json_response(self.change(kind, "MODIFIED", resource))

    async def _delete(self, request: web.Request, namespace: str, kind: str, name: str) -> web.Response:
        found = self.objects[kind].get(f"{namespace}/{name}")
        if not found:
            return refusal(404, f"{name} not found")
        options = await request.json() if request.can_read_body else {}
        self.graces.append(options.get("gracePeriodSeconds"))
        for field, value in options.get("preconditions", {}).items():
            if value != found["metadata"][field]:
                return refusal(409, f"the {field} in the precondition does not match", "Conflict")
        if self.keeps and kind == "pods":
            metadata = {**found["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}
            return web.json_response(self.change(kind, "MODIFIED", {**found, "metadata": metadata}))
        return web.json_response(self.change(kind, "DELETED", found))


def refusal(status: int, message: str, reason: str = "") -> web.Response:
    """Answer as the API server refuses."""
    return web.json_response({"kind": "Status", "message": message, "reason": reason}, status=status)


async def environment(_request: web.Request) -> web.Response:
    """Answer as an environment that runs."""
    return web.json_response({"version": "1"})


@asynccontextmanager
async def serve(api: FakeApi) -> AsyncIterator[FakeApi]:
    """Serve until the block ends; the same port answers as every environment does that runs."""
    app = web.Application()
    app.router.add_get("/user/{path:.*}", environment)
    for group in ("api/v1", "apis/apps/v1", "apis/policy/v1", "apis/coordination.k8s.io/v1"):
        app.router.add_route("*", f"/{group}/{{kind}}", api.handle)
        app.router.add_route("*", f"/{group}/namespaces/{{namespace}}/{{kind}}", api.handle)
        app.router.add_route("*", f"/{group}/namespaces/{{namespace}}/{{kind}}/{{name}}", api.handle)
        app.router.add_route("GET", f"/{group}/namespaces/{{namespace}}/{{kind}}/{{name}}/log", api.handle)
    async with serving(app, handler_cancellation=True) as api.url:
        api._loop = asyncio.get_running_loop()
        yield api


Api = TypeVar("Api", bound=FakeApi)


@contextmanager
def served_beside(api: Api) -> Iterator[Api]:
    """Serve in a thread of its own until the block ends, for a hub in another process."""
    ready: Future[asyncio.Event] = Future()

    async def until_the_end() -> None:
        async with serve(api):
            end = asyncio.Event()
            ready.set_result(end)
            await end.wait()

    thread = Thread(target=lambda: asyncio.run(until_the_end()))
    thread.start()
    end = ready.result(timeout=10)
    try:
        yield api
    finally:
        api.beside(end.set)
        thread.join()
