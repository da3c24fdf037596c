"""The artefact cache: an artefact is whole or absent, and two runs never build the same one twice."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from local.errors import LocalError


@contextlib.contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold a lock that ends with this process, however it ends.

    Args:
        path: The lock's file; made if absent, and left behind.
        wait: Wait for another holder; otherwise fail at once.

    Raises:
        LocalError: Another process holds it and `wait` is false.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with _lock(path, wait) as stream:
        stream.truncate(0)
        stream.write(str(os.getpid()))
        stream.flush()
        yield


def _lock(path: Path, wait: bool) -> IO[str]:
    while True:
        stream = path.open("a+")
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            stream.seek(0)
            holder = stream.read() or "unknown"
            stream.close()
            text = f"Another `make up` or `make down` is at work (process {holder}); wait for it to end."
            raise LocalError(text) from None
        # Its last holder may have removed the file meanwhile: then this lock is one of nothing.
        if path.exists() and path.stat().st_ino == os.fstat(stream.fileno()).st_ino:
            return stream
        stream.close()


def publish(target: Path, build: Callable[[Path], None], whole: Callable[[Path], bool] = Path.exists) -> bool:
    """Make sure that an artefact is in the cache, building it if it is not.

    The artefact is built under another name and renamed when it is complete and on the disk, so a run that is killed
    leaves nothing that looks like an artefact.

    Args:
        target: File or folder to be.
        build: Makes it at the path it is given.
        whole: Says whether an artefact found there is intact; a broken one is built again.

    Returns:
        Whether it had to be built.
    """
    if whole(target):
        return False
    with locked(target.parent / ".locks" / target.name):
        if whole(target):
            return False
        for leftover in target.parent.glob(f".{target.name}.*.partial"):
            remove(leftover)
        partial = target.parent / f".{target.name}.{os.getpid()}.partial"
        try:
            build(partial)
            _sync(partial)
            remove(target)
            partial.rename(target)
        finally:
            remove(partial)
    return True


def remove(path: Path) -> None:
    """Remove a file or a folder with all that is in it, read-only folders included; absent is fine."""
    if path.is_dir() and not path.is_symlink():
        try:
            shutil.rmtree(path)
        except PermissionError:
            # Go makes its module cache read-only, which stops everybody but root.
            for folder in [path, *(p for p in path.rglob("*") if p.is_dir() and not p.is_symlink())]:
                folder.chmod(folder.stat().st_mode | 0o700)
            shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    for file in [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file() and not p.is_symlink()]:
        descriptor = os.open(file, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
