"""The real web service in a process that can be killed and started again."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from benchmarks.control_plane import ETC
from benchmarks.hub_process import Hub
from benchmarks.processes import end_with_parent, free_port
from local.settings import REPO

_UP_SECONDS = 60


@dataclass
class WebService:
    """One web service.

    Attributes:
        folder: for its files and log.
        kubeconfig: of the API server, or of a proxy before it.
        hub: whose people it asks for.
    """

    folder: Path
    kubeconfig: Path
    hub: Hub
    _port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Start it, again if it was killed, and wait until it answers.

        Raises:
            TimeoutError: it does not answer.
        """
        self._begin()
        async with asyncio.timeout(_UP_SECONDS):
            while not await self._answers():
                await asyncio.sleep(0.1)

    def _begin(self) -> None:
        self.folder.mkdir(exist_ok=True)
        (self.folder / "config.yaml").write_text(f"environments: {{namespace: {self.hub.namespace}}}\n")
        (self.folder / "policy.yaml").write_text(self.hub.policy.read_text())
        own = {
            "KUBECONFIG": str(self.kubeconfig),
            "PYTHONPATH": str(REPO),
            "JUPYTERHUB_API_URL": f"{self.hub.url}/hub/api",
            "JUPYTERHUB_API_TOKEN": self.hub.web_token,
            "JUPYTERHUB_SERVICE_URL": f"http://127.0.0.1:{self._port}",
            **{f"SWISH_{name}_DIR": str(self.folder) for name in ("CONFIG", "POLICY", "GATEWAY", "STATE")},
        }
        with (self.folder / "web.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, str(ETC / "web_service.py")],
                env={**os.environ, **own}, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.folder,
                preexec_fn=end_with_parent,  # noqa: PLW1509 - it takes no lock that a thread might hold
            )  # fmt: skip

    async def _answers(self) -> bool:
        url = f"http://127.0.0.1:{self._port}/health"
        try:
            async with aiohttp.ClientSession() as http, http.get(url) as answer:
                return answer.status == 200
        except (OSError, aiohttp.ClientError):
            return False

    def kill(self) -> None:
        """End it as a lost node does: at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
