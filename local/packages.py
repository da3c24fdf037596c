"""Debian packages: only what is missing is installed, and only then is apt asked at all."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

from local.settings import ETC
from local.shell import Shell


def read_packages(table: Path = ETC / "packages.toml") -> dict[str, str]:
    """Read the needed packages.

    Returns:
        Package -> the command (a bare name) or file (an absolute path) that shows that it is there.
    """
    return dict(tomllib.loads(table.read_text())["packages"])


def present(evidence: str) -> bool:
    """Whether a command is on PATH or in root's usual folders, or a file exists."""
    if evidence.startswith("/"):
        return Path(evidence).exists()
    return bool(shutil.which(evidence) or shutil.which(evidence, path="/usr/sbin:/sbin"))


def missing(packages: Mapping[str, str], there: Callable[[str], bool] = present) -> list[str]:
    """List the packages whose evidence is absent, in the table's order."""
    return [name for name, evidence in packages.items() if not there(evidence)]


def install_argv(packages: list[str]) -> list[str]:
    """Give the command that installs packages and nothing that is merely recommended."""
    return ["apt-get", "install", "--yes", "--no-install-recommends", *packages]


def ensure_packages(shell: Shell) -> list[str]:
    """Install the packages that are missing.

    Returns:
        What was installed; empty when nothing was missing.

    Raises:
        CommandError: apt failed.
    """
    wanted = missing(read_packages())
    if wanted:
        env = {"DEBIAN_FRONTEND": "noninteractive"}
        # Packages may be half unpacked if an earlier run was killed.
        shell.run(["dpkg", "--configure", "-a"], env=env)
        shell.run(["apt-get", "update"], env=env)
        shell.run(install_argv(wanted), env=env)
    return wanted
