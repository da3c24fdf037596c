"""What wakes a start when there is news of its pod."""

from __future__ import annotations

import asyncio


class WakeUps:
    """Wakes who waits for news of a pod; a key is ``namespace/name``."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Future[None]]] = {}

    def wake(self, key: str) -> None:
        """Wake all who wait for this pod."""
        for future in self._waiting.pop(key, ()):
            if not future.done():
                future.set_result(None)

    async def wait(self, key: str, seconds: float) -> None:
        """Return at the next news of this pod, or after so many seconds.

        There is no await between a look at the store and this call's own registration, so no news is missed.
        """
        future = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, set()).add(future)
        try:
            await asyncio.wait((future,), timeout=max(seconds, 0))
        finally:
            waiting = self._waiting.get(key, set())
            waiting.discard(future)
            if not waiting:
                self._waiting.pop(key, None)
