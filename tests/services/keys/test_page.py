"""The Keys page as a browser without scripts sees it, over a real hub's log-in."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.core.ssh.test_keys import ED25519, WEAK
from tests.fake_api import FakeApi
from tests.services.real_site import Site, Visitor


@pytest.fixture(scope="module")
def ada(site: Site) -> Visitor:
    """Ada's browser, logged in to the hub."""
    return Visitor(site, "ada")


@pytest.fixture
def key(ada: Visitor) -> Iterator[str]:
    """The fingerprint of a key that ada has added on the page."""
    status, page = ada.send("keys", action="add", key=ED25519, name="laptop")
    assert (status, "The key is added." in page) == (200, True)
    (found,) = re.findall(r'class="swish-fingerprint">(SHA256:[^<]*)<', page)
    yield found.replace("&#43;", "+")
    ada.send("keys", action="remove", fingerprint=found)


def test_the_hub_logs_people_in(ada: Visitor) -> None:
    """Without a page that asks whether this service may know who they are."""
    status, page = ada.get("keys")
    assert (status, "You have no keys yet" in page) == (200, True)


@pytest.mark.usefixtures("key")
def test_a_key_is_shown(ada: Visitor) -> None:
    """With its name, its type in words and the day."""
    page = ada.get("keys")[1]
    assert "<strong>laptop</strong>" in page
    assert "Ed25519, added" in page


def test_a_key_is_renamed(ada: Visitor, key: str) -> None:
    """By the form beside it."""
    page = ada.send("keys", action="rename", fingerprint=key, name="<b>desk</b>")[1]
    assert "The key has its new name." in page
    assert "<strong>&lt;b&gt;desk&lt;/b&gt;</strong>" in page


def test_a_key_is_removed(ada: Visitor, key: str) -> None:
    """And the page says when that is so everywhere."""
    page = ada.send("keys", action="remove", fingerprint=key)[1]
    assert "The key is removed." in page
    assert "You have no keys yet" in page


def test_a_refused_key_comes_back_to_be_mended(ada: Visitor) -> None:
    """With the reason and what was typed."""
    status, page = ada.send("keys", action="add", key=WEAK, name="old one")
    assert (status, "is an RSA key of 2048 bits" in page, 'value="old one"' in page) == (400, True, True)
    assert WEAK in page


def test_a_private_key_does_not_come_back(ada: Visitor) -> None:
    """Neither in the page nor anywhere else."""
    private = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjE\n-----END OPENSSH PRIVATE KEY-----"
    status, page = ada.send("keys", action="add", key=private)
    assert (status, "is a private key" in page, "b3BlbnNz" in page) == (400, True, False)


def test_a_form_of_another_site_does_nothing(ada: Visitor) -> None:
    """A form without this page's own token is as good as not logged in."""
    status, page = ada.open("/services/swish/keys", action="add", key=ED25519)
    assert (status, "nothing was changed" in page) == (403, True)
    assert "You have no keys yet" in ada.get("keys")[1]


def test_an_unknown_form_is_refused(ada: Visitor) -> None:
    """In words, not by a traceback."""
    status, page = ada.send("keys", action="burn")
    assert (status, "action: must be one of" in page) == (400, True)


def test_a_page_that_is_not_there(ada: Visitor) -> None:
    """Says so, and where to go."""
    status, page = ada.get("nothing")
    assert (status, "There is no such page." in page, "Your environments" in page) == (404, True, True)


def test_no_answer_of_kubernetes_is_said(ada: Visitor, site_api: FakeApi) -> None:
    """The page stands, and says what goes on working."""
    site_api.failures["GET secrets"] = [(500, "etcd is away")] * 20
    status, page = ada.get("keys")
    site_api.failures["GET secrets"] = []
    assert (status, "Kubernetes, which keeps keys, does not answer." in page) == (503, True)
    assert "etcd" not in page


def test_nothing_is_framed_or_kept(site: Site, ada: Visitor) -> None:
    """Every page says to browsers that it is nobody else's to show."""
    with ada.opener.open(f"{site.url}/services/swish/keys", timeout=60) as answer:
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"


def test_a_log_in_that_went_wrong_is_a_page_too(site: Site) -> None:
    """With what to do; and its code is in no log."""
    status, page = Visitor(site, "grace").get("oauth_callback?code=x")
    assert (status, "OAuth state is missing. Try logging in again." in page, "<nav" in page) == (400, True, True)
    log = site.log.read_text()
    assert ("400 GET /services/swish/oauth_callback" in log, "code=" in log) == (True, False)


def test_what_cannot_be_done_with_a_page_is_said(ada: Visitor, site: Site) -> None:
    """In the words of HTTP."""
    assert site.ask("PUT", "api/keys", {}, site.token("ada"))[1]["message"] == "Method Not Allowed."
