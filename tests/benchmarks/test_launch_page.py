"""The section about launches says what the results say."""

from benchmarks.launch_page import launches, section
from benchmarks.plots import stacked_chart
from tests.benchmarks.sample import LAUNCHES


def test_stock_is_beside_ours():
    """Phase by phase, with the least and the most, and the whole."""
    text = section(LAUNCHES)
    assert "| phase | stock, plain image | ours, plain image | ours |" in text
    assert "| until the hub has noticed | 2.00 (2.00 to 3.00) | 0.10 (0.10 to 0.10) | 0.10 (0.10 to 0.10) |" in text
    assert "| **whole** | 6.60 (6.50 to 7.10) | 7.20 (7.20 to 7.20) | 4.30 (4.30 to 4.30) |" in text


def test_section_says_what_was_launched():
    """Image, size and machine."""
    assert "(python3, 0.5 cores, 1 GiB)" in section(LAUNCHES)
    assert "Abacus, 2 cores" in section(LAUNCHES)


def test_the_fewest_launches_are_how_many_there_were():
    """So that none is claimed that was not made."""
    assert "the median of 1 launches of each" in section(LAUNCHES)
    assert {name: len(group) for name, group in launches(LAUNCHES).items()} == {"stock": 3, "plain": 1, "swish": 1}


def test_what_the_image_is_worth_is_told():
    """JupyterLab's start beside that of the plain image, and the whole beside stock's with that image."""
    text = " ".join(section(LAUNCHES).split())
    assert "takes 0.50 of what it takes in the plain image" in text
    assert "the whole launch 0.65 of what stock KubeSpawner's takes with that image" in text


def test_parts_of_a_bar_follow_one_another():
    """The longest bar fills the room, and the whole is written beside it."""
    chart = stacked_chart("T", "s", {"a": {"x": 1.0, "y": 3.0}, "b": {"x": 2.0}})
    assert chart.count('height="26"') == 3
    assert ">4.00</text>" in chart
    assert chart.count(">x</text>") == 1
