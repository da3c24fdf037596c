"""What answers at the addresses of pods that only seem to run."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Final

from aiohttp import web
from jupyterhub import __version__

#: Loopback has sixteen million addresses, so each fake pod has one that leads here.
POD_NETWORK: Final = "127.64.0.1/16"


@contextlib.asynccontextmanager
async def every_address(port: int) -> AsyncIterator[None]:
    """Answer as environments do on every address of this machine, until the block ends."""

    async def answer(_request: web.Request) -> web.Response:
        return web.json_response({"version": "2"}, headers={"X-JupyterHub-Version": __version__})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "0.0.0.0", port).start()  # noqa: S104 - pods have addresses all over 127.0.0.0/8
    try:
        yield
    finally:
        await runner.cleanup()
