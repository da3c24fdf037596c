"""A web server of a block of code, which leaves no connection behind."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from aiohttp import web

# of the loop, from a connection that is accepted until the server knows it
_TURNS: Final = 5


@asynccontextmanager
async def serving(app: web.Application, port: int = 0, *, backlog: int = 128, **options: Any) -> AsyncIterator[str]:
    """Serve on a port of loopback until the block ends.

    Args:
        app: what answers.
        port: 0 for any that is free.
        backlog: how many connections wait to be accepted.
        options: of aiohttp's `AppRunner`.

    Yields:
        the server's URL.
    """
    listener = socket.create_server(("127.0.0.1", port), backlog=backlog)
    runner = web.AppRunner(app, shutdown_timeout=0.1, **options)
    await runner.setup()
    try:
        await web.SockSite(runner, listener, backlog=backlog).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        await _end(runner, listener)


async def _end(runner: web.AppRunner, listener: socket.socket) -> None:
    """Stop serving, without a connection that is left to the garbage collector."""
    # asyncio forgets whom it was accepting when a server is closed, and leaves that connection open: accept nobody,
    # and wait for those
    asyncio.get_running_loop().remove_reader(listener)
    for _ in range(_TURNS):
        await asyncio.sleep(0)
    transports = [one.transport for one in runner.server.connections] if runner.server else []
    await runner.cleanup()
    for transport in transports:
        # one that has more to send waits for a client that does not read any more
        if transport is not None:
            transport.abort()
    await asyncio.sleep(0)
