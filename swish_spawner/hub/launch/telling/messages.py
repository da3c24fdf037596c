"""What a launch has said so far, for any number of pages that look at it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

Message = dict[str, Any]


class LaunchMessages:
    """Messages of one launch: written once, read by every page from the first to the last.

    A page costs nothing while there is no news, and no page waits for another.
    """

    def __init__(self) -> None:
        self._messages: list[Message] = []
        self._news = asyncio.Event()
        self._progress = 0
        self._closed = False

    def say(self, sentence: str, progress: int | None = None, **more: Any) -> None:
        """Add a message, unless it is the last one again.

        Args:
            sentence: plain text; the pages escape it.
            progress: in percent; it never goes back, and None leaves it where it is.
            more: other keys of JupyterHub's progress events, e.g. ``raw_event``.
        """
        self._progress = max(self._progress, progress or 0)
        if self._messages and self._messages[-1]["message"] == sentence:
            return
        self._messages.append({"progress": self._progress, "message": sentence, **more})
        self._wake()

    def close(self) -> None:
        """End every reader once it has read what there is."""
        self._closed = True
        self._wake()

    def _wake(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def read(self) -> AsyncIterator[Message]:
        """Yield every message, waiting for more until the launch has ended."""
        number = 0
        while True:
            news = self._news
            while number < len(self._messages):
                yield self._messages[number]
                number += 1
            if self._closed and number == len(self._messages):
                return
            if news is self._news:
                await news.wait()
