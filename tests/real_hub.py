"""A real hub in a process of its own, without a proxy: it talks to whatever Kubernetes API server a test gives it."""

# ruff: noqa: S310 - every address here is this test's own hub on loopback

from __future__ import annotations

import json
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, TypeVar

from benchmarks.processes import free_port
from tests import programs
from tests.conftest import WIDE_POLICY

T = TypeVar("T")
TOKEN = "a-token-for-this-test-alone"
#: A hub needs some seconds; a machine that is busy with other tests has needed more than a minute.
STARTED_WITHIN_SECONDS = 180
#: A Kubernetes API server that is not there.
NOWHERE = "http://127.0.0.1:9"

#: Last configuration of a hub that answers a launch when it has ended, or failed, however busy the machine is.
PATIENT = 'c.JupyterHub.tornado_settings.update({"slow_spawn_timeout": 50})\n'

#: The only part that is not the real one: no proxy, since the test asks the hub itself.
CONFIG = """
from jupyterhub.proxy import Proxy
from swish_spawner.hub import configure

class NoProxy(Proxy):
    should_start = False
    async def add_route(self, routespec, target, data): ...
    async def delete_route(self, routespec): ...
    async def get_all_routes(self): return {}

c.JupyterHub.proxy_class = NoProxy
c.JupyterHub.hub_bind_url = "http://127.0.0.1:PORT"
c.JupyterHub.db_url = "sqlite:///hub.sqlite"
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.allow_named_servers = True
MORE
configure(c, policy_path="POLICY", namespace="swish")
"""
KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: here
clusters: [{name: here, cluster: {server: "SERVER"}}]
contexts: [{name: here, context: {cluster: here, user: nobody}}]
users: [{name: nobody, user: {}}]
"""


@dataclass
class Hub:
    """A hub that runs.

    Args:
        url: where it answers.
        folder: its files: configuration, database and log.
        environment: that of its process.
    """

    url: str
    folder: Path
    environment: Mapping[str, str]
    process: BaseProcess = field(init=False)

    def start(self) -> None:
        """Begin, and wait until it answers."""
        self.process = programs.begin(programs.hub, self.folder, self.environment)
        deadline = time.monotonic() + STARTED_WITHIN_SECONDS
        while not self.answers():
            well = self.process.is_alive() and time.monotonic() < deadline
            assert well, (self.folder / "log").read_text(encoding="utf-8")
            time.sleep(0.1)

    def restart(self) -> None:
        """Kill it, and have another begin with what it has stored."""
        self.process.kill()
        self.process.join()
        self.start()

    def ask(self, method: str, path: str, body: Any = None, token: str = TOKEN) -> tuple[int, Any]:
        """Return the status and the JSON of an answer; `path` begins below ``/hub/``."""
        request = urllib.request.Request(
            f"{self.url}/hub/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"token {token}", "Content-Type": "application/json"},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())

    def post(self, path: str, body: Any) -> tuple[int, Any]:
        """Ask the hub's API to do something."""
        return self.ask("POST", f"api/{path}", body)

    def progress(self, user: str) -> list[str]:
        """Return everything that a page reads while somebody's environment starts."""
        headers = {"Authorization": f"token {TOKEN}", "Accept": "text/event-stream"}
        request = urllib.request.Request(f"{self.url}/hub/api/users/{user}/server/progress", headers=headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return [json.loads(line[5:])["message"] for line in answer if line.startswith(b"data:")]

    def answers(self) -> bool:
        """Say whether the hub is there."""
        try:
            with urllib.request.urlopen(f"{self.url}/hub/api/", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


def until(what: Callable[[], T], within_seconds: float = 120) -> T:
    """Wait until something is so, and return what it is."""
    end = time.monotonic() + within_seconds
    while not (found := what()):
        assert time.monotonic() < end, found
        time.sleep(0.1)
    return found


def _config(port: int, more: str, policy: Path) -> str:
    return CONFIG.replace("PORT", str(port)).replace("POLICY", str(policy)).replace("MORE", more)


@contextmanager
def running_hub(
    folder: Path, more: str, server: str = NOWHERE, policy: Path = WIDE_POLICY, last: str = ""
) -> Iterator[Hub]:
    """Run a hub until the block ends.

    Args:
        folder: for its files; a hub that is started in it again finds its database.
        more: configuration; ENVIRONMENTS in it is the port of the API server, which answers for environments too.
        server: the Kubernetes API server's URL.
        policy: the policy file.
        last: configuration that comes after our own, and so wins over it.
    """
    port = free_port()
    more = more.replace("ENVIRONMENTS", server.rpartition(":")[2])
    (folder / "config.py").write_text(_config(port, more, policy) + last, encoding="utf-8")
    (folder / "kubeconfig").write_text(KUBECONFIG.replace("SERVER", server), encoding="utf-8")
    # a hub that upgrades its database calls another program of the same Python
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
    environment = os.environ | {"KUBECONFIG": str(folder / "kubeconfig"), "PATH": path}
    hub = Hub(f"http://127.0.0.1:{port}", folder, environment)
    try:
        hub.start()
        yield hub
    finally:
        programs.end(hub.process)
