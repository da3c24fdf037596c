"""The log as people read it, as HTML: with none kept, an empty one, and entries."""

from __future__ import annotations

import html
from dataclasses import replace
from typing import Any

import pytest

from swish_spawner.core.ssh_log.scope import LogScope
from swish_spawner.core.ssh_log.words import sentence
from swish_spawner.services.web.app import templates

OWN = LogScope(owner="ada", teams=frozenset(), environment=None, everything=False)
ENTRY = {
    "number": 7,
    "time": "2026-03-04T05:06:07+00:00",
    "environment": "ada--lab",
    "user": "ada",
    "event": "login",
    "fingerprint": "SHA256:abc",
    "address": "192.0.2.7",
    "source": "sidecar",
}


def page(*entries: dict[str, Any], **more: Any) -> str:
    """Return the page with these entries, as people read it."""
    facts = {
        "kept": True,
        "scope": OWN,
        "teams": [],
        "entries": [(entry, sentence(entry)) for entry in entries],
        "older": None,
        "is_newest": True,
        "pages": {"log": "Log"},
        "path": "log",
        "hub_url": "/hub/",
        "prefix": "/services/swish/",
        "static_url": lambda name: name,
        "user": "ada",
        "admin": False,
        "xsrf": "x",
    }
    return " ".join(html.unescape(templates().get_template("log.html").render(facts | more)).split())


def test_no_log_is_said_in_words() -> None:
    """Nobody takes it for a log in which nobody entered, and there is nothing to look through."""
    text = page(kept=False)
    assert "No log of ssh is kept in this installation, so nothing can be seen here of who enters." in text
    assert "Nobody has entered yet." not in text
    assert "is not kept." not in text
    assert "<form" not in text


def test_an_empty_log_is_said_in_words() -> None:
    """Another thing than none; what is never in it is said."""
    text = page()
    assert "Nobody has entered yet." in text
    assert "What was typed, and what is in files, is not kept." in text
    assert "No log of ssh is kept" not in text


def test_a_name_without_entries_is_said_to_be_so() -> None:
    """Others may have some, and the name may be another."""
    text = page(scope=replace(OWN, environment="alice"))
    assert "There are no entries of alice." in text
    assert "Nobody has entered yet." not in text


def test_there_is_nothing_older() -> None:
    """After the oldest entry, with the way back."""
    text = page(is_newest=False)
    assert "There is nothing older." in text
    assert '<a href="/services/swish/log">Newest</a>' in text


@pytest.mark.claim("notebook-is-marked")
@pytest.mark.parametrize(
    ("source", "marked"), [("sidecar", False), ("notebook", True)], ids=["of a sidecar", "of the notebook's container"]
)
def test_an_entry_has_what_happened_where(source: str, *, marked: bool) -> None:
    """With its time; what the person's own programs could have written is marked."""
    text = page(ENTRY | {"source": source})
    for words in ("2026-03-04 05:06:07", "ada--lab", "Logged in with key SHA256:abc from 192.0.2.7"):
        assert words in text
    assert ("(as the environment itself says)" in text) is marked


def test_older_entries_are_of_the_same_environment() -> None:
    """The way to them keeps what was asked for."""
    scope = LogScope(owner="ada", teams=frozenset(), environment="ada--lab", everything=False)
    assert '<a href="/services/swish/log?before=7&environment=ada--lab">Older</a>' in page(ENTRY, older=7, scope=scope)
