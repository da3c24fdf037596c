"""Answers that come in pieces: the pages of a list, and the lines of a stream."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

Page = dict[str, Any]


async def pages(ask: Callable[..., Awaitable[Page]]) -> AsyncIterator[Page]:
    """Yield the pages of a list, from the first to the last.

    Args:
        ask: returns a page; it is given the place where that begins, as ``_continue``, for all but the first.
    """
    place: dict[str, str] = {}
    while True:
        page = await ask(**place)
        yield page
        if not (token := page["metadata"].get("continue")):
            return
        place = {"_continue": token}


async def lines(content: Any, longest: int | None = None) -> AsyncIterator[list[bytes]]:
    """Yield the lines of a stream, together those that one piece of it has brought to their ends.

    What has no end yet is a line that is still being written. aiohttp's own reader would end at lines that it finds too
    long.

    Args:
        content: of an answer of aiohttp's.
        longest: bytes of a line that are kept; the rest of a longer one is dropped. None keeps all.
    """
    begun = b""
    async for piece in content.iter_any():
        *ended, rest = piece.split(b"\n")
        if ended:
            first, *others = ended
            yield [line[:longest] for line in (begun + first, *others)]
            begun = b""
        begun = (begun + rest)[:longest]
