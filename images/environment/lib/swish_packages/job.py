"""What is to be installed, and where to."""

from __future__ import annotations

import hashlib
import os
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from swish_packages.installed import distributions


class UsageError(Exception):
    """What was asked for makes no sense; the text says why in one sentence."""


@dataclass(frozen=True)
class Job:
    """A set of packages, and where it goes.

    Args:
        requirements: What pip is asked for, sorted, each once.
        base: Python's user base, which need not be there yet.
        python: The Python to install for.
        image: The folder of the environment's own packages, if that Python does not look into it by itself.
    """

    requirements: tuple[str, ...]
    base: Path
    python: Path
    image: Path | None = None

    @property
    def key(self) -> str:
        """The set's name, another one for other requirements, whatever their order, or where others are there already.

        That is so with another version of Python, and with an image whose own packages are not those of yesterday.
        """
        there = sorted(distributions(self.image or self.python.resolve().parents[1] / self._packages))
        return hashlib.sha256(os.fsencode("\0".join((self._version, *self.requirements, "", *there)))).hexdigest()

    @property
    def site(self) -> Path:
        """Where packages go to, of which Python looks into each."""
        return self.base / self._packages

    @property
    def programs(self) -> Path:
        """Where their programs go to."""
        return self.base / "bin"

    @property
    def _packages(self) -> Path:
        return Path("lib", self._version, "site-packages")

    @property
    def _version(self) -> str:
        return self.python.resolve().name


def read_job(arguments: Sequence[str], environment: Mapping[str, str]) -> Job:
    """Say what is to be done.

    Raises:
        UsageError: There is nothing to install or nowhere to, or an argument is not a requirement.
    """
    for argument in arguments:
        if argument.startswith("-"):
            raise UsageError(f"{argument!r} is not a package: options of pip are not allowed.")
        if not argument.strip():
            raise UsageError("An empty text is not a package.")
    if not arguments:
        raise UsageError("Name at least one package, as in: swish-packages flask==3.0.3")
    base = Path(environment.get("PYTHONUSERBASE", ""))
    if not base.is_absolute():
        raise UsageError("PYTHONUSERBASE has to be an absolute path: packages are installed there.")
    requirements = tuple(sorted(set(arguments)))
    if other := environment.get("SWISH_PACKAGES_PYTHON"):
        return Job(requirements, base, Path(other))
    # In a virtual environment pip replaces nothing that is outside of it, neither the person's packages nor ours by
    # theirs. So it runs outside, and is told where the environment's packages are.
    return Job(requirements, base, Path(sys.executable).resolve(), Path(sysconfig.get_path("purelib")))
