"""What pip says while packages install, told to the person who waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Final

from swish_spawner.core.quoting import shown

#: The pause (seconds) between two lines, and the most that are told of one start.
PAUSE: Final = 1.0
MOST: Final = 300


async def tell_newest(lines: AsyncIterator[str], tell: Callable[[str], None]) -> None:
    """Tell the newest line at most once a second, until they end; those in between are left out.

    Args:
        lines: as they come, not trusted.
        tell: told plain text that may be shown.
    """
    newest: list[str] = []
    reader = asyncio.ensure_future(_read(lines, newest))
    try:
        for _ in range(MOST):
            await asyncio.wait((reader,), timeout=PAUSE)
            if newest:
                tell(newest.pop())
            if reader.done():
                reader.result()
                return
        await reader
    finally:
        reader.cancel()


async def _read(lines: AsyncIterator[str], newest: list[str]) -> None:
    async for line in lines:
        if text := shown(line):
            newest[:] = [text]
