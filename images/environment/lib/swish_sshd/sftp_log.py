"""What sftp-server says, line by line, as what was done with which file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

#: A path is as long as this in an event, at most; a line of a container's log holds it in one piece.
_LONGEST: Final = 1000

_LINES: Final = tuple(
    # a name may have ends of lines
    (operation, re.compile(pattern, re.DOTALL))
    for operation, pattern in (
        ("open", r'open "(?P<path>.*)" flags (?P<flags>[A-Z,]{1,100}) mode'),
        ("close", r'(?:forced )?close "(?P<path>.*)" bytes read (?P<read>\d{1,15}) written (?P<written>\d{1,15})'),
        ("list", r'opendir "(?P<path>.*)"'),
        ("remove", r'remove name "(?P<path>.*)"'),
        ("mkdir", r'mkdir name "(?P<path>.*)" mode'),
        ("rmdir", r'rmdir name "(?P<path>.*)"'),
        ("rename", r'(?:posix-)?rename old "(?P<path>.*)" new "(?P<to>.*)"'),
        ("link", r'(?:symlink|hardlink) old "(?P<to>.*)" new "(?P<path>.*)"'),
        ("change", r'set "(?P<path>.*)" (?:size|mode|modtime|owner)'),
    )
)
_REFUSED: Final = re.compile(r"sent status (?P<why>.{1,100})")


@dataclass
class SftpLog:
    """One sftp-server's lines; what it was asked for is told once it is known how that went.

    The line that says what was asked for comes first, and a second one only if it failed.
    """

    _held: dict[str, Any] = field(default_factory=dict)

    def feed(self, line: str) -> Iterator[dict[str, Any]]:
        """Take a line; yields what is known by now, as the fields of events."""
        text = line.strip()
        if failed := _REFUSED.match(text):
            if self._held:
                yield {**self._held, "outcome": failed["why"].lower()}
                self._held = {}
            return
        yield from self.flush()
        for operation, pattern in _LINES:
            if found := pattern.match(text):
                yield from self._take(operation, found.groupdict())
                return

    def flush(self) -> Iterator[dict[str, Any]]:
        """Yield what is held back: nothing more has been said about it, so it went well."""
        if self._held:
            yield {**self._held, "outcome": "ok"}
            self._held = {}

    def _take(self, operation: str, found: dict[str, str]) -> Iterator[dict[str, Any]]:
        if operation == "close":
            # a file that was only created, or looked at, is told as well: its opening said so
            for name, count in (("read", int(found["read"])), ("write", int(found["written"]))):
                if count:
                    yield {"op": name, "path": cut(found["path"]), "bytes": count, "outcome": "ok"}
            return
        self._held = {"op": operation, **{key: cut(value) for key, value in found.items()}}


def cut(path: str) -> str:
    """Shorten a path that no line of a log would hold in one piece."""
    return (
        path
        if len(path.encode(errors="replace")) <= _LONGEST
        else path.encode()[:_LONGEST].decode(errors="ignore") + "…"
    )
