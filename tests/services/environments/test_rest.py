"""Environments of a real hub, on the page and over REST."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.core.ssh.test_keys import ED25519
from tests.fake_api import FakeApi
from tests.real_hub import until
from tests.services.real_site import GATEWAY_TOKEN, Site, Visitor
from tests.services.site.test_inside import ASK


@pytest.fixture(scope="module")
def lab(site: Site, site_api: FakeApi) -> Iterator[str]:
    """An environment of ada's that runs with ssh."""
    site.hub.post("users/ada/servers/lab", {"user_options": {"ssh": True}})
    until(lambda: site.hub.ask("GET", "api/users/ada")[1]["servers"].get("lab", {}).get("ready"))
    yield "lab"
    site.hub.ask("DELETE", "api/users/ada/servers/lab", {"remove": True})


@pytest.fixture(scope="module")
def ada(site: Site) -> Visitor:
    """Ada's browser."""
    return Visitor(site, "ada")


def test_what_runs_is_shown(ada: Visitor, lab: str) -> None:
    """With what it costs and the way to JupyterLab."""
    status, page = ada.get("")
    assert (status, 'href="/user/ada/lab/"' in page, "1 CPU, 2Gi memory" in page) == (200, True, True)
    assert "EUR per hour" in page


def test_a_name_is_not_shown_before_it_works(ada: Visitor, lab: str) -> None:
    """It says that it is being made."""
    page = ada.get("")[1]
    assert "ada--lab.dev.swish.io" not in page
    assert "Its name is being made, and shown here once it works." in page


def test_who_has_no_key_is_told(ada: Visitor, lab: str) -> None:
    """Beside what they want to enter."""
    assert "You have no key yet" in ada.get("")[1]


def test_the_same_over_rest(site: Site, lab: str) -> None:
    """With the host key and no name that does not work yet."""
    status, answer = site.ask("GET", "api/environments", token=site.token("ada"))
    (one,) = answer["environments"]
    assert (status, one["name"], one["state"], one["team"]) == (200, "lab", "running", "Imaging")
    assert one["ssh"]["fingerprint"].startswith("SHA256:")
    assert "dev.swish.io" not in json.dumps(answer)


def test_nobody_sees_anothers(site: Site, lab: str) -> None:
    """Not even an administrator on this page."""
    assert site.ask("GET", "api/environments", token=site.token("root")) == (200, {"environments": []})


def test_the_gateway_lets_a_key_to_its_owners_environments(site: Site, lab: str) -> None:
    """And to nobody else's."""
    site.ask("POST", "api/keys", {"key": ED25519}, site.token("ada"))
    status, answer = site.ask_inside(ASK, Authorization=f"Bearer {GATEWAY_TOKEN}")
    assert (status, answer["users"]) == (200, ["ada"])
    assert 'permitopen="env-ada--lab.swish-imaging.svc:22"' in answer["lines"][0]
    assert answer["targets"]["env-ada--lab:22"] == "env-ada--lab.swish-imaging.svc.cluster.local:22"


def test_the_hub_leads_to_the_pages(ada: Visitor) -> None:
    """From each of its own."""
    page = ada.open("/hub/token")[1]
    assert 'href="/services/swish/">Environments' in page
    assert 'href="/services/swish/keys">Keys' in page


def test_an_empty_log_is_said_calmly(ada: Visitor) -> None:
    """Until somebody enters."""
    status, page = ada.get("log")
    assert (status, "Nobody has entered yet." in page) == (200, True)


@pytest.mark.parametrize(("person", "words"), [("ada", "your environments."), ("root", "all environments, since you")])
def test_the_log_page_says_whose_entries_it_has(site: Site, person: str, words: str) -> None:
    """The hub tells this service who administers it."""
    page = Visitor(site, person).get("log")[1]
    assert words in " ".join(page.split())
