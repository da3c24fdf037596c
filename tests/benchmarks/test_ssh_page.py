"""The section about files by ssh says what was measured."""

import json
from typing import Any

import pytest

from benchmarks.ssh_page import compared, placed, section
from benchmarks.ssh_throughput import PAGE, RESULTS

SECONDS = {
    ("plain", "put"): (4, 5, 8),
    ("plain", "get"): (2, 2, 2),
    ("swish", "put"): (5, 4, 5),
    ("swish", "get"): (4,),
}
RUNS = [
    {"contender": name, "direction": direction, "repeat": repeat, "seconds": seconds}
    for (name, direction), group in SECONDS.items()
    for repeat, seconds in enumerate(group, 1)
]
SAMPLE: dict[str, Any] = {
    "when": "2026-01-02", "command": "python -m benchmarks.ssh_throughput", "processor": "Abacus", "cores": 2,
    "memory_gib": 8, "openssh": "9.2", "cipher": "rot13", "mebibytes": 2048, "runs": RUNS,
}  # fmt: skip


def test_both_are_beside_each_other():
    """MiB a second by the median, the least and the most, and ours as a share of theirs."""
    assert "| to the environment (`put`) | 410 (256 to 512) | 410 (410 to 512) | 1.00 |" in compared(SAMPLE)
    assert "| from the environment (`get`) | 1024 (1024 to 1024) | 512 (512 to 512) | 0.50 |" in compared(SAMPLE)


def test_it_says_what_was_done_where():
    """Size, the fewest repeats, machine and cipher."""
    text = section(SAMPLE)
    assert "A file of 2 GiB" in text
    assert "the median of 1," in text
    assert "on 2026-01-02: Abacus,\n2 cores" in text
    assert "OpenSSH 9.2, rot13" in text


def test_the_rest_of_the_page_stays():
    """What is between the markers is replaced, however often."""
    page = "a\n<!-- throughput -->\nold\n<!-- end -->\nb\n"
    once = placed(page, SAMPLE)
    assert once == f"a\n<!-- throughput -->\n{section(SAMPLE)}<!-- end -->\nb\n"
    assert placed(once, SAMPLE) == once


def test_a_page_without_a_place_is_an_error():
    """It would lose the results without a word."""
    with pytest.raises(ValueError, match="has to have"):
        placed("nothing", SAMPLE)


@pytest.mark.skipif(not RESULTS.exists(), reason="no results yet")
def test_the_page_in_the_documentation_is_that_of_the_results():
    """Nobody has changed it by hand."""
    text = PAGE.read_text()
    assert text == placed(text, json.loads(RESULTS.read_text()))
