"""What `make test` runs a sample of is run whole elsewhere, and nothing else is."""

import re

import pytest

from benchmarks.matrices import SAMPLED
from local.settings import REPO
from tests.scale import VARIABLE, scaled


def test_every_sample_has_its_whole():
    """Each module that scales something is among those that are run whole."""
    tests = (path for path in (REPO / "tests").rglob("test_*.py") if path.name != "test_matrices.py")
    found = {str(path.relative_to(REPO)) for path in tests if re.search(r"\bscaled\(", path.read_text())}
    assert found == set(SAMPLED)


def test_a_sample_is_what_is_run_unless_the_whole_is_asked_for(monkeypatch: pytest.MonkeyPatch):
    """By a variable."""
    monkeypatch.delenv(VARIABLE, raising=False)
    assert scaled(3, 20) == 3
    monkeypatch.setenv(VARIABLE, "1")
    assert scaled(3, 20) == 20
