"""A chain of records tells what was changed in it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swish_spawner.core.ssh_log.chain import Anchor, Kept, Link, append, body_of, parse_anchor, verify
from swish_spawner.errors import RequestError


def chain(count: int, event: str = "login") -> list[Kept]:
    """A chain of so many records."""
    records: list[Kept] = []
    last = Link()
    for number in range(count):
        records.append(append(last, body_of({"event": event, "connection": number})))
        last = Link(records[-1].number, records[-1].hash)
    return records


def problem(records: list[Kept], *anchors: Anchor) -> tuple[int, str]:
    """The first record that is not as it was written, and the first two words of what is wrong."""
    broken = verify(Link(), records, anchors)[1]
    assert broken is not None
    return broken.number, " ".join(broken.problem.split()[:2])


@pytest.mark.claim("export-can-be-verified")
def test_a_chain_begins_with_nothing_before_it() -> None:
    """Its first record has the number 1; the hash is the one that `sha256sum` gives of the three lines."""
    (first,) = chain(1)
    assert first == Kept(
        1, "abaacec56d9aa2e3a8a4ca3eb09b02576e15024e5b755a0ee319521ba0a88ca9", '{"event":"login","connection":0}'
    )


def test_a_good_chain_is_verified_to_its_end() -> None:
    """And an empty one too."""
    records = chain(5)
    assert verify(Link(), records) == (Link(5, records[-1].hash), None)
    assert verify(Link(), []) == (Link(), None)


def test_a_chain_can_be_verified_from_the_middle() -> None:
    """As one that was begun anew after another file is."""
    records = chain(5)
    assert verify(Link(2, records[1].hash), records[2:])[1] is None


@pytest.mark.claim("log-chain", "verify-names-the-first")
def test_changes_are_found_at_the_first_one() -> None:
    """A changed text, a record that is gone, one twice, two that changed places, and one in another's place."""
    records = chain(6)
    changed = [*records[:2], replace(records[2], body='{"event":"logout"}'), *records[3:]]
    assert problem(changed) == (3, "was changed:")
    assert problem([*records[:2], *records[3:]]) == (3, "is missing;")
    assert problem(records[1:]) == (1, "is missing;")
    assert problem([*records[:3], records[2], *records[3:]]) == (4, "is missing;")
    assert problem([records[1], records[0], *records[2:]]) == (1, "is missing;")
    assert problem([records[0], replace(records[2], number=2), *records[3:]]) == (2, "was changed:")


@pytest.mark.claim("log-chain", "verify-looks-at-all")
@given(st.integers(0, 5), st.text(max_size=40))
def test_no_text_can_be_another(at: int, body: str) -> None:
    """Whatever is put in place of a record's text is found."""
    records = chain(6)
    replaced = [replace(one, body=body) if one.number == at + 1 else one for one in records]
    assert verify(Link(), replaced)[1] is not None


@pytest.mark.claim("log-new-chain")
def test_a_chain_made_anew_is_found_by_a_hash_kept_elsewhere() -> None:
    """It is sound in itself."""
    anchor = Anchor(3, chain(3)[-1].hash[:12])
    assert verify(Link(), chain(5), [anchor])[1] is None
    other = chain(5, "logout")
    assert verify(Link(), other)[1] is None
    assert problem(other, anchor) == (3, "has another")


def test_an_anchor_is_read() -> None:
    """A number and the beginning of a hash."""
    assert parse_anchor("12:0123abcd") == Anchor(12, "0123abcd")


@pytest.mark.parametrize("text", ["", "12", "0:0123abcd", "12:0123abc", "12:XYZ", "x:0123abcd", "12:0123ABCD"])
def test_another_text_is_no_anchor(text: str) -> None:
    """The message says what one looks like."""
    with pytest.raises(RequestError, match="NUMBER:HASH"):
        parse_anchor(text)
