"""One address for a real hub and the real web service, as the proxy of an installation gives it."""

# ruff: noqa: S310 - every address here is this test's own on loopback

from __future__ import annotations

import asyncio
import http.cookiejar
import json
import os
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Thread
from typing import Any

from aiohttp import ClientSession, DummyCookieJar, web

from benchmarks.processes import free_port
from benchmarks.serving import serving
from tests import programs
from tests.conftest import WIDE_POLICY
from tests.fake_api import FakeApi, served_beside
from tests.real_hub import STARTED_WITHIN_SECONDS, TOKEN, Hub, running_hub

WEB_TOKEN = "the-web-service-and-the-hub-share-this"
GATEWAY_TOKEN = "the-gateway-shows-this"
#: ada and grace are in a team with a namespace of its own.
GROUPS = """
c.JupyterHub.load_groups = {"imaging": {"users": ["ada", "grace"]}, "genomics": {"users": ["alan"]}}
"""
#: Headers that are of one connection only.
_OF_THE_CONNECTION = {
    "transfer-encoding",
    "connection",
    "keep-alive",
    "content-encoding",
    "content-length",
    "date",
    "server",
}


@dataclass(frozen=True)
class Site:
    """An installation on loopback.

    Attributes:
        url: what browsers see.
        web_url: the web service itself, as pods of the cluster see it.
        hub: the hub.
        folder: of the web service's files.
        log: what the web service logs.
    """

    url: str
    web_url: str
    hub: Hub
    folder: Path
    log: Path

    def token(self, user: str) -> str:
        """Return a new token of a person's."""
        status, made = self.hub.post(f"users/{user}/tokens", {})
        assert status == 201, made
        return str(made["token"])

    def ask(self, method: str, path: str, body: Any = None, token: str = "") -> tuple[int, Any]:
        """Return the status and the JSON of an answer of the REST API; `path` begins below ``/services/swish/``."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"token {token}"} if token else {}
        return _opened(urllib.request.Request(f"{self.url}/services/swish/{path}", data, headers, method=method))

    def ask_inside(self, path: str, **headers: str) -> tuple[int, Any]:
        """Ask the web service past the proxy."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return _opened(urllib.request.Request(f"{self.web_url}/services/swish/{path}", headers=sent))


def _opened(request: urllib.request.Request) -> tuple[int, Any]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=60) as answer:
            status, text = answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            status, text = error.code, error.read().decode()
    try:
        return status, json.loads(text)
    except ValueError:
        return status, text


class Visitor:
    """Somebody's browser, without its eyes."""

    def __init__(self, site: Site, user: str) -> None:
        self.site = site
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(jar, urllib.request.ProxyHandler({}))
        _, page = self.open("/hub/login")
        self.open("/hub/login", page, username=user, password="x")

    def open(self, path: str, form_of: str = "", **fields: str) -> tuple[int, str]:
        """Return the status and the text of a page, or of what follows when one of its forms is sent."""
        data = None
        if form_of:
            fields["_xsrf"] = re.findall(r'name="_xsrf"\s+value="([^"]*)"', form_of)[0]
        if fields:
            data = urllib.parse.urlencode(fields).encode()
        try:
            with self.opener.open(f"{self.site.url}{path}", data, timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def get(self, page: str) -> tuple[int, str]:
        """Return a page of the web service."""
        return self.open(f"/services/swish/{page}")

    def send(self, page: str, **fields: str) -> tuple[int, str]:
        """Fill in a form of a page and send it."""
        return self.open(f"/services/swish/{page}", self.get(page)[1], **fields)


async def _pass_on(hub: str, service: str, request: web.Request, session: ClientSession) -> web.Response:
    """Do what the proxy does: by the path, with what the request came by."""
    target = service if request.path.startswith("/services/swish") else hub
    headers = {
        **{name: value for name, value in request.headers.items() if name.lower() != "connection"},
        "X-Forwarded-For": request.remote or "",
        "X-Forwarded-Proto": "http",
    }
    body = await request.read()
    options: dict[str, Any] = {"headers": headers, "data": body or None, "allow_redirects": False}
    async with session.request(request.method, f"{target}{request.raw_path}", **options) as answer:
        passed = web.Response(status=answer.status, body=await answer.read())
        for name, value in answer.headers.items():
            if name.lower() not in _OF_THE_CONNECTION:
                if name.lower() == "content-type":
                    passed.headers.popall("Content-Type", None)
                passed.headers.add(name, value)
        return passed


_loops: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}


@contextmanager
def _proxy(port: int, hub: str, service: str) -> Iterator[None]:
    ready: Future[asyncio.Event] = Future()

    async def serve() -> None:
        async with ClientSession(cookie_jar=DummyCookieJar()) as session:

            async def handle(request: web.Request) -> web.Response:
                return await _pass_on(hub, service, request, session)

            app = web.Application()
            app.router.add_route("*", "/{path:.*}", handle)
            async with serving(app, port):
                end = asyncio.Event()
                _loops[end] = asyncio.get_running_loop()
                ready.set_result(end)
                await end.wait()

    thread = Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    end = ready.result(timeout=10)
    try:
        yield
    finally:
        _loops.pop(end).call_soon_threadsafe(end.set)
        thread.join()


HUB_CONFIG = """
from pathlib import Path
from swish_spawner.hub import add_services

c.JupyterHub.services = [{"name": "tester", "api_token": "TESTER"}]
c.JupyterHub.load_roles = [
    {"name": "all", "services": ["tester"], "scopes": ["admin:servers", "admin:users", "tokens", "admin:groups"]},
]
add_services(c, Path("."), {"service": "swish", "url": "WEB_URL"})
c.Authenticator.admin_users = {"root"}
c.KubeSpawner.port = ENVIRONMENTS
"""


def secrets_of(api: FakeApi, *namespaces: str) -> None:
    """Make the 16 Secrets of each namespace, as the chart does."""
    for namespace in namespaces:
        for digit in "0123456789abcdef":
            metadata = {"namespace": namespace, "name": f"ssh-keys-{digit}", "labels": {"swish.io/ssh-keys": digit}}
            api.change("secrets", "ADDED", {"kind": "Secret", "metadata": metadata})


@contextmanager
def running_site(
    folder: Path,
    policy: Path,
    api: FakeApi,
    more: str = "",
    *,
    hub_policy: Path = WIDE_POLICY,
    gateway_port: int = 2200,
) -> Iterator[Site]:
    """Run a hub, the web service and a proxy before both until the block ends.

    Args:
        folder: for their files.
        policy: the web service's policy file.
        api: the Kubernetes API server of both.
        more: configuration of the hub.
        hub_policy: the hub's policy file.
        gateway_port: where people reach the gateway.
    """
    web_port, port = free_port(), free_port()
    web_url = f"http://127.0.0.1:{web_port}"
    config = HUB_CONFIG.replace("WEB_URL", web_url).replace("TESTER", TOKEN)
    (folder / "hub").mkdir()
    (folder / "hub" / "admin-token").write_text("the-administrator-shows-this")
    (folder / "hub" / "web-token").write_text(f"{WEB_TOKEN}\n")
    (folder / "web" / "gateway").mkdir(parents=True)
    (folder / "web" / "gateway" / "token").write_text(f"{GATEWAY_TOKEN}\n")
    (folder / "web" / "config.yaml").write_text(
        f"environments: {{namespace: swish}}\nssh: {{gatewayPort: {gateway_port}}}\n"
    )
    (folder / "web" / "policy.yaml").write_text(policy.read_text())
    with ExitStack() as stack:
        hub = stack.enter_context(running_hub(folder / "hub", config + more, api.url, hub_policy))
        stack.enter_context(_web(folder, hub, web_port))
        stack.enter_context(_proxy(port, hub.url, web_url))
        yield Site(f"http://127.0.0.1:{port}", web_url, hub, folder / "web", folder / "web" / "log")


@contextmanager
def api_of_a_site() -> Iterator[FakeApi]:
    """Serve the Kubernetes API, with the Secrets that the chart makes, until the block ends."""
    with served_beside(FakeApi()) as api:
        secrets_of(api, "swish", "swish-imaging")
        yield api


@contextmanager
def site_of_its_own(folder: Path) -> Iterator[Site]:
    """Run an installation until the block ends, with an API server that nobody else uses."""
    with api_of_a_site() as api, running_site(folder, WIDE_POLICY, api, GROUPS) as site:
        yield site


@contextmanager
def _web(folder: Path, hub: Hub, port: int) -> Iterator[None]:
    web_folder = folder / "web"
    environment = os.environ | {
        "KUBECONFIG": str(folder / "hub" / "kubeconfig"),
        "JUPYTERHUB_API_URL": f"{hub.url}/hub/api",
        "JUPYTERHUB_API_TOKEN": WEB_TOKEN,
        "JUPYTERHUB_BASE_URL": "/",
        "JUPYTERHUB_SERVICE_PREFIX": "/services/swish/",
        "JUPYTERHUB_SERVICE_URL": f"http://127.0.0.1:{port}",
        "SWISH_CONFIG_DIR": str(web_folder),
        "SWISH_POLICY_DIR": str(web_folder),
        "SWISH_GATEWAY_DIR": str(web_folder / "gateway"),
        "SWISH_STATE_DIR": str(web_folder),
    }
    process = programs.begin(programs.web_service, web_folder, environment)
    try:
        _until_it_answers(f"http://127.0.0.1:{port}/health", process, web_folder / "log")
        yield
    finally:
        assert programs.end(process) == 0, (web_folder / "log").read_text()


def _until_it_answers(url: str, process: BaseProcess, log: Path) -> None:
    end = time.monotonic() + STARTED_WITHIN_SECONDS
    while True:
        assert process.is_alive(), log.read_text()
        assert time.monotonic() < end, log.read_text()
        try:
            if _opened(urllib.request.Request(url))[0] == 200:
                return
        except OSError:
            time.sleep(0.1)
