"""A proxy before an API server, which does to requests what slow, broken and lagging control planes do.

It knows verbs and kinds (``POST pods``, ``LIST events``, ``WATCH pods``), counts them, and can be slow, refuse, lose an
answer after the request was carried out, hold a request, answer what was true earlier, break watches or be away.
"""

from __future__ import annotations

import asyncio
import contextlib
import fnmatch
import json
import random
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

import aiohttp
from aiohttp import web

from benchmarks.serving import serving

_HOP_BY_HOP: Final = frozenset({"connection", "host", "keep-alive", "transfer-encoding", "content-length"})
_NO_TIMEOUT: Final = aiohttp.ClientTimeout()


@dataclass
class Rule:
    """What to do to requests that match.

    Attributes:
        what: verb and kind, each of which may be ``*``.
        act: ``refuse`` answers `status` instead of carrying out; ``lose`` carries out and breaks the connection;
            ``hold`` waits before carrying out, and ``keep`` after it, until `released` is set.
        status: of ``refuse``.
        words: of ``refuse``, as the API server would say it.
        times: how many requests are still to be met.
        reached: set when the first request is held or kept.
    """

    what: str
    act: str
    status: int = 503
    words: str = ""
    times: int = 1
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class Faults:
    """What goes wrong at the moment.

    Attributes:
        latency_seconds: before each request is carried out.
        error_share: of requests that are answered 500 to 504 without being carried out, from 0 to 1.
        away: nobody answers: each connection is closed.
        stale: lists are answered as the last time before it was set.
        rules: for single requests; the first that matches is used.
    """

    latency_seconds: float = 0.0
    error_share: float = 0.0
    away: bool = False
    stale: bool = False
    rules: list[Rule] = field(default_factory=list)

    def rule(self, what: str) -> Rule | None:
        """Return the rule for a request, and take one of its times."""
        for rule in self.rules:
            if rule.times > 0 and fnmatch.fnmatchcase(what, rule.what):
                rule.times -= 1
                return rule
        return None


class FaultProxy:
    """Forwards requests, with faults.

    Args:
        target: URL of the API server.
        tls: to trust it by; None for plain HTTP.
        seed: of what happens by chance.
    """

    def __init__(self, target: str, tls: ssl.SSLContext | None = None, seed: int = 1) -> None:
        self.target, self.tls = target, tls
        self.faults = Faults()
        self.requests: Counter[str] = Counter()
        #: What was sent with each deletion of a pod.
        self.deletions: list[dict[str, Any]] = []
        self.url = ""
        self._chance = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self._lists: dict[str, tuple[int, Mapping[str, str], bytes]] = {}
        self._watches: set[asyncio.Task[Any]] = set()
        self._http: aiohttp.ClientSession | None = None

    def add(self, what: str, act: str, **more: Any) -> Rule:
        """Add a rule and return it."""
        rule = Rule(what, act, **more)
        self.faults.rules.append(rule)
        return rule

    def heal(self) -> None:
        """Let nothing go wrong any more."""
        for rule in self.faults.rules:
            rule.released.set()
        self.faults = Faults()

    def drop_watches(self) -> None:
        """Break every open watch."""
        for task in list(self._watches):
            task.cancel()

    def expire_watches(self, times: int = 1) -> None:
        """Break every watch; the place where the next ones of each kind would go on is no longer known."""
        for kind in ("pods", "events"):
            self.add(f"WATCH {kind}", "refuse", status=HTTPStatus.GONE, times=times)
        self.drop_watches()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        what = describe(request.method, request.path, request.query)
        self.requests[what] += 1
        faults, rule = self.faults, self.faults.rule(what)
        body = await request.read()
        if what == "DELETE pods":
            self.deletions.append(json.loads(body or b"{}"))
        await asyncio.sleep(faults.latency_seconds)
        if self.faults.away:
            return _broken(request)
        if rule is not None and rule.act == "refuse":
            return refusal(rule.status, rule.words)
        if self._chance.random() < self.faults.error_share:
            return refusal(self._chance.randint(500, 504))
        if rule is not None and rule.act == "hold":
            await _wait(rule)
        try:
            return await self._forward(request, what, body, rule)
        except (aiohttp.ClientError, OSError):
            return _broken(request)

    async def _forward(self, request: web.Request, what: str, body: bytes, rule: Rule | None) -> web.StreamResponse:
        if what.startswith("WATCH"):
            return await self._stream(request, body)
        if what.startswith("LIST") and self.faults.stale and (old := self._lists.get(request.path_qs)):
            return _answer(*old)
        async with self._send(request, body) as answer:
            found = answer.status, dict(answer.headers), await answer.read()
        if what.startswith("LIST") and not self.faults.stale:
            self._lists[request.path_qs] = found
        if rule is not None and rule.act == "keep":
            await _wait(rule)
        return _broken(request) if rule is not None and rule.act == "lose" else _answer(*found)

    def _send(self, request: web.Request, body: bytes) -> Any:
        if self._http is None:
            raise RuntimeError("the proxy is not started")
        headers = {key: value for key, value in request.headers.items() if key.lower() not in _HOP_BY_HOP}
        options: dict[str, Any] = {} if self.tls is None else {"ssl": self.tls}
        url = f"{self.target}{request.path_qs}"
        return self._http.request(request.method, url, data=body, headers=headers, timeout=_NO_TIMEOUT, **options)

    async def _stream(self, request: web.Request, body: bytes) -> web.StreamResponse:
        """Pass on a watch until either side, or `drop_watches`, ends it."""
        task = asyncio.current_task()
        async with self._send(request, body) as answer:
            response = web.StreamResponse(status=answer.status, headers=_passed_on(answer.headers))
            await response.prepare(request)
            if task is not None:
                self._watches.add(task)
            try:
                async for chunk in answer.content.iter_any():
                    await response.write(chunk)
            finally:
                self._watches.discard(task)
        return response


def describe(method: str, path: str, query: Mapping[str, str]) -> str:
    """Return the verb and the kind of a request, as Kubernetes has them, e.g. ``LIST pods``."""
    parts = path.strip("/").split("/")
    # /api/v1/…, or /apis/GROUP/VERSION/…
    parts = parts[2:] if parts[0] == "api" else parts[3:]
    if len(parts) > 2 and parts[0] == "namespaces":
        parts = parts[2:]
    kind, named = (parts[0], len(parts) > 1) if parts else ("", False)
    if method == "GET":
        method = "WATCH" if query.get("watch") in ("1", "true", "True") else "GET" if named else "LIST"
    return f"{method} {kind}"


def refusal(status: int, words: str = "") -> web.Response:
    """Answer as an API server does that cannot, or will not."""
    words = words or {410: "too old resource version"}.get(status, "the API server has a bad moment")
    document = {"kind": "Status", "status": "Failure", "message": words, "code": status}
    return web.json_response(document, status=status)


async def _wait(rule: Rule) -> None:
    rule.reached.set()
    await rule.released.wait()


def _passed_on(headers: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in headers.items() if key.lower() not in _HOP_BY_HOP}


def _answer(status: int, headers: Mapping[str, str], body: bytes) -> web.Response:
    return web.Response(status=status, headers=_passed_on(headers), body=body)


def _broken(request: web.Request) -> web.Response:
    """Close the connection in the client's face; the answer that is returned reaches nobody."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=HTTPStatus.BAD_GATEWAY, body=json.dumps({}))


@contextlib.asynccontextmanager
async def fault_proxy(target: str, tls: ssl.SSLContext | None = None) -> AsyncIterator[FaultProxy]:
    """Serve on a port of loopback until the block ends.

    A request that has come in is carried out even if its client does not wait for the answer, as by a real server;
    a watch ends with its client.
    """
    proxy = FaultProxy(target, tls)
    app = web.Application(client_max_size=2**24)
    app.router.add_route("*", "/{path:.*}", proxy.handle)
    connector = aiohttp.TCPConnector(limit=0)
    async with (
        aiohttp.ClientSession(auto_decompress=False, connector=connector, read_bufsize=2**20) as proxy._http,
        serving(app, backlog=1024, access_log=None) as proxy.url,
    ):
        try:
            yield proxy
        finally:
            proxy.heal()
            proxy.drop_watches()
