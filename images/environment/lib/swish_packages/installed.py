"""What pip has installed into a folder, by the records that it keeps there."""

from __future__ import annotations

import csv
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from swish_packages import files


def distributions(site: Path) -> set[str]:
    """Name the packages that a folder has, with their versions."""
    return {record.name for record in site.glob("*.dist-info")}


def forget_halves(site: Path) -> None:
    """Take the records of packages away that are not whole, so that pip installs them instead of calling them there.

    For after an installation that did not end: pip writes first what makes it call a package installed, then the
    package's bytecode and programs, and last who installed it.
    """
    for record in site.glob("*.dist-info"):
        if not _is_whole(record):
            with suppress(OSError):
                shutil.rmtree(record)


def recorded(site: Path, folder: Path) -> set[str]:
    """Name the files right in a folder that came with packages."""
    found: set[str] = set()
    for record in site.glob("*.dist-info"):
        with suppress(OSError, ValueError):
            paths = (Path(os.path.normpath(path)) for path in _files(record))
            found.update(path.name for path in paths if path.parent == folder)
    return found


def _is_whole(record: Path) -> bool:
    try:
        listed = set(_files(record))
    except (OSError, ValueError):
        return False
    return record / "INSTALLER" in listed and all(path.exists() for path in listed if path.suffix != ".pyc")


def _files(record: Path) -> Iterator[Path]:
    text = files.read(record / "RECORD").decode()
    try:
        for row in csv.reader(text.splitlines()):
            if row:
                yield record.parent / row[0]
    except csv.Error as error:
        raise ValueError(str(error)) from error
