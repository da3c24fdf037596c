"""A chain of records: each has a hash over itself and the one before, so that no earlier one can be changed unseen.

Whoever can write the whole file can also make a whole new chain. That is found only with a hash that was kept
elsewhere: the web service says its newest one in its own log, and an `Anchor` is compared with it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from swish_spawner.errors import RequestError

#: What the very first record has before it.
START: Final = "0" * 64
_ANCHOR: Final = re.compile(r"([0-9]{1,15}):([0-9a-f]{8,64})")


@dataclass(frozen=True, slots=True)
class Link:
    """One place in a chain: the record of this number has this hash; number 0 is before the first one."""

    number: int = 0
    hash: str = START


@dataclass(frozen=True, slots=True)
class Kept:
    """One record as it lies in the store: its number, its hash and its text."""

    number: int
    hash: str
    body: str


@dataclass(frozen=True, slots=True)
class Break:
    """The first record that is not as it was written.

    Attributes:
        number: of the record.
        problem: what is wrong, as the end of a sentence that begins with the record.
    """

    number: int
    problem: str


@dataclass(frozen=True, slots=True)
class Anchor:
    """A hash that was kept outside of the store; its beginning will do.

    Attributes:
        number: of the record.
        beginning: of its hash.
    """

    number: int
    beginning: str


def body_of(record: Mapping[str, Any]) -> str:
    """Return a record as the text that is kept and hashed."""
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))


def append(last: Link, body: str) -> Kept:
    """Return the record that comes after the last one."""
    number = last.number + 1
    return Kept(number, entry_hash(last.hash, number, body), body)


def entry_hash(previous: str, number: int, body: str) -> str:
    """Return SHA-256 in hex over the previous hash, the number and the text, with a line feed between them."""
    return hashlib.sha256(f"{previous}\n{number}\n{body}".encode()).hexdigest()


def verify(last: Link, records: Iterable[Kept], anchors: Iterable[Anchor] = ()) -> tuple[Link, Break | None]:
    """Look at records in their order.

    Args:
        last: what comes before the first of them.
        records: in the order of their numbers.
        anchors: hashes that were kept elsewhere.

    Returns:
        The last record that is as it was written, and the first that is not; None if all are.
    """
    wanted: dict[int, list[str]] = {}
    for anchor in anchors:
        wanted.setdefault(anchor.number, []).append(anchor.beginning)
    for kept in records:
        problem = _problem(last, kept)
        if problem is None and any(not kept.hash.startswith(each) for each in wanted.get(kept.number, ())):
            problem = "has another hash than the one that was kept elsewhere: the log was written anew"
        if problem is not None:
            return last, Break(last.number + 1, problem)
        last = Link(kept.number, kept.hash)
    return last, None


def parse_anchor(text: str) -> Anchor:
    """Read ``NUMBER:HASH``.

    Raises:
        RequestError: it is not of that form.
    """
    match = _ANCHOR.fullmatch(text)
    if match is None or int(match[1]) < 1:
        raise RequestError("--expect", "must be NUMBER:HASH, with at least the first 8 digits of the hash")
    return Anchor(int(match[1]), match[2])


def _problem(last: Link, kept: Kept) -> str | None:
    if kept.number != last.number + 1:
        return f"is missing; the next one there is {kept.number}"
    if kept.hash != entry_hash(last.hash, kept.number, kept.body):
        return "was changed: its hash is of another text"
    return None
