"""A server's end, whoever connects at that moment."""

from __future__ import annotations

import asyncio
import contextlib
import socket

import pytest
from aiohttp import web

from benchmarks.serving import serving


@pytest.mark.parametrize("turns", range(8))
async def test_no_connection_outlives_the_server(turns: int) -> None:
    """However far the loop has come with it: not accepted yet, not known yet, or waiting for a request."""
    async with serving(web.Application()) as url:
        host, port = url.removeprefix("http://").split(":")
        client = socket.create_connection((host, int(port)), timeout=5)
        for _ in range(turns):
            await asyncio.sleep(0)
    with client, contextlib.suppress(ConnectionResetError):
        assert client.recv(1) == b""
