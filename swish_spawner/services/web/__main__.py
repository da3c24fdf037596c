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

from swish_spawner.adapters.github import GitHubKeys
from swish_spawner.adapters.jupyterhub import Hub
from swish_spawner.adapters.kubernetes.logs import log_client
from swish_spawner.adapters.kubernetes.requests import Patience, load_config
from swish_spawner.adapters.kubernetes.secrets import KeySecrets
from swish_spawner.adapters.kubernetes.services import Addresses
from swish_spawner.adapters.policy_file import PolicyFile
from swish_spawner.errors import PolicyError, SwishError
from swish_spawner.services.environments.page import Environments
from swish_spawner.services.keys.pods import SshPods
from swish_spawner.services.keys.room import KeyMetrics, Keys
from swish_spawner.services.keys.store import KeyStore
from swish_spawner.services.keys.upkeep import upkeep
from swish_spawner.services.site.settings import ServiceSettings, ServiceSettingsError, read_service_settings
from swish_spawner.services.site.site import Site, SiteMetrics
from swish_spawner.services.ssh_log.metrics import LogMetrics
from swish_spawner.services.ssh_log.page import Log
from swish_spawner.services.ssh_log.run import Audit, reader
from swish_spawner.services.web.app import LOG, TABS, Rooms, make_app, templates

#: With the Kubernetes API: a person waits for it, and rather reads after some seconds that it is away.
PATIENCE: Final = Patience(request_seconds=5, answer_seconds=8)
#: How long requests that are being answered may take when the service ends (seconds).
_LAST_SECONDS: Final = 5
#: To rest after what nobody thought of (seconds).
_AFTER_A_BUG: Final = 60


def make_rooms(settings: ServiceSettings, client: ApiClient) -> Rooms:
    """Return what is mounted.

    Args:
        settings: how this service runs.
        client: of the Kubernetes API.

    Raises:
        PolicyError: the policy file has no good content to begin with.
    """
    api, metrics = CoreV1Api(client), SiteMetrics()
    policy = PolicyFile(settings.policy, LOG, metrics.policy_refused)
    site = Site(
        settings=settings,
        policy=policy.current,
        hub=Hub(settings.hub_api, settings.token),
        now=lambda: datetime.now(UTC).replace(microsecond=0),
        pages=templates(),
        tabs=TABS,
        metrics=metrics,
    )
    store = KeyStore(KeySecrets(api, PATIENCE), settings.namespace, policy.current)
    keys = Keys(site, store, lambda: SshPods(api, PATIENCE), GitHubKeys(), KeyMetrics(site.metrics.registry))
    log = Log(site, lambda: reader(settings.ssh_log, policy.current()))
    return Rooms(Environments(site, Addresses(api, PATIENCE), store.has_any), keys, log)


async def run(settings: ServiceSettings) -> None:
    """Serve until SIGTERM or SIGINT."""
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    await load_config()
    async with ApiClient() as client, log_client() as many:
        rooms = make_rooms(settings, client)
        server = make_app(rooms).listen(settings.port, settings.address, max_body_size=64 * 2**10)
        LOG.info("Pages are at %s on port %d", settings.prefix, settings.port)
        work = [asyncio.create_task(upkeep(rooms.keys)), asyncio.create_task(keep_the_log(rooms.log.site, many))]
        try:
            await ended.wait()
        finally:
            for task in work:
                task.cancel()
            await asyncio.wait(work)
            server.stop()
            await asyncio.wait_for(server.close_all_connections(), _LAST_SECONDS)


async def keep_the_log(site: Site, client: ApiClient) -> None:
    """Keep the ssh log until cancelled; people's keys are looked after whatever becomes of it."""
    settings, metrics = site.settings, LogMetrics(site.metrics.registry)
    audit = Audit(settings.ssh_log, settings.namespace, site.policy, client, site.hub, metrics)
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
        asyncio.run(run(read_service_settings(os.environ)))
    except (ServiceSettingsError, PolicyError, SwishError) as error:
        sys.stderr.write(f"The web service cannot start: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
