"""Words of others are short, plain and hold no secret."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swish_spawner.core.quoting import MOST_OF_A_LINE, quoted, says, shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, ""),
        (7, ""),
        ("", ""),
        (" \n\x00 ", ""),
        ('image "x" is\n\tbad\x1b[31m', "\"image 'x' is bad [31m\""),
        ("rpc error: code = NotFound desc = not here", '"not here"'),
        ("a\u202eb\u200bc", '"a b c"'),
        ("password=hunter2 tail", '"password=... tail"'),
        ("MY_API_TOKEN=0123abc tail", '"MY_API_TOKEN=... tail"'),
        ("secret: no such key", '"secret: no such key"'),
        ("http://127.0.0.1:8888/lab?token=0123abc tail", '"http://127.0.0.1:8888/lab?... tail"'),
        ("redis://:hunter2@db:6379 refused", '"redis://db:6379 refused"'),
        ("Authorization: Basic dXNlcjpwYXNz was sent", '"Authorization: ... was sent"'),
        ("no basic auth credentials", '"no basic auth credentials"'),
    ],
)
def test_words_are_made_plain(text: object, expected: str) -> None:
    """On one line, without quotation marks inside, and without what gives access."""
    assert quoted(text) == expected


def test_a_long_text_is_cut_in_its_middle() -> None:
    """Both ends of it tell something."""
    words = quoted("begin " + "x" * 5000 + " end", 40)
    assert len(words) <= 42
    assert words.startswith('"begin xxx')
    assert " ... " in words


def test_nothing_is_quoted_of_nobody() -> None:
    """A sentence without a quotation ends where it ended."""
    assert says("The node", None) == ""
    assert says("The node", "no") == ' The node says: "no"'


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
    ("x" * 300, "x" * (MOST_OF_A_LINE - 1) + "…", "too long"),
]


@pytest.mark.parametrize(("line", "expected", "reason"), ROWS, ids=[row[2] for row in ROWS])
def test_a_line_is_shown_without_what_it_must_not_hold(line: str, expected: str, reason: str) -> None:
    """The table says what becomes of each."""
    assert shown(line) == expected


@given(st.text(max_size=500))
def test_whatever_is_written_is_one_short_printable_line(line: str) -> None:
    """No text makes it longer, or more than one line."""
    text = shown(line)
    assert len(text) <= MOST_OF_A_LINE
    assert len(text.splitlines()) <= 1
    assert not any(ord(letter) < 32 or ord(letter) == 127 for letter in text)


@given(st.text("abc:@/?#% ", max_size=30), st.text("abc", min_size=1, max_size=5))
def test_no_log_in_is_shown(before: str, host: str) -> None:
    """Whatever stands in an address where a log-in does is not shown."""
    assert "SECRET" not in shown(f"{before}https://SECRET@{host}.example/x?SECRET")
