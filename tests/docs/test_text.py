"""What must not be written in the repository is not there."""

import re
from pathlib import Path

import pytest

from tests.docs.repository import ROOT, files, make_targets, name_of, text_of

# Put together here, so that this file does not hold what it looks for.
REGISTRIES = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("files", "pythonhosted", "org"),
        ("proxy", "golang", "org"),
        ("sum", "golang", "org"),
        ("registry", "npmjs", "org"),
        ("registry", "yarnpkg", "com"),
        ("deb", "debian", "org"),
        ("security", "debian", "org"),
        ("archive", "ubuntu", "com"),
    )
)
MACHINE_PATH = re.compile(r"(?:^|[^A-Za-z0-9_.~}])/(?:work|farm|tmp/swish)/", flags=re.MULTILINE)


def test_no_registry_is_named():
    """No file names the host of a package registry: each machine uses the index that it is set up for."""
    naming = [(name_of(path), host) for path in files() for host in REGISTRIES if host in (text_of(path) or "")]
    assert naming == []


def test_no_machine_path_is_named():
    """No file holds a path of the machine that it was written on."""
    assert [name_of(path) for path in files() if MACHINE_PATH.search(text_of(path) or "")] == []


@pytest.mark.parametrize("path", sorted(ROOT.glob("**/requirements/*.txt")), ids=name_of)
def test_requirements_are_pinned_with_hashes(path: Path):
    """Each requirement is one exact version with its hashes, and no line is an option or an address."""
    entries = [entry for entry in re.split(r"\n(?=\S)", path.read_text()) if not entry.startswith("#")]
    assert entries
    for entry in entries:
        assert re.match(r"[A-Za-z0-9_.\[\]-]+==\S+", entry), entry
        assert "--hash=sha256:" in entry, entry
        assert "://" not in entry, entry


@pytest.mark.claim("status-and-down")
def test_makefile_has_the_promised_targets():
    """The commands that people and other checks rely on are there, each with its line of help."""
    promised = {"up", "down", "status", "test", "lint", "unit", "chart", "e2e", "bench", "help"}
    assert promised - set(make_targets()) == set()
