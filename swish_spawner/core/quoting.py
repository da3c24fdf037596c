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
#: The most characters that are shown of a line of a log.
MOST_OF_A_LINE: Final = 200
_ESCAPES: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])")
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+")
#: A name, a password or a token in an address; what is between ``//`` and the last ``@`` of its first part.
_LOG_IN: Final = re.compile(r"(?<=://)[^/\s?#]*@")
#: What follows a question mark or a hash in an address may be a signature or a token.
_QUERY: Final = re.compile(r"(://[^\s?#]*)[?#]\S*")


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


def shown(line: str) -> str:
    """Return what a page shows of a log's line; maybe nothing.

    Args:
        line: whatever a program wrote; not trusted.

    Returns:
        At most `MOST_OF_A_LINE` characters without control characters, and with addresses cut to what holds no log-in.
    """
    plain = _CONTROLS.sub(" ", _ESCAPES.sub("", line))
    plain = _QUERY.sub(r"\1", _LOG_IN.sub("", plain))
    plain = " ".join(plain.split())
    return plain if len(plain) <= MOST_OF_A_LINE else f"{plain[: MOST_OF_A_LINE - 1]}…"
