"""A person's list of keys: what it takes, and that it is read back as it was kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from swish_spawner.core.ssh.key_list import (
    KEYS_MOST,
    LIST_MOST,
    KeptKey,
    KeyList,
    check_size,
    key_list,
    key_lists,
    size,
)
from swish_spawner.core.ssh.keys import PublicKey, key_id, parse_public_key
from swish_spawner.errors import NotThere, RequestError
from tests.core.ssh.test_keys import ED25519, SK_ECDSA, rsa_line

NOW = datetime(2026, 11, 26, 4, 0, tzinfo=UTC)
KEY = parse_public_key(f"{ED25519} ada@laptop")
ONE = KeyList("ada").with_key(KEY, "laptop", NOW)
TWO = ONE.with_key(parse_public_key(SK_ECDSA), "token", NOW)


def kept(keys: KeyList) -> dict[str, str]:
    """Return the items of a list as a Secret has them."""
    return {name: text for name, text in keys.items().items() if text is not None}


@pytest.mark.parametrize(("name", "shown"), [("laptop", "laptop"), ("", "ada@laptop"), ("  a ", "a")])
def test_a_key_has_a_name(name: str, shown: str) -> None:
    """The person's, or else its own comment."""
    assert KeyList("ada").with_key(KEY, name, NOW).keys[0].name == shown


def test_a_key_without_name_and_comment_is_called_by_its_type() -> None:
    """Something is always there to call it by."""
    assert KeyList("ada").with_key(parse_public_key(ED25519), "", NOW).keys[0].name == "Ed25519"


def test_the_same_once_more_changes_nothing() -> None:
    """A write that is tried again meets what it did."""
    assert ONE.with_key(KEY, "laptop", NOW) is ONE


def test_a_list_has_an_end() -> None:
    """OpenSSH reads every key of it at each log-in."""
    keys = KeyList("ada")
    for number in range(KEYS_MOST):
        public = Ed25519PrivateKey.from_private_bytes(number.to_bytes(32)).public_key()
        line = public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
        keys = keys.with_key(parse_public_key(line), "x", NOW)
    with pytest.raises(RequestError, match="is one too many: you have 64"):
        keys.with_key(KEY, "", NOW)


def large_key(number: int) -> PublicKey:
    """Return one of the keys that take most."""
    return parse_public_key(rsa_line((1 << 8191) + 2 * number * 105 + 11))


def test_a_list_takes_no_more_than_its_share() -> None:
    """Of the Secret, which is a sixteenth of everybody's; what is there stays, and can be removed."""
    keys = KeyList("ada")
    while size(keys.items()) < LIST_MOST - 4000:
        keys = keys.with_key(large_key(len(keys.keys)), "x", NOW)
    most = replace(keys, keys=(*keys.keys, *(KeptKey("ssh-rsa", large_key(n).data, "x", NOW) for n in (98, 99))))
    with pytest.raises(RequestError, match=f"more than {LIST_MOST} bytes. Remove one first"):
        most.with_key(large_key(97), "x", NOW)
    assert size(most.without(keys.keys[0].fingerprint).items()) < size(most.items())


def test_only_the_key_of_a_fingerprint_goes() -> None:
    """And what is not there goes without a word."""
    assert [key.name for key in TWO.without(KEY.fingerprint).keys] == ["token"]
    assert TWO.without("SHA256:other") == TWO


def test_a_name_of_no_key_cannot_change() -> None:
    """It may have been removed in another window."""
    with pytest.raises(NotThere):
        ONE.renamed("SHA256:other", "x")


def test_a_secret_keeps_lines_for_sshd_and_a_record_for_us() -> None:
    """The lines have neither names nor options."""
    assert kept(TWO)[key_id("ada")] == f"{ED25519}\n{SK_ECDSA}\n"


def test_an_empty_list_leaves_nothing() -> None:
    """Neither an empty file nor a record of who was there."""
    assert set(KeyList("ada").items().values()) == {None}


@given(st.text(min_size=1, max_size=100).filter(lambda text: text.strip() and text.strip().isprintable()))
def test_a_list_is_read_as_it_was_kept(name: str) -> None:
    """Whatever a key is called."""
    keys = KeyList("ada").with_key(KEY, name, NOW)
    assert key_list("ada", kept(keys)) == keys


def test_the_lists_of_a_secret() -> None:
    """By id; whatever else somebody has put there is left out."""
    other = KeyList("grace").with_key(KEY, "x", NOW)
    forged = {f"{key_id('eve')}.json": kept(ONE)[f"{key_id('ada')}.json"], "x.json": "[", "y.json": "[]"}
    assert key_lists({**kept(TWO), **kept(other), **forged}) == {key_id("ada"): TWO, key_id("grace"): other}


def test_a_secret_has_an_end() -> None:
    """It is named before Kubernetes refuses it."""
    with pytest.raises(RequestError, match="the Secret that keeps it is full"):
        check_size({"x": "y" * 1_000_000})


@pytest.mark.parametrize(
    "bad", ['{"key": "x"}', "7", "null", '{"key": 7, "name": "x", "added": "x"}', '{"key": "a *"}']
)
def test_a_bad_record_shuts_nobody_out(bad: str) -> None:
    """Whatever somebody has written there by hand."""
    record = kept(ONE)[f"{key_id('ada')}.json"].replace('"keys": [', f'"keys": [{bad}, ')
    assert key_list("ada", {f"{key_id('ada')}.json": record}) == ONE
