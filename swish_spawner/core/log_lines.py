"""Lines of a log as a page may show them: one line of plain text, not too long, and without secrets."""

from __future__ import annotations

import re
from typing import Final

#: The most characters that are shown of a line.
MOST: Final = 200
_ESCAPES: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])")
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+")
#: A name, a password or a token in an address; what is between ``//`` and the last ``@`` of its first part.
_LOG_IN: Final = re.compile(r"(?<=://)[^/\s?#]*@")
#: What follows a question mark or a hash in an address may be a signature or a token.
_QUERY: Final = re.compile(r"(://[^\s?#]*)[?#]\S*")


def shown(line: str) -> str:
    """Return what is shown of a line; maybe nothing.

    Args:
        line: whatever a program wrote; not trusted.

    Returns:
        At most `MOST` characters without control characters, and with addresses cut to what holds no log-in.
    """
    plain = _CONTROLS.sub(" ", _ESCAPES.sub("", line))
    plain = _QUERY.sub(r"\1", _LOG_IN.sub("", plain))
    plain = " ".join(plain.split())
    return plain if len(plain) <= MOST else f"{plain[: MOST - 1]}…"
