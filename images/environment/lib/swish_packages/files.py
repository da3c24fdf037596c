"""Files in a person's folder, where whatever has a file's name may be something else.

A link is not followed, nothing waits for who writes into a pipe, and what is written is there whole or not at all.
"""

from __future__ import annotations

import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def read(path: Path, most: int = -1) -> bytes:
    """Return a file's first bytes, at most so many; all of them by default.

    Raises:
        OSError: It is not there, is no file, or may not be read.
    """
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise OSError(f"{path} is not a file")
        return stream.read(most)


def write(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Put a file there, in the place of a file or a link.

    Raises:
        OSError: It cannot be; what was there is as it was.
    """
    handle, name = tempfile.mkstemp(prefix=".swish-", dir=path.parent)
    partial = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            os.fchmod(handle, mode)
            stream.write(content)
        partial.replace(path)
    except BaseException:
        with suppress(OSError):
            partial.unlink()
        raise


@contextmanager
def alone(lock: Path, notice: str) -> Iterator[bool]:
    """Wait until nobody else is here; false where that cannot be said, as on a volume without locks.

    Args:
        lock: The file that says who is.
        notice: Printed if somebody is.
    """
    try:
        handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    except OSError:
        yield False
        return
    try:
        yield _locked(handle, notice)
    finally:
        os.close(handle)


def _locked(handle: int, notice: str) -> bool:
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(notice, flush=True)  # noqa: T201 - a command-line program prints
            fcntl.flock(handle, fcntl.LOCK_EX)
    except OSError:
        return False
    return True
