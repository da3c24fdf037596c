"""Words of others, made fit to be shown: short, on one line, and without what gives access to something."""

from __future__ import annotations

import re
from typing import Final

_MOST: Final = 240
#: More of a text than this is not even looked at.
_MOST_READ: Final = 4096
_GRPC: Final = re.compile(r"rpc error: code = \w+ desc = ")
#: What gives access: a person or a key in an address, its query (a signed address), a header, `token=...`, a web token.
_SECRETS: Final = (
    (re.compile(r"(\w+://)[^/\s@\"']+@"), r"\1"),
    (re.compile(r"(\w+://[^\s?\"']*)\?[^\s\"']*"), r"\1?..."),
    (re.compile(r"(?i)(authorization:|bearer)\s+(?:basic\s+|bearer\s+)?[\w.~+/=-]{8,}"), r"\1 ..."),
    (
        re.compile(r"(?i)(\w*(?:password|passwd|secret|token|api_?key|access_?key|credentials?))(=|:(?=\S))\S+"),
        r"\1\2...",
    ),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]+\.?[\w-]*"), "..."),
)


def quoted(text: object, most: int = _MOST) -> str:
    """Return somebody's words in quotation marks, or nothing if there are none.

    Args:
        text: anything; what is no text is none.
        most: the greatest number of characters between the marks.
    """
    words = text[:_MOST_READ] if isinstance(text, str) else ""
    if not words.isprintable():
        words = "".join(each if each.isprintable() else " " for each in words)
    words = _GRPC.sub("", " ".join(words.split())).replace('"', "'")
    for secret, instead in _SECRETS:
        words = secret.sub(instead, words)
    return f'"{_cut(words, most)}"' if words else ""


def says(who: str, text: object, most: int = _MOST) -> str:
    """Return the end of a sentence that quotes somebody, beginning with a space, or nothing if they say nothing."""
    words = quoted(text, most)
    return f" {who} says: {words}" if words else ""


def _cut(words: str, most: int) -> str:
    """Cut a long text in its middle: the beginning says what failed, and the end why."""
    if len(words) <= most:
        return words
    half = (most - 5) // 2
    return f"{words[:half].rstrip()} ... {words[-half:].lstrip()}"
