"""Events, as lines of JSON on the container's output."""

from __future__ import annotations

import json
import os
import queue
import secrets
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from swish_sshd.settings import Settings

_WAITING: Final = 20_000

Write = Callable[[bytes], None]


class Console:
    """Writes lines to a file descriptor, from a thread of its own: a reader that is slow stops nobody.

    Args:
        descriptor: Where to.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lines: queue.Queue[bytes | None] = queue.Queue(_WAITING)
        self.lost = 0
        self._thread = threading.Thread(target=self._run, name="console", daemon=True)
        self._thread.start()

    def __call__(self, line: bytes) -> None:
        """Write a line soon; it is counted as lost when too many wait."""
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            self.lost += 1

    def close(self, seconds: float = 2.0) -> None:
        """Wait until what was given is written, but no longer than some seconds."""
        try:
            self._lines.put(None, timeout=seconds)
        except queue.Full:
            return
        self._thread.join(seconds)

    def _run(self) -> None:
        while (line := self._lines.get()) is not None:
            # in one call where a pipe takes it so: others may write to it, too
            while line:
                try:
                    line = line[os.write(self._descriptor, line) :]
                except OSError:
                    self.lost += 1
                    break


class Events:
    """Numbers events and writes them.

    Args:
        settings: Whose environment this is.
        write: Takes a line.
    """

    def __init__(self, settings: Settings, write: Write) -> None:
        names = ("environment", "team", "user")
        self._fixed = {name: getattr(settings, name) for name in names}
        self._write = write
        self.boot = secrets.token_hex(6)
        self._number = 0

    def __call__(self, event: str, **fields: Any) -> None:
        """Write an event; a field that is None is left out."""
        self._number += 1
        document = {
            "swish": "ssh",
            "boot": self.boot,
            "n": self._number,
            "time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            **self._fixed,
            "event": event,
            **{name: value for name, value in fields.items() if value is not None},
        }
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        self._write(text.encode(errors="backslashreplace") + b"\n")
