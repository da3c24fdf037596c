"""The person's keys, as the file that sshd reads has them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_KEY: Final = re.compile(r"(?:^|[\s,\"])((?:ssh|ecdsa|sk)-[a-z0-9@.-]+)\s+([A-Za-z0-9+/]+=*)")


def fingerprint(blob: bytes) -> str:
    """Return a key's fingerprint as OpenSSH prints it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def fingerprints(text: str) -> frozenset[str]:
    """Return the fingerprints of all keys in the text of an `authorized_keys`; lines that hold none do not matter."""
    found = set()
    for line in text.splitlines():
        key = None if line.lstrip().startswith("#") else _KEY.search(line)
        try:
            if key:
                found.add(fingerprint(base64.b64decode(key[2], validate=True)))
        except binascii.Error:
            continue
    return frozenset(found)


@dataclass
class KeysFile:
    """The file, looked at again and again.

    Args:
        path: Where it is; it may be missing, which is the same as empty.
    """

    path: Path
    _seen: tuple[int, ...] | None = None
    _known: frozenset[str] = frozenset()
    _read: bool = False

    def look(self) -> frozenset[str] | None:
        """Return the fingerprints; None while the file is there and cannot be read, which says nothing about keys."""
        try:
            status = self.path.stat()
            seen = (status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size)
            if not self._read or seen != self._seen:
                self._known = fingerprints(self.path.read_text(encoding="utf-8", errors="replace"))
                self._seen, self._read = seen, True
        except (FileNotFoundError, NotADirectoryError):
            self._known, self._seen, self._read = frozenset(), None, True
        except OSError:
            return None
        return self._known
