"""What is shown of a log's lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swish_spawner.core.log_lines import MOST, shown

ROWS: list[tuple[str, str, str]] = [
    ("Collecting flask==3.0.3", "Collecting flask==3.0.3", "as it is"),
    ("  a\tb\r\n", "a b", "blanks of all kinds"),
    ("\x1b[31mERROR\x1b[0m: no", "ERROR: no", "colours"),
    ("\x1b]0;title\x07done", "done", "a terminal's title"),
    ("a\x00b\x08c\u202ed", "a b c d", "control characters"),
    ("\x1b", "", "nothing but an escape"),
    (
        "Looking in indexes: https://ann:pass@pip.example.org/simple",
        "Looking in indexes: https://pip.example.org/simple",
        "a password",
    ),
    (
        "https://token@pip.example.org/a and https://b:c@d.example/e",
        "https://pip.example.org/a and https://d.example/e",
        "two",
    ),
    ("https://a:p@ss@pip.example.org/x", "https://pip.example.org/x", "a password with an @"),
    (
        "Downloading https://e.example/f.whl?X-Sig=abc#sha256=1 (3 MB)",
        "Downloading https://e.example/f.whl (3 MB)",
        "a signature",
    ),
    ("mail ann@example.org", "mail ann@example.org", "no address of a page"),
    ("x" * 300, "x" * (MOST - 1) + "…", "too long"),
]


@pytest.mark.parametrize(("line", "expected", "reason"), ROWS, ids=[row[2] for row in ROWS])
def test_a_line_is_shown_without_what_it_must_not_hold(line: str, expected: str, reason: str) -> None:
    """The table says what becomes of each."""
    assert shown(line) == expected


@given(st.text(max_size=500))
def test_whatever_is_written_is_one_short_printable_line(line: str) -> None:
    """No text makes it longer, or more than one line."""
    text = shown(line)
    assert len(text) <= MOST
    assert len(text.splitlines()) <= 1
    assert not any(ord(letter) < 32 or ord(letter) == 127 for letter in text)


@given(st.text("abc:@/?#% ", max_size=30), st.text("abc", min_size=1, max_size=5))
def test_no_log_in_is_shown(before: str, host: str) -> None:
    """Whatever stands in an address where a log-in does is not shown."""
    assert "SECRET" not in shown(f"{before}https://SECRET@{host}.example/x?SECRET")
