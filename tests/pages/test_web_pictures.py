"""The pictures of Environments, Keys and Log in docs/images/, made of the real pages; over a real hub, no cluster.

SWISH_SCREENSHOTS=1 renews them; without it they are made and thrown away, so that they can be renewed at any time.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import Page, expect

from swish_spawner.core.ssh_log.chain import body_of
from swish_spawner.services.ssh_log.keep.store import Store
from tests.conftest import SHIPPED_POLICY
from tests.docs.test_how_to import with_more
from tests.fake_api import FakeApi, served_beside
from tests.pages.test_web_pages import assert_accessible
from tests.real_hub import until
from tests.services.real_site import Site, running_site, secrets_of

GROUPS = """
c.JupyterHub.load_groups = {"imaging": {"users": ["alice"]}}
"""
SSH = {
    "enabled": True,
    "allow_cidrs": ["198.51.100.0/24"],
    "gateway": "ssh.example.org",
    "gateway_cidrs": ["10.0.0.0/16"],
}


FINGERPRINT = "SHA256:m1jDf5aPS8dQ+M7EyRanVcjgaVOTfYGP2nH6NzWb/Nk"
BY_KEY: dict[str, Any] = {"event": "login", "method": "publickey", "fingerprint": FINGERPRINT, "key_type": "ED25519"}
EVENTS: list[tuple[str, dict[str, Any]]] = [
    ("08:11:02", {"event": "started", "port": 2222, "source": "sidecar"}),
    ("08:14:37", BY_KEY | {"address": "198.51.100.23"}),
    ("08:14:37", {"event": "session", "session": 1, "kind": "shell", "pty": True}),
    ("08:52:10", {"event": "tunnel", "direction": "local", "host": "localhost", "port": 8000, "outcome": "opened"}),
    ("09:03:45", {"event": "refused", "reason": "key", "address": "198.51.100.77"}),
    ("09:40:12", BY_KEY | {"address": "198.51.100.23", "connection": 2}),
    ("09:40:12", {"event": "session", "session": 1, "kind": "sftp", "pty": False, "connection": 2}),
    ("09:40:15", {"event": "file", "op": "write", "path": "/home/swish/data/scan-07.tif", "bytes": 48211934}),
    ("09:40:16", {"event": "logout", "seconds": 4, "connection": 2}),
    ("10:27:50", {"event": "session-end", "session": 1, "kind": "shell"}),
    ("10:27:50", {"event": "logout", "seconds": 7993}),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """An installation with a gateway, in which Alice has an environment with ssh and one without."""
    folder = tmp_path_factory.mktemp("site")
    policy = folder / "policy.yaml"
    shipped = yaml.safe_load(SHIPPED_POLICY.read_text(encoding="utf-8"))
    policy.write_text(yaml.safe_dump(with_more(shipped, {"ssh": SSH}), sort_keys=False), encoding="utf-8")
    with served_beside(FakeApi()) as api:
        secrets_of(api, "swish")
        write_log(folder / "web" / "ssh-log")
        with running_site(folder, policy, api, GROUPS, hub_policy=policy, gateway_port=22) as site:
            token = site.token("alice")
            for name in ("laptop", "workstation"):
                status, answer = site.ask("POST", "api/keys", {"name": name, "key": public_key()}, token)
                assert status == 201, answer
            for server, options in (("lab", {"ssh": True}), ("notes", {})):
                site.hub.post(f"users/alice/servers/{server}", {"user_options": options})
                until(partial(ready, site, server))
            yield site


def write_log(folder: Path) -> None:
    """Write a log of one morning."""
    always = {"environment": "alice--lab", "team": "imaging", "user": "alice", "source": "sidecar", "connection": 1}
    store = Store(folder)
    store.append([body_of(always | {"time": f"2026-11-26T{time}+00:00"} | event) for time, event in EVENTS], {})
    store.close()


def public_key() -> str:
    """Return a new key's public line."""
    key = Ed25519PrivateKey.generate().public_key()
    return key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def ready(site: Site, server: str) -> bool:
    """Say whether an environment of Alice's runs."""
    return bool(site.hub.ask("GET", "api/users/alice")[1]["servers"].get(server, {}).get("ready"))


@pytest.fixture
def alice(page: Page, site: Site) -> Page:
    """Alice's browser, logged in, in light colours."""
    page.emulate_media(color_scheme="light")
    page.goto(f"{site.url}/hub/login?next=%2Fservices%2Fswish%2F")
    page.get_by_label("Username").fill("alice")
    page.get_by_label("Password").fill("x")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Environments")
    return page


def test_environments(alice: Page, pictures: Path) -> None:
    """One that is entered through the gateway, with all its lines, and one without ssh."""
    expect(alice.get_by_text("ssh -J swish@ssh.example.org swish@env-alice--lab.swish.svc", exact=True)).to_be_visible()
    alice.screenshot(path=pictures / "environments.png", full_page=True)
    assert_accessible(alice)


def test_keys(alice: Page, site: Site, pictures: Path) -> None:
    """Two keys, and the form for another."""
    alice.goto(f"{site.url}/services/swish/keys")
    expect(alice.get_by_text("workstation").first).to_be_visible()
    alice.screenshot(path=pictures / "keys.png", full_page=True)


def test_log(alice: Page, site: Site, pictures: Path) -> None:
    """Who entered, what they did there, and who was kept out."""
    alice.goto(f"{site.url}/services/swish/log")
    expect(alice.get_by_text("Opened a shell on a terminal")).to_be_visible()
    alice.screenshot(path=pictures / "log.png", full_page=True)
    assert_accessible(alice)
