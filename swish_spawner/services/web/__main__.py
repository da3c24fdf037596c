"""Run the web service until it is told to end."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from datetime import UTC, datetime
from typing import Final

from kubernetes_asyncio.client import ApiClient, CoreV1Api
from kubespawner.clients import load_config

from swish_spawner.adapters.github import GitHubKeys
from swish_spawner.adapters.jupyterhub import Hub
from swish_spawner.adapters.kubernetes.logs import log_client
from swish_spawner.adapters.kubernetes.requests import Patience
from swish_spawner.adapters.kubernetes.secrets import KeySecrets
from swish_spawner.adapters.kubernetes.services import Addresses
from swish_spawner.adapters.policy_file import PolicyFile
from swish_spawner.errors import PolicyError, SwishError
from swish_spawner.services.ssh_log.metrics import LogMetrics
from swish_spawner.services.ssh_log.run import Audit, reader
from swish_spawner.services.web.app import LOG, make_app, templates
from swish_spawner.services.web.key_store import KeyStore
from swish_spawner.services.web.parts import Parts
from swish_spawner.services.web.settings import Settings, SettingsError, read_settings
from swish_spawner.services.web.ssh_pods import SshPods
from swish_spawner.services.web.upkeep import upkeep

#: With the Kubernetes API: a person waits for it, and rather reads after some seconds that it is away.
PATIENCE: Final = Patience(request_seconds=5, answer_seconds=8)
#: How long requests that are being answered may take when the service ends (seconds).
_LAST_SECONDS: Final = 5
#: To rest after what nobody thought of (seconds).
_AFTER_A_BUG: Final = 60


def make_parts(settings: Settings, client: ApiClient) -> Parts:
    """Return everything that handlers use.

    Args:
        settings: how this service runs.
        client: of the Kubernetes API.

    Raises:
        PolicyError: the policy file has no good content to begin with.
    """

    def refused(error: PolicyError) -> None:
        LOG.error("The changed policy file is refused and the last good one stays in force: %s", error)

    policy = PolicyFile(settings.policy, refused)
    api = CoreV1Api(client)
    keys = KeyStore(KeySecrets(api, PATIENCE), settings.namespace, policy.current)
    return Parts(
        settings=settings,
        policy=policy.current,
        hub=Hub(settings.hub_api, settings.token),
        keys=keys,
        pods=lambda: SshPods(api, PATIENCE),
        addresses=Addresses(api, PATIENCE),
        accounts=GitHubKeys(),
        log=lambda: reader(settings.ssh_log, policy.current()),
        now=lambda: datetime.now(UTC).replace(microsecond=0),
        pages=templates(),
    )


async def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    load_config()
    async with ApiClient() as client, log_client() as many:
        parts = make_parts(settings, client)
        server = make_app(parts).listen(settings.port, settings.address, max_body_size=64 * 2**10)
        LOG.info("Pages are at %s on port %d", settings.prefix, settings.port)
        work = [asyncio.create_task(upkeep(parts)), asyncio.create_task(keep_the_log(parts, many))]
        try:
            await ended.wait()
        finally:
            for task in work:
                task.cancel()
            await asyncio.wait(work)
            server.stop()
            await asyncio.wait_for(server.close_all_connections(), _LAST_SECONDS)


async def keep_the_log(parts: Parts, client: ApiClient) -> None:
    """Keep the ssh log until cancelled; people's keys are looked after whatever becomes of it."""
    settings, metrics = parts.settings, LogMetrics(parts.metrics.registry)
    audit = Audit(settings.ssh_log, settings.namespace, parts.policy, client, parts.hub, metrics)
    while True:
        try:
            await audit.run()
        except Exception:  # noqa: BLE001 - the pages of a service that ends for it would be gone, too
            LOG.exception("The ssh log is taken up again in a minute")
            metrics.late.set(1)
        await asyncio.sleep(_AFTER_A_BUG)


def main() -> int:
    """Run the service; returns the exit status."""
    logging.basicConfig(level=logging.INFO, format="[%(levelname).1s %(asctime)s %(name)s] %(message)s")
    # below that, JupyterHub's library logs the ids of people's sessions, and each page over plain http
    logging.getLogger("tornado.application").setLevel(logging.ERROR)
    try:
        asyncio.run(run(read_settings(os.environ)))
    except (SettingsError, PolicyError, SwishError) as error:
        sys.stderr.write(f"The web service cannot start: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
