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

from swish_spawner.adapters.account_keys import GitHubKeys
from swish_spawner.adapters.addresses import Addresses
from swish_spawner.adapters.hub import Hub
from swish_spawner.adapters.key_secrets import KeySecrets
from swish_spawner.adapters.patience import Patience
from swish_spawner.adapters.policy_file import PolicyFile
from swish_spawner.adapters.ports import LogReader
from swish_spawner.errors import PolicyError, SwishError
from swish_spawner.services.web.app import LOG, make_app, templates
from swish_spawner.services.web.key_store import KeyStore
from swish_spawner.services.web.parts import Parts
from swish_spawner.services.web.settings import Settings, SettingsError, read_settings
from swish_spawner.services.web.upkeep import upkeep

#: With the Kubernetes API: a person waits for it, and rather reads after some seconds that it is away.
PATIENCE: Final = Patience(request_seconds=5, answer_seconds=8)
#: How long requests that are being answered may take when the service ends (seconds).
_LAST_SECONDS: Final = 5


def make_parts(settings: Settings, client: ApiClient, log: LogReader | None = None) -> Parts:
    """Return everything that handlers use.

    Args:
        settings: how this service runs.
        client: of the Kubernetes API.
        log: the ssh log; None while nothing keeps one.

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
        addresses=Addresses(api, PATIENCE),
        accounts=GitHubKeys(),
        log=log,
        now=lambda: datetime.now(UTC).replace(microsecond=0),
        pages=templates(),
    )


async def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    load_config()
    async with ApiClient() as client:
        parts = make_parts(settings, client)
        server = make_app(parts).listen(settings.port, settings.address, max_body_size=64 * 2**10)
        LOG.info("Pages are at %s on port %d", settings.prefix, settings.port)
        work = asyncio.create_task(upkeep(parts))
        try:
            await ended.wait()
        finally:
            work.cancel()
            server.stop()
            await asyncio.wait_for(server.close_all_connections(), _LAST_SECONDS)


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
