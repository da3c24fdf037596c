"""The one loop: descriptors, timers, signals and other threads' calls, none of which can end it by failing."""

from __future__ import annotations

import heapq
import itertools
import os
import queue
import selectors
import signal
import time
from collections.abc import Callable
from typing import Any, Protocol

Call = Callable[[], None]


class HasFileno(Protocol):
    """Something that is a descriptor."""

    def fileno(self) -> int:
        """Return the descriptor."""


class Loop:
    """Calls what there is to call.

    Args:
        trouble: Is told of every exception that a call raises; the loop goes on.
    """

    def __init__(self, trouble: Callable[[Exception], None]) -> None:
        self._trouble = trouble
        self._selector = selectors.DefaultSelector()
        self._timers: list[tuple[float, int, Call]] = []
        self._order = itertools.count()
        self._calls: queue.SimpleQueue[Call] = queue.SimpleQueue()
        self._signals: dict[int, Call] = {}
        self._stopped = False
        self._wake_read, self._wake_write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self.reader(self._wake_read, self._woken)

    def reader(self, source: int | HasFileno, call: Call) -> None:
        """Call whenever a descriptor can be read."""
        self._selector.register(source, selectors.EVENT_READ, call)

    def forget(self, source: int | HasFileno) -> None:
        """Call no more; nothing happens if it is not called anyway."""
        try:
            self._selector.unregister(source)
        except (KeyError, ValueError):
            return

    def after(self, seconds: float, call: Call) -> None:
        """Call once, after some seconds."""
        heapq.heappush(self._timers, (time.monotonic() + seconds, next(self._order), call))

    def every(self, seconds: float, call: Call) -> None:
        """Call again and again, with some seconds between."""

        def again() -> None:
            self.after(seconds, again)
            call()

        self.after(seconds, again)

    def from_thread(self, call: Call) -> None:
        """Call from the loop, soon; for other threads."""
        self._calls.put(call)
        self._wake()

    def on_signal(self, number: int, call: Call) -> None:
        """Call from the loop when a signal comes."""
        self._signals[number] = call
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        signal.signal(number, _nothing)

    def stop(self) -> None:
        """Let `run` return."""
        self._stopped = True

    def run(self) -> None:
        """Call until `stop` is."""
        while not self._stopped:
            for key, _ in self._selector.select(self._wait()):
                # what an earlier call forgot is not called any more
                if self._selector.get_map().get(key.fd) is key:
                    self._guard(key.data)
            now = time.monotonic()
            while self._timers and self._timers[0][0] <= now:
                self._guard(heapq.heappop(self._timers)[2])

    def _wait(self) -> float | None:
        return max(0.0, self._timers[0][0] - time.monotonic()) if self._timers else None

    def _woken(self) -> None:
        numbers = os.read(self._wake_read, 4096)
        for number in sorted(set(numbers)):
            if call := self._signals.get(number):
                self._guard(call)
        while not self._calls.empty():
            self._guard(self._calls.get())

    def _wake(self) -> None:
        try:
            os.write(self._wake_write, b"\0")
        except BlockingIOError:
            return  # it is awake

    def _guard(self, call: Call) -> None:
        try:
            call()
        except Exception as error:  # noqa: BLE001 - one connection's trouble is not the others'
            self._trouble(error)


def _nothing(*_: Any) -> None:
    return
