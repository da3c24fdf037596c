"""The page says what the results say."""

import json
from xml.etree import ElementTree as ET

import pytest

from benchmarks.__main__ import LAUNCHES as REAL_LAUNCHES
from benchmarks.__main__ import RESULTS as REAL
from benchmarks.plots import number_text
from benchmarks.report import page, plots, read_results, write_page
from benchmarks.versions import RESULTS as VERSIONS
from tests.benchmarks.sample import LAUNCHES, RESULTS
from tests.conftest import ROOT


def test_page_has_a_row_for_each():
    """With percentiles, failures and what was left."""
    text = page(RESULTS)
    row = "| 7.00 / 9.00 / 9.00 | 0.25 / 0.25 / 0.25 | 2.00 / 3.00 / 3.00 | **1 of 4** | **1** |"
    assert f"| 2 starts, 15 s of rest | stock {row}" in text
    assert "| 1 start, API 4 s late | stock | none ready |" in text


def test_page_says_how_it_was_measured():
    """The command and the machine are on it."""
    text = page(RESULTS)
    assert "    make bench\n" in text
    assert "Abacus, 2 cores" in text


def test_page_says_where_stock_is_as_good():
    """A measure in which it is better is said to be."""
    assert "event loop lag, p99 (1.00 against 5.00, better)" in page(RESULTS)


def test_page_says_what_many_starts_hold():
    """At even steps, and that two rounds make no slope."""
    text = page(RESULTS)
    assert "4 starts and stops in one process, 2 at once" in text
    assert "| after starts | 2 | 4 |" in text
    assert "too few rounds for a slope" in text


def test_page_says_what_was_run_less_often():
    """As the crowds are."""
    assert "run 2 times by each; 1 start, API 4 s late: 1." in page(RESULTS)


@pytest.mark.parametrize("name", ["bench-noticed.svg", "bench-cpu.svg", "bench-memory.svg", "bench-launches.svg"])
def test_plots_are_svg(name):
    """Each with a name for those who do not see it."""
    root = ET.fromstring(plots(RESULTS, LAUNCHES)[name])  # noqa: S314 - we made it
    assert root.tag.endswith("svg")
    assert root.attrib["aria-label"]


def test_everything_is_written(tmp_path):
    """Page and plots lie where the documentation looks for them."""
    for folder in ("images", "topics"):
        (tmp_path / folder).mkdir()
    (tmp_path / "results.json").write_text(json.dumps(RESULTS))
    (tmp_path / "launches.json").write_text(json.dumps(LAUNCHES))
    write_page(tmp_path / "results.json", tmp_path / "launches.json", tmp_path / "none.json", tmp_path)
    assert (tmp_path / "topics" / "performance.md").read_text() == page(RESULTS, LAUNCHES)
    assert len(list((tmp_path / "images").iterdir())) == 4


def test_a_page_without_launches_says_nothing_of_them(tmp_path):
    """Nor leads to them."""
    assert read_results(tmp_path / "none.json") is None
    assert "JupyterLab opens" not in page(RESULTS)


NUMBERS = [(0, "0"), (0.0123, "0.012"), (0.5, "0.50"), (12.34, "12.3"), (1234.5, "1234")]


@pytest.mark.parametrize(("value", "text"), NUMBERS)
def test_numbers_are_short(value, text):
    """About three digits."""
    assert number_text(value) == text


@pytest.mark.skipif(not REAL.exists(), reason="no results yet")
def test_the_page_in_the_documentation_is_that_of_the_results():
    """Nobody wrote into it."""
    assert (ROOT / "docs" / "topics" / "performance.md").read_text() == page(
        json.loads(REAL.read_text()), read_results(REAL_LAUNCHES), read_results(VERSIONS)
    )
