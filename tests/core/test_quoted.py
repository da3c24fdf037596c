"""Words of others are short, plain and hold no secret."""

from __future__ import annotations

import pytest

from swish_spawner.core.quoted import quoted, says


@pytest.mark.parametrize(
    ("text", "shown"),
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
def test_words_are_made_plain(text: object, shown: str) -> None:
    """On one line, without quotation marks inside, and without what gives access."""
    assert quoted(text) == shown


def test_a_long_text_is_cut_in_its_middle() -> None:
    """Both ends of it tell something."""
    shown = quoted("begin " + "x" * 5000 + " end", 40)
    assert len(shown) <= 42
    assert shown.startswith('"begin xxx')
    assert " ... " in shown


def test_nothing_is_quoted_of_nobody() -> None:
    """A sentence without a quotation ends where it ended."""
    assert says("The node", None) == ""
    assert says("The node", "no") == ' The node says: "no"'
