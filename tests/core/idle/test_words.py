"""Why an environment counts as idle and what comes next are said so that its owner knows what to do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from swish_spawner.core.idle.ladder import Episode, NextStep
from swish_spawner.core.idle.signals import Kind, LastUse, Signal, Terms, idleness
from swish_spawner.core.idle.words import because, coming

READY = datetime(2026, 6, 1, 8, tzinfo=UTC)
TERMS = Terms(READY, timedelta(hours=2), timedelta(hours=24), timedelta(minutes=3))


def at(hours: float) -> datetime:
    """Return a moment so many hours after the environment was ready."""
    return READY + timedelta(hours=hours)


def hour(moment: datetime) -> str:
    """Say a moment as these tests do."""
    return f"{moment:%a %H:%M}"


OWN = (
    "What it says of itself since then does not count: 1d after its owner was last seen to do something, that is not "
    "enough."
)
WORDS: list[tuple[list[tuple[str, str, float | None, float]], bool, list[str], str]] = [
    ([], False, ["Not used since Mon 08:00: nobody has used it since it was started."], "never used"),
    (
        [("kernels", "work", 3, 100)],
        False,
        ["Not used since Mon 11:00: that was the last time that a kernel was busy."],
        "a kernel",
    ),
    (
        [("hub", "presence", 90, 100)],
        False,
        [
            "Not used since Mon 10:00: that was the last time that a page of it was open.",
            "Since then being connected does not count: that is so 2h after somebody last did something.",
        ],
        "a tab that was left open",
    ),
    (
        [("gpu", "work", 90, 100)],
        False,
        [
            "Not used since Tue 08:00: that was the last time that its GPU was busy.",
            "Since then work does not count: that is so 1d after somebody last did something.",
        ],
        "a job that nobody attends",
    ),
    (
        [("terminals", "interaction", 90, 100)],
        True,
        [
            "Not used since Tue 08:00: that was the last time that somebody typed in a terminal.",
            OWN,
        ],
        "a program that plays a person",
    ),
    (
        [("cpu", "work", 1, 50), ("ssh", "interaction", None, 100)],
        False,
        [
            "Not used since Mon 09:00: that was the last time that its processors were busy.",
            "Nothing is known at present of cpu, which counts as use before anything is taken away.",
        ],
        "Prometheus is away",
    ),
    (
        [("cpu", "work", 30, 50)],
        False,
        [
            "Not used since Tue 08:00: that was the last time that its processors were busy.",
            "Since then work does not count: that is so 1d after somebody last did something.",
            "Nothing is known at present of cpu, which counts as use no more before anything is taken away.",
        ],
        "Prometheus is away, and nobody has been there for days",
    ),
    (
        [("editor", "presence", 1, 100)],
        False,
        ["Not used since Mon 09:00: that was the last time that editor saw any use."],
        "a source that has no words",
    ),
]


@pytest.mark.parametrize(("seen", "is_scarce", "expected", "reason"), WORDS, ids=[row[3] for row in WORDS])
def test_why_it_is_idle(
    seen: list[tuple[str, str, float | None, float]], is_scarce: bool, expected: list[str], reason: str
) -> None:
    """At 100 hours."""
    terms = Terms(READY, TERMS.presence_cap, TERMS.work_cap, TERMS.stale, is_scarce=is_scarce)
    signals = [
        Signal(source, Kind(kind), None if last is None else at(last), at(known), is_own=is_scarce)
        for source, kind, last, known in seen
    ]
    assert list(because(idleness(signals, terms, at(100)), terms, hour)) == expected, reason


@pytest.mark.parametrize(
    ("do", "words"),
    [
        ("alert", "operators are told"),
        ("notify", "its owner is told"),
        ("shrink", "it is made smaller"),
        ("warn", "its owner is warned that it will be stopped"),
        ("stop", "it is stopped; its files stay"),
    ],
)
def test_what_comes_next(do: str, words: str) -> None:
    """With its time, and what to do about it."""
    verdict = NextStep(Episode(READY), None, do, at(2))
    assert coming(verdict, hour) == f"At Mon 10:00 {words}, unless it is used before."


def test_nothing_comes_after_a_stop() -> None:
    """Then nothing is said."""
    assert coming(NextStep(Episode(READY), "stop", None, None), hour) == ""


def test_what_is_known_from_before_is_said_so() -> None:
    """By a service that was started again, and whose sources have forgotten."""
    before = LastUse(at(5), at(5), at(5))
    found = idleness([], TERMS, at(100), before)
    assert because(found, TERMS, hour) == ("Not used since Mon 13:00: that was known before.",)
