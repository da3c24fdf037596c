"""The page about attempts says what was seen, of both versions."""

import json
from typing import Any

import pytest

from benchmarks.attempts_page import page
from benchmarks.attempts_run import RESULTS, kept, line, number_of
from benchmarks.report import DOCS
from tests.images.attempts import ATTEMPTS
from tests.images.attempts.judging import Found


def run(sshd: str, **outcomes: tuple[str, str]) -> dict[str, Any]:
    """Return the results of one version."""
    attempts = [{"name": name, "kind": "forge", "outcome": one, "why": why} for name, (one, why) in outcomes.items()]
    return {"when": "2026-01-02", "command": "try --all", "sshd": sshd, "where": "here", "attempts": attempts}


SAMPLE = {
    "10.0": run("OpenSSH_10.0p2", lie=("marked", "gap, started"), steal=("nothing", "")),
    "9.2": run("OpenSSH_9.2p1", lie=("refused", "Permission denied"), steal=("said", "late"), kill=("changed", "all")),
}


def test_versions_are_beside_each_other():
    """The older one first; what was seen of each, and what only one of them had."""
    text = page(SAMPLE)
    assert "| attempt | kind | OpenSSH 9.2 | OpenSSH 10.0 |" in text
    assert "| lie | forge | refused: Permission denied | marked: `gap`, `started` |" in text
    assert "| steal | forge | limit: late | nothing |" in text
    assert "| kill | forge | **changed** | not tried |" in text


def test_outcomes_are_counted():
    """Of each version, all of them, and what must not be is a row though there is none."""
    text = page(SAMPLE)
    assert text.startswith("# What somebody inside may try against the record of ssh\n")
    assert "\n3 attempts to write" in text
    assert (
        "| refused | 1 | 0 |\n| nothing | 0 | 1 |\n| marked | 0 | 1 |\n| limit | 1 | 0 |\n| **changed** | 1 | 0 |"
        in text
    )


def test_it_says_what_was_done_where():
    """The command, the day and what sshd calls itself, of each."""
    text = page(SAMPLE)
    for sshd in ("OpenSSH_9.2p1", "OpenSSH_10.0p2"):
        assert f"\n`try --all` did it on 2026-01-02: {sshd}, here.\n" in text


def test_what_was_found_is_kept_without_what_was_printed():
    """Scripts print paths and other words of the machine; these are for whoever watches, and only where it is wrong."""
    attempt = ATTEMPTS[0]
    right, wrong = Found(attempt, attempt.outcome, "why", "words"), Found(attempt, "changed", "why", "words")
    assert kept([right]) == [{"name": attempt.name, "kind": attempt.kind, "outcome": attempt.outcome, "why": "why"}]
    assert "words" not in line(right)
    assert "words" in line(wrong)


@pytest.mark.parametrize(
    ("said", "number"),
    [("OpenSSH_9.2p1 Debian-2, OpenSSL 3", "9.2"), ("OpenSSH_10.0p2, x", "10.0"), ("dropbear", "dropbear")],
)
def test_results_are_kept_by_version(said: str, number: str):
    """By the two numbers that OpenSSH's behaviour goes with."""
    assert number_of(said) == number


@pytest.mark.skipif(not RESULTS.exists(), reason="no results yet")
def test_the_page_in_the_documentation_is_that_of_the_results():
    """Nobody has changed it by hand, and nothing came of an attempt that must not."""
    results = json.loads(RESULTS.read_text())
    assert (DOCS / "topics" / "ssh-attempts.md").read_text() == page(results)
    assert not [one for run in results.values() for one in run["attempts"] if one["outcome"] == "changed"]
