"""The page of faults counts what was seen."""

import json
from dataclasses import asdict

import pytest

from benchmarks.fault_page import page
from benchmarks.faults import FAULTS, RESULTS, Trial
from tests.conftest import ROOT


def test_trials_of_a_fault_are_one_row():
    """Everything is summed; what should be zero and is not is marked."""
    trials = [Trial("storm", ready=8, seconds=3), Trial("storm", ready=6, failed=2, left=1, seconds=9.4)]
    text = page([asdict(trial) for trial in trials])
    assert "| storm | 2 | 16 | 14 | 2 | 0 | 0 | **1** | 0 | 9 s |" in text


@pytest.mark.skipif(not RESULTS.exists(), reason="no results yet")
def test_the_page_in_the_documentation_is_that_of_the_results():
    """And every fault is in it."""
    text = (ROOT / "docs" / "topics" / "faults.md").read_text()
    assert text == page(json.loads(RESULTS.read_text()))
    assert [name for name in FAULTS if f"| {name} |" not in text] == []
