"""A real JupyterHub with SwishSpawner in a process that can be killed and started again, and its REST API."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp

from benchmarks.control_plane import ETC
from benchmarks.processes import end, end_with_parent, free_port
from local.settings import REPO

_UP_SECONDS: Final = 60


@dataclass
class Hub:
    """One hub, with its database.

    Attributes:
        folder: for its database, secret and log.
        kubeconfig: of the API server, or of a proxy before it.
        namespace: of the environments.
        users: everybody there is.
        server_port: where each pod's address answers.
        policy: the policy file.
        groups: who is in which; None is all in the one team.
        web_token: what a web service beside it shows.
    """

    folder: Path
    kubeconfig: Path
    namespace: str
    users: Sequence[str]
    server_port: int
    policy: Path = ETC / "policy.yaml"
    groups: Mapping[str, Sequence[str]] | None = None
    web_token: str = field(default_factory=lambda: secrets.token_hex(16))
    _port: int = field(default_factory=free_port)
    _token: str = field(default_factory=lambda: secrets.token_hex(16))
    _process: subprocess.Popen[bytes] | None = None
    _http: aiohttp.ClientSession | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def log(self) -> Path:
        """What the hub says."""
        return self.folder / "hub.log"

    @property
    def database(self) -> Path:
        """What the hub knows."""
        return self.folder / "hub.sqlite"

    async def start(self) -> None:
        """Start it, again if it was ended, and wait until it answers.

        Raises:
            TimeoutError: it does not answer.
        """
        process = self._begin()
        async with asyncio.timeout(_UP_SECONDS):
            while not await self._answers():
                if process.poll() is not None:
                    raise TimeoutError(f"the hub ended; see {self.log}")
                await asyncio.sleep(0.1)

    def _begin(self) -> subprocess.Popen[bytes]:
        self.folder.mkdir(exist_ok=True)
        own = {
            "KUBECONFIG": str(self.kubeconfig),
            "PYTHONPATH": str(REPO),
            "SWISH_BENCH_HUB": json.dumps(self._given()),
        }
        environment = {**os.environ, **own}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "jupyterhub", "-f", str(ETC / "jupyterhub_config.py")],
                env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.folder,
                preexec_fn=end_with_parent,  # noqa: PLW1509 - it takes no lock that a thread might hold
            )  # fmt: skip
        return self._process

    def _given(self) -> dict[str, Any]:
        return {
            "policy": str(self.policy),
            "namespace": self.namespace,
            "folder": str(self.folder),
            "hub_url": self.url,
            "public_url": "http://127.0.0.1:9",
            "token": self._token,
            "users": list(self.users),
            "groups": {"bench": list(self.users)} if self.groups is None else self.groups,
            "web_token": self.web_token,
            "server_port": self.server_port,
        }

    async def _answers(self) -> bool:
        try:
            status, _ = await self.ask("GET", "api/")
        except (OSError, aiohttp.ClientError):
            return False
        return status == 200

    async def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Return status and document of an answer; the path is below ``/hub/``, the body plain data."""
        if self._http is None:
            self._http = aiohttp.ClientSession(headers={"Authorization": f"token {self._token}"})
        url = f"{self.url}/hub/{path}"
        async with self._http.request(method, url, json=body) as answer:
            text = await answer.text()
        return answer.status, json.loads(text) if text else None

    def kill(self) -> None:
        """End it as a lost node does: at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    async def close(self) -> None:
        """End it for good."""
        if self._http is not None:
            await self._http.close()
        if self._process is not None:
            await end(self._process)

    async def upgrade(self) -> None:
        """End it as an upgrade does: it is asked to, and does."""
        if self._process is not None:
            await end(self._process)
            self._process = None

    async def launch(self, user: str, options: Mapping[str, Any] | None = None) -> int:
        """Ask for somebody's environment and return the status; one that was cut off is 0."""
        return await self._status("POST", user, {"user_options": dict(options or {})})

    async def remove(self, user: str) -> int:
        """Ask for somebody's environment to stop and return the status; one that was cut off is 0."""
        return await self._status("DELETE", user)

    async def _status(self, method: str, user: str, body: Any = None) -> int:
        try:
            return (await self.ask(method, f"api/users/{user}/server", body))[0]
        except (OSError, aiohttp.ClientError):
            return 0

    async def sweep(self) -> None:
        """Have the sweeper do a round now."""
        await self.ask("POST", "swish/sweep")

    async def servers(self) -> dict[str, dict[str, Any]]:
        """Return what there is of each person's environment; somebody without one is left out."""
        _, users = await self.ask("GET", "api/users?include_stopped_servers")
        return {user["name"]: user["servers"][""] for user in users if "" in user["servers"]}
