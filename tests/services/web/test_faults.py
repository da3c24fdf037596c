"""What people read while a part is away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.core.ssh.test_keys import ED25519
from tests.programs import end
from tests.services.real_site import Site, Visitor, site_of_its_own

AWAY = "JupyterHub, which knows who you are, does not answer."


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """An installation of this test's own, whose hub may be stopped."""
    with site_of_its_own(tmp_path) as site:
        yield site


def test_without_the_hub_people_are_told(site: Site) -> None:
    """Who is known goes on with keys for a minute; what needs the hub says so; and nothing is a traceback."""
    token, stranger = site.token("ada"), site.token("grace")
    assert site.ask("POST", "api/keys", {"key": ED25519}, token)[0] == 201
    end(site.hub.process)
    assert len(site.ask("GET", "api/keys", token=token)[1]["keys"]) == 1
    status, answer = site.ask("GET", "api/environments", token=token)
    assert (status, "JupyterHub does not answer. Environments that run go on running" in answer["message"]) == (
        503,
        True,
    )
    status, answer = site.ask("GET", "api/keys", token=stranger)
    assert (status, AWAY in answer["message"]) == (503, True)
    assert "Traceback" not in site.log.read_text()


def test_a_page_without_the_hub(site: Site) -> None:
    """It is a page like all others."""
    ada = Visitor(site, "ada")
    assert ada.get("")[0] == 200
    end(site.hub.process)
    status, page = ada.get("")
    assert (status, "JupyterHub does not answer." in page, "<nav" in page) == (503, True, True)
