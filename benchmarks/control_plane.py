"""A real API server, etcd and scheduler with fake nodes, in a temporary folder: no root, and no other cluster.

The binaries are those of the local cluster, from the artefact cache; what is not there is built, which takes minutes.
Everything is plain processes of this one, ended by their numbers, and a folder that is deleted.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import shutil
import ssl
import subprocess
import tempfile
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from benchmarks.processes import end, end_with_parent, find_tool, free_port

ETC: Final = Path(__file__).parent / "etc"
_UP_SECONDS: Final = 120
#: How often (seconds) it is looked whether the scheduler runs.
_LOOK_AGAIN: Final = 0.5
#: How many pods kwok changes at once; with its own 4, a crowd would wait for kwok.
_AT_ONCE: Final = 32
#: Admission that needs a controller manager, which does not run here.
_NO_ADMISSION: Final = "ServiceAccount,StorageObjectInUseProtection,TaintNodesByCondition"


@dataclass
class ControlPlane:
    """One API server and what it needs.

    Attributes:
        folder: temporary, for everything.
        ready_seconds: from and to: how long a pod takes from having a node to being ready, spread evenly.
        pod_network: addresses that pods get; some of 127.0.0.0/8 lets a server on this machine answer for all of them.
        port: of the API server on loopback.
        token: of an administrator.
    """

    folder: Path
    ready_seconds: tuple[float, float] = (0.0, 0.0)
    pod_network: str = "10.64.0.1/16"
    port: int = field(default_factory=free_port)
    token: str = field(default_factory=lambda: secrets.token_hex(16))
    _etcd_port: int = field(default_factory=free_port)
    _processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _keeper: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where the API server is."""
        return f"https://127.0.0.1:{self.port}"

    @property
    def headers(self) -> Mapping[str, str]:
        """What a request has to carry."""
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def tls(self) -> ssl.SSLContext:
        """Trusts the API server's own certificate."""
        return ssl.create_default_context(cafile=str(self._certificate))

    @property
    def _certificate(self) -> Path:
        return self.folder / "pki" / "apiserver.crt"

    def kubeconfig(self, url: str = "") -> Path:
        """Write a kubeconfig and return where it is.

        Args:
            url: of a proxy before the API server; left out, the API server's own.
        """
        cluster = {"server": url} if url else {"server": self.url, "certificate-authority": str(self._certificate)}
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "bench", "cluster": cluster}],
            "users": [{"name": "bench", "user": {"token": self.token}}],
            "contexts": [{"name": "bench", "context": {"cluster": "bench", "user": "bench"}}],
            "current-context": "bench",
        }
        path = self.folder / f"kubeconfig-{'proxy' if url else 'direct'}"
        path.write_text(yaml.safe_dump(document))
        path.chmod(0o600)
        return path

    async def start(self) -> None:
        """Start everything and wait until pods can be scheduled.

        Raises:
            TimeoutError: it was not ready in two minutes; the logs are in the folder.
        """
        (self.folder / "pki").mkdir(parents=True)
        _write_key(self.folder / "key.pem")
        (self.folder / "tokens.csv").write_text(f"{self.token},bench,bench,system:masters\n")
        (self.folder / "tokens.csv").chmod(0o600)
        self._run("etcd", *self._etcd_arguments())
        await self.start_api_server()
        (self.folder / "stages.yaml").write_text(stages(self.ready_seconds))
        scheduler = (ETC / "scheduler.yaml").read_text().replace("KUBECONFIG", str(self.kubeconfig()))
        (self.folder / "scheduler.yaml").write_text(scheduler)
        self._keeper = asyncio.create_task(self._keep_scheduler())
        self._run("kwok", *self._kwok_arguments())

    async def _keep_scheduler(self) -> None:
        """Start the scheduler, and again whenever it has ended, as a kubelet does.

        It ends itself when a pod is not where it had put it, as may be after the API server was killed.
        """
        while True:
            process = self._processes.get("kube-scheduler")
            if process is None or process.poll() is not None:
                self._run("kube-scheduler", f"--config={self.folder}/scheduler.yaml", "--secure-port=0")
            await asyncio.sleep(_LOOK_AGAIN)

    def _run(self, tool: str, *arguments: str) -> None:
        log = (self.folder / f"{tool}.log").open("ab")
        with log:
            self._processes[tool] = subprocess.Popen(
                [find_tool(tool), *arguments], stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.folder,
                preexec_fn=end_with_parent,  # noqa: PLW1509 - it takes no lock that a thread might hold
            )  # fmt: skip

    async def start_api_server(self) -> None:
        """Start the API server, again if it was ended, and wait until it is ready."""
        self._run("kube-apiserver", *self._api_server_arguments())
        async with asyncio.timeout(_UP_SECONDS):
            while not await self._is_ready():
                if self._processes["kube-apiserver"].poll() is not None:
                    raise TimeoutError(f"kube-apiserver ended; see {self.folder}/kube-apiserver.log")
                await asyncio.sleep(0.1)

    async def _is_ready(self) -> bool:
        try:
            async with (
                aiohttp.ClientSession(headers=self.headers) as http,
                http.get(f"{self.url}/readyz", ssl=self.tls) as answer,
            ):
                return answer.status == 200
        except (OSError, aiohttp.ClientError, ssl.SSLError):
            return False

    async def end_api_server(self, *, kill: bool = False) -> None:
        """End the API server alone; what it knew is in etcd."""
        await end(self._processes.pop("kube-apiserver"), kill=kill)

    async def stop(self) -> None:
        """End every process."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait((self._keeper,))
        while self._processes:
            _, process = self._processes.popitem()
            await end(process, kill=True)

    def _etcd_arguments(self) -> list[str]:
        client, peer = f"http://127.0.0.1:{self._etcd_port}", f"http://127.0.0.1:{free_port()}"
        return [
            f"--data-dir={self.folder}/etcd",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            "--unsafe-no-fsync",  # the disk of the machine is not what is measured
            "--quota-backend-bytes=8589934592",
            "--log-level=warn",
        ]

    def _api_server_arguments(self) -> list[str]:
        return [
            f"--etcd-servers=http://127.0.0.1:{self._etcd_port}",
            "--bind-address=127.0.0.1",
            f"--secure-port={self.port}",
            f"--cert-dir={self.folder}/pki",
            f"--token-auth-file={self.folder}/tokens.csv",
            "--authorization-mode=RBAC",
            f"--service-account-key-file={self.folder}/key.pem",
            f"--service-account-signing-key-file={self.folder}/key.pem",
            "--service-account-issuer=https://bench.invalid",
            "--service-cluster-ip-range=10.96.0.0/16",
            "--endpoint-reconciler-type=none",
            f"--disable-admission-plugins={_NO_ADMISSION}",
        ]

    def _kwok_arguments(self) -> list[str]:
        return [
            f"--kubeconfig={self.kubeconfig()}",
            f"--config={self.folder}/stages.yaml",
            f"--cidr={self.pod_network}",
            "--manage-all-nodes=true",
            "--node-lease-duration-seconds=0",
            "--server-address=",
        ]


def stages(ready_seconds: tuple[float, float]) -> str:
    """Return kwok's stages with the time that a pod takes to be ready, as YAML."""
    documents: list[dict[str, Any]] = list(yaml.safe_load_all((ETC / "stages.yaml").read_text()))
    first, last = (int(seconds * 1000) for seconds in ready_seconds)
    delay = {"durationMilliseconds": first, "jitterDurationMilliseconds": last}
    for stage in documents:
        if stage["metadata"]["name"] == "pod-ready":
            stage["spec"] = {**stage["spec"], "delay": delay}
    # once there is such a document, kwok has no defaults for these
    names = ("podPlayStageParallelism", "nodePlayStageParallelism", "nodeLeaseParallelism", "podsOnNodeSyncParallelism")
    options = dict.fromkeys(names, _AT_ONCE)
    configuration = {"apiVersion": "config.kwok.x-k8s.io/v1alpha1", "kind": "KwokConfiguration", "options": options}
    return yaml.safe_dump_all([configuration, *documents])


def _write_key(path: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    kind = serialization.PrivateFormat.PKCS8
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption()))
    path.chmod(0o600)


@contextlib.asynccontextmanager
async def control_plane(**settings: Any) -> AsyncIterator[ControlPlane]:
    """Run a control plane until the block ends; its folder stays only if something failed.

    Args:
        settings: of `ControlPlane`.
    """
    folder = Path(tempfile.mkdtemp(prefix="swish-bench-"))
    plane = ControlPlane(folder / "state", **settings)
    try:
        await plane.start()
        yield plane
    except Exception:
        kept = folder.with_name(f"{folder.name}-logs")
        kept.mkdir()
        for log in (folder / "state").glob("*.log"):
            shutil.copy(log, kept)
        print(json.dumps({"logs": str(kept)}))
        raise
    finally:
        await plane.stop()
        shutil.rmtree(folder, ignore_errors=True)
