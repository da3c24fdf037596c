"""Pages and lines come whole, however they are cut on the way."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swish_spawner.adapters.kubernetes.pieces import lines, pages


class Content:
    """A stream in pieces."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = pieces

    async def iter_any(self) -> AsyncIterator[bytes]:
        """Yield them."""
        for piece in self.pieces:
            yield piece


async def of(*pieces: bytes, longest: int | None = None) -> list[bytes]:
    """Return the lines of a stream."""
    return [line async for several in lines(Content(*pieces), longest) for line in several]


@given(st.lists(st.binary(max_size=5)))
async def test_lines_are_the_same_however_they_are_cut(pieces: list[bytes]) -> None:
    """But for the last one, which has no end yet."""
    assert await of(*pieces) == b"".join(pieces).split(b"\n")[:-1]


@pytest.mark.parametrize("pieces", [(b"abcdef\nx\n",), (b"abc", b"def\n", b"x\n"), (b"a", b"bcdef", b"\nx", b"\n")])
async def test_a_long_line_is_cut(pieces: tuple[bytes, ...]) -> None:
    """What comes after it is a line of its own."""
    assert await of(*pieces, longest=4) == [b"abcd", b"x"]


async def test_all_pages_are_asked_for() -> None:
    """Each by the place that the one before names."""
    asked: list[dict[str, Any]] = []

    async def ask(**place: str) -> dict[str, Any]:
        asked.append(place)
        return {"metadata": {"continue": "there"} if not place else {}, "items": [len(asked)]}

    assert [page["items"] async for page in pages(ask)] == [[1], [2]]
    assert asked == [{}, {"_continue": "there"}]
