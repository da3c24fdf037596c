"""The web service over a log that somebody else wrote: the folder in SWISH_TEST_LOG."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

from kubernetes_asyncio.client import ApiClient
from kubespawner.clients import load_config

from swish_spawner.services.audit.reader import StoreReader
from swish_spawner.services.web.__main__ import make_parts
from swish_spawner.services.web.app import make_app
from swish_spawner.services.web.settings import read_settings


async def run() -> None:
    """Serve until SIGTERM."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    load_config()
    settings = read_settings(os.environ)
    async with ApiClient() as client:
        parts = make_parts(settings, client, StoreReader(Path(os.environ["SWISH_TEST_LOG"])))
        server = make_app(parts).listen(settings.port, settings.address)
        await ended.wait()
        server.stop()
        await server.close_all_connections()


if __name__ == "__main__":
    asyncio.run(run())
