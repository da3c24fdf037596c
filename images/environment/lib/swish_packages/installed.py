"""What pip has installed into a folder, by the records that it keeps there."""

from __future__ import annotations

import csv
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from swish_packages import files


def distributions(site: Path) -> set[str]:
    """Name the packages that a folder has, with their versions."""
    # the latter is what Python 2's pip writes of a package that it built
    return {record.name for kind in ("dist-info", "egg-info") for record in site.glob(f"*.{kind}")}


def forget_halves(site: Path, age: float) -> None:
    """Take the records of packages away that were not installed to the end, so that pip does not call them there.

    Pip writes first what makes it call a package installed, then the package's bytecode and programs, and last, in the
    record, who installed it.

    Args:
        site: The folder of the packages.
        age: Seconds in which a record has to be unchanged.
    """
    for record in site.glob("*.dist-info"):
        with suppress(OSError):
            if time.time() - record.stat().st_mtime >= age and not _is_whole(record):
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
        return record / "INSTALLER" in _files(record)
    except (OSError, ValueError):
        return False


def _files(record: Path) -> Iterator[Path]:
    text = files.read(record / "RECORD").decode()
    try:
        for row in csv.reader(text.splitlines()):
            if row:
                yield record.parent / row[0]
    except csv.Error as error:
        raise ValueError(str(error)) from error
