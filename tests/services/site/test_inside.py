"""What only the inside of the cluster may ask."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest

from swish_spawner.core.ssh.keys import parse_public_key
from tests.core.ssh.test_keys import ED25519
from tests.services.real_site import GATEWAY_TOKEN, Site

ASK = f"internal/gateway-keys?fingerprint={quote(parse_public_key(ED25519).fingerprint)}&type=ssh-ed25519"
BEARER = f"Bearer {GATEWAY_TOKEN}"


@pytest.mark.parametrize("path", ["metrics", "health", ASK])
def test_nothing_of_it_is_reached_through_the_proxy(site: Site, path: str) -> None:
    """Not even with the token."""
    assert site.ask("GET", path)[0] == 404


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer wrong", GATEWAY_TOKEN])
def test_only_the_gateway_asks_whose_a_key_is(site: Site, header: str) -> None:
    """By the token of its Secret."""
    assert site.ask_inside(ASK, Authorization=header)[0] == 403


def test_without_a_gateway_nobody_asks(site: Site) -> None:
    """No token is not an empty one."""
    token = site.folder / "gateway" / "token"
    text = token.read_text()
    token.write_text("\n")
    assert site.ask_inside(ASK, Authorization="Bearer ")[0] == 403
    token.write_text(text)


def test_an_unknown_key_lets_nobody_in(site: Site) -> None:
    """An answer all the same: the gateway may keep it."""
    assert site.ask_inside("internal/gateway-keys?fingerprint=SHA256:x", Authorization=BEARER) == (
        200,
        {"lines": [], "users": [], "targets": {}},
    )


def test_a_key_without_environments_may_do_nothing(site: Site) -> None:
    """Its owner may log in at the gateway, and go nowhere."""
    site.ask("POST", "api/keys", {"key": ED25519}, site.token("grace"))
    status, answer = site.ask_inside(ASK, Authorization=BEARER)
    assert (status, answer) == (200, {"lines": [f"restrict {ED25519}"], "users": ["grace"], "targets": {}})


def test_metrics_name_no_people(site: Site) -> None:
    """Answers by handler and status, changes by kind."""
    site.ask("GET", "api/keys", token=site.token("ada"))
    status, text = site.ask_inside("metrics")
    assert (status, 'swish_web_request_seconds_count{handler="KeysApi",status="200"}' in text) == (200, True)
    assert not re.search(r"\bada\b", text)


def test_health(site: Site) -> None:
    """The process answers."""
    assert site.ask_inside("health") == (200, {"status": "ok"})
