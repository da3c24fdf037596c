"""Which set was installed into a folder last, and whether that came to an end."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from swish_packages import files
from swish_packages.installed import distributions
from swish_packages.job import Job

#: In place of a set's key while pip runs.
_BEGUN: Final = b"begun"


@dataclass(frozen=True)
class Stamp:
    """A file in the folder that names the set that was installed last, and what there was then.

    While pip runs it says that something was begun, and after a failure or a stop it still does.

    Args:
        job: The set that is to be installed, and where to.
    """

    job: Job

    def is_of_the_set(self) -> bool:
        """Whether this very set was installed last, and no package was removed or changed since."""
        key, *found = self._read()
        return key == self._key and distributions(self.job.site).issuperset(map(os.fsdecode, found))

    def has_begun(self) -> bool:
        """Whether an installation began and did not end."""
        return self._read()[0] == _BEGUN

    def begin(self) -> None:
        """Write down that an installation begins."""
        self._write(_BEGUN)

    def end(self) -> None:
        """Write down what is there now."""
        self._write(self._key, *map(os.fsencode, sorted(distributions(self.job.site))))

    @property
    def _key(self) -> bytes:
        return self.job.key.encode()

    @property
    def _path(self) -> Path:
        return self.job.base / ".swish-packages"

    def _read(self) -> list[bytes]:
        try:
            # a name may have all but this in it
            return files.read(self._path, most=1 << 20).split(b"\0")
        except OSError:
            return [b""]

    def _write(self, *words: bytes) -> None:
        try:
            files.write(self._path, b"\0".join(words))
        except OSError as error:
            print(f"Packages: the next start does not know of this one: {error}", flush=True)  # noqa: T201
