"""The folder of the ssh log: its files in their order, of which the last one is written."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from swish_spawner.core.ssh_log.chain import Anchor, Break, Kept, Link, verify
from swish_spawner.errors import UserError
from swish_spawner.services.ssh_log.keep.file import LogFile, Sealed, StoreError

_NAME: Final = "ssh-log-{:012d}.sqlite"
_NAMES: Final = "ssh-log-*.sqlite"


class Store:
    """Adds to the log. One process may have one.

    Args:
        directory: of the log; it is made if it is not there.

    Raises:
        StoreError: the folder or its newest file cannot be used.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"the folder of the ssh log cannot be made: {error.strerror}") from error
        self._file = newest(directory)

    @property
    def last(self) -> Link:
        """The newest record."""
        return self._file.last

    @property
    def positions(self) -> dict[str, str]:
        """How far each container's log has been read."""
        return self._file.positions

    def append(self, bodies: Sequence[str], positions: Mapping[str, str | None]) -> Link:
        """Add records, and how far logs have been read with them: all of it or nothing, on the disk at return.

        Args:
            bodies: the records' texts.
            positions: by container; None forgets one.

        Returns:
            The newest record.

        Raises:
            StoreError: nothing was added.
        """
        while True:
            with suppress(Sealed):
                return self._file.append(bodies, positions)
            self._file.close()
            self._file = newest(self.directory)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def files(directory: Path) -> list[Path]:
    """Return the log's files, the oldest first."""
    return sorted(directory.glob(_NAMES))


def newest(directory: Path) -> LogFile:
    """Open the file that is written now; it is made if there is none, or if the newest is closed.

    Raises:
        StoreError: that does not work.
    """
    with _alone(directory):
        if not files(directory):
            LogFile.make(directory / _NAME.format(1), Link(), {})
        last = LogFile(files(directory)[-1], writes=True)
        if not last.sealed:
            return last
        with last:
            LogFile.make(directory / _NAME.format(last.last.number + 1), last.last, last.positions)
        return LogFile(files(directory)[-1], writes=True)


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Keep other processes from making a file meanwhile."""
    try:
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)
    except OSError as error:
        raise StoreError(f"the folder of the ssh log cannot be used: {error.strerror}") from error


def rotate(directory: Path) -> tuple[Path, Link]:
    """Close the newest file and begin the next one, which is chained to it; a service that writes goes on there.

    Returns:
        The file that was closed, and its last record.

    Raises:
        UserError: there is no log, or no record in its newest file.
        StoreError: it cannot be written.
    """
    with LogFile(_there(directory)[-1], writes=True) as last:
        if last.last == last.before:
            raise UserError(f"{last.path.name} has no record yet; there is nothing to close")
        last.seal()
        path, end = last.path, last.last
    newest(directory).close()
    return path, end


def records(directory: Path, after: int = 0) -> Iterator[Kept]:
    """Yield every record of a higher number than one, in their order.

    Raises:
        UserError: there is no log.
        StoreError: a file cannot be read.
    """
    for path in _there(directory):
        with LogFile(path) as file:
            yield from file.records(after)


def verified(directory: Path, anchors: Sequence[Anchor] = ()) -> tuple[Link, Link]:
    """Look at every record of every file.

    Args:
        directory: of the log.
        anchors: hashes that were kept elsewhere.

    Returns:
        What comes before the first record that is there, and the last one.

    Raises:
        UserError: something is not as it was written: which record, in which file, and what about it.
    """
    first: Link | None = None
    last: Link | None = None
    for path in _there(directory):
        try:
            with LogFile(path) as file:
                first = first or file.before
                last = _verified(file, last or first, anchors)
        except StoreError as error:
            raise UserError(f"{path.name} cannot be read: {error}") from error
    first, last = first or Link(), last or Link()
    for anchor in anchors:
        if not first.number < anchor.number <= last.number:
            raise UserError(f"entry {anchor.number} is not there; the log has {first.number + 1} to {last.number}")
    return first, last


def _verified(file: LogFile, last: Link, anchors: Sequence[Anchor]) -> Link:
    if file.before != last:
        raise UserError(
            f"{file.path.name} begins after entry {file.before.number}, but the file before it ends with entry "
            f"{last.number} ({last.hash}): a file is missing, or one of the two was changed"
        )
    last, broken = verify(last, file.records(), anchors)
    if broken is not None:
        raise UserError(f"{_named(broken)} ({file.path.name}); all before it are as they were written")
    if (damage := file.damage()) is not None:
        raise UserError(f"{file.path.name}: {damage}; its entries, to {last.number}, are as they were written")
    return last


def _named(broken: Break) -> str:
    return f"entry {broken.number} {broken.problem}"


def _there(directory: Path) -> list[Path]:
    if not (there := files(directory)):
        raise UserError(f"there is no ssh log in {directory}")
    return there
