"""A real hub, without a proxy or a cluster: refusals over REST are 4xx answers that never bring the hub down."""

# ruff: noqa: S310 - every address here is this test's own hub on loopback

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jupyterhub
import pytest

from tests.conftest import ROOT, WIDE_POLICY

TOKEN = "a-token-for-this-test-alone"
FAILURE_LIMIT = 2
STARTED_WITHIN_SECONDS = 60

#: The only parts that are not the real ones: no proxy, since the test asks the hub itself, and a kubeconfig to nowhere.
CONFIG = f"""
from jupyterhub.proxy import Proxy
from swish_spawner.hub import configure

class NoProxy(Proxy):
    should_start = False
    async def add_route(self, routespec, target, data): ...
    async def delete_route(self, routespec): ...
    async def get_all_routes(self): return {{}}

c.JupyterHub.proxy_class = NoProxy
c.JupyterHub.hub_bind_url = "http://127.0.0.1:PORT"
c.JupyterHub.db_url = "sqlite:///hub.sqlite"
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.Authenticator.allowed_users = {{"ada", "ben"}}
c.JupyterHub.allow_named_servers = True
c.JupyterHub.load_groups = {{"genomics": {{"users": ["ada"]}}}}
c.JupyterHub.services = [{{"name": "tester", "api_token": "{TOKEN}"}}]
c.JupyterHub.load_roles = [{{"name": "tester", "services": ["tester"], "scopes": ["servers", "users", "groups"]}}]
c.Spawner.consecutive_failure_limit = {FAILURE_LIMIT}
configure(c, policy_path="{WIDE_POLICY}", namespace="swish")
"""
KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: nowhere
clusters: [{name: nowhere, cluster: {server: "http://127.0.0.1:9"}}]
contexts: [{name: nowhere, context: {cluster: nowhere, user: nobody}}]
users: [{name: nobody, user: {}}]
"""


@dataclass(frozen=True)
class Hub:
    """A running hub."""

    url: str
    process: subprocess.Popen[bytes]

    def post(self, path: str, body: Any) -> tuple[int, Any]:
        """Return the status and the JSON of an answer."""
        request = urllib.request.Request(
            f"{self.url}/hub/api/{path}",
            data=json.dumps(body).encode(),
            headers={"Authorization": f"token {TOKEN}", "Content-Type": "application/json"},
            method="POST",
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, None
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())

    def answers(self) -> bool:
        """Say whether the hub is there."""
        try:
            with urllib.request.urlopen(f"{self.url}/hub/api/", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub with our configuration; the process ends with the tests of this file."""
    with running_hub(tmp_path_factory.mktemp("hub"), KUBECONFIG) as hub:
        yield hub


@contextmanager
def running_hub(folder: Path, kubeconfig: str) -> Iterator[Hub]:
    """Run a hub with our configuration."""
    port = free_port()
    (folder / "config.py").write_text(CONFIG.replace("PORT", str(port)), encoding="utf-8")
    (folder / "kubeconfig").write_text(kubeconfig, encoding="utf-8")
    environment = os.environ | {"KUBECONFIG": str(folder / "kubeconfig"), "PYTHONPATH": str(ROOT)}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterhub", "--config", "config.py"],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    hub = Hub(f"http://127.0.0.1:{port}", process)
    try:
        deadline = time.monotonic() + STARTED_WITHIN_SECONDS
        while not hub.answers():
            assert process.poll() is None, (folder / "log").read_text(encoding="utf-8")
            assert time.monotonic() < deadline, (folder / "log").read_text(encoding="utf-8")
            time.sleep(0.1)
        yield hub
    finally:
        process.terminate()
        process.wait(timeout=30)


REFUSED: list[tuple[str, dict[str, Any], int, str]] = [
    ("ada", {"image": "python3"}, 403, "image: 'python3' is not open to you; choose one of r."),
    ("ada", {"team": "imaging"}, 403, "team: 'imaging' is not open to you; choose one of genomics."),
    ("ada", {"memory": "1Ti"}, 403, "memory: 1Ti is outside what pool general gives; ask for 256Mi to 64Gi."),
    ("ada", {"cpu": ["{x.__class__}"]}, 400, "cpu: must be an amount of CPU, like 2 or 500m"),
    ("ada", {"profile": "%s %(x)s"}, 400, "profile: is not an option; the options are "),
    ("ben", {}, 403, "You are in no team that may launch here; ask an administrator to add you to one."),
]


@pytest.mark.parametrize(("user", "options", "status", "message"), REFUSED)
def test_a_refusal_is_a_4xx_answer_in_json(
    hub: Hub, user: str, options: dict[str, Any], status: int, message: str
) -> None:
    """The message is the sentence that the policy gives, and the hub lives on after more of them than its limit."""
    code, answer = hub.post(f"users/{user}/servers/atlas", {"user_options": options})
    assert code == status
    assert answer["message"].startswith(message)


def test_options_may_also_be_the_whole_body(hub: Hub) -> None:
    """The older form of the request means the same."""
    code, answer = hub.post("users/ada/servers/atlas", {"image": "python3"})
    assert (code, answer["message"]) == (403, "image: 'python3' is not open to you; choose one of r.")


def test_refusals_do_not_count_towards_the_hubs_exit(hub: Hub) -> None:
    """The hub exits after two failures in a row; a dozen refusals later it still answers."""
    for _ in range(12):
        assert hub.post("users/ada/servers/again", {"user_options": {"pool": "gpu"}})[0] == 403
    # where the hub means to exit, it does so two seconds after the last failure
    time.sleep(2.5)
    assert hub.process.poll() is None, f"JupyterHub {jupyterhub.__version__} exited"
    assert hub.answers()
