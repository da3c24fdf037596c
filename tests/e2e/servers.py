"""Servers of these tests' own, by their names: e2e-*."""

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.e2e.install import Install, wait_until

#: Of this process' servers; of parallel ones each has its own.
PREFIX = f"e2e-{os.environ.get('PYTEST_XDIST_WORKER', '')}"

HUB_CONFIG = Path(__file__).resolve().parents[2] / "hub_config" / "jupyterhub_config.py"
#: The most that one person has at once here; those of parallel modules together.
MOST = 3


def new_server_name(prefix: str = PREFIX) -> str:
    """Return a server name that no other test uses."""
    return f"{prefix}{secrets.token_hex(3)}"


@contextmanager
def server_of_ours(install: Install) -> Iterator[str]:
    """The name of a server that is removed with its files at the end."""
    name = new_server_name()
    try:
        yield name
    finally:
        remove_servers(install, name)


def administrator(install: Install) -> httpx.Client:
    """Return the hub's REST API with the administrator's token."""
    headers = {"Authorization": f"token {install.admin_token}"}
    return httpx.Client(base_url=f"{install.hub_url}hub/api/", headers=headers, timeout=60)


def require_room(install: Install) -> None:
    """Check that the person who launches most has not so many servers already that the hub would refuse the tests'.

    Raises:
        AssertionError: there are too many.
    """
    with administrator(install) as hub:
        found = hub.get(f"users/{install.username}", params={"include_stopped_servers": "1"}).raise_for_status().json()
    own = [name for name in found["servers"] if name and not name.startswith("e2e-")]
    limit = int(re.findall(r"named_server_limit_per_user = (\d+)", HUB_CONFIG.read_text())[0])
    assert len(own) + MOST <= limit, (
        f"{install.username} has {len(own)} named servers, {', '.join(own)}; the tests launch {MOST} beside them, and "
        f"the hub lets nobody have more than {limit}: delete all but {limit - MOST} on its home page"
    )


def remove_servers(install: Install, *prefixes: str) -> None:
    """Stop every server whose name begins so, delete its files, and forget it: a person may only have a few."""
    with administrator(install) as hub:

        def all_gone() -> bool:
            users = hub.get("users", params={"include_stopped_servers": "1"}).raise_for_status().json()
            found = [(user["name"], name) for user in users for name in user["servers"] if name.startswith(prefixes)]
            for user, server in found:
                hub.request("DELETE", f"users/{user}/servers/{server}", json={"remove": True})
            return not found

        # a start that an interrupted run left is waited for by the hub, which cannot be told to stop it meanwhile
        wait_until(f"no server is named {' or '.join(prefixes)}...", all_gone, within_seconds=400)
        for user in hub.get("users").raise_for_status().json():
            kept = hub.get(f"swish/users/{user['name']}/files").raise_for_status().json()
            for volume in kept:
                if volume["server"].startswith(prefixes) and not volume["ending"]:
                    place = f"swish/users/{user['name']}/files/{volume['namespace']}/{volume['name']}"
                    hub.delete(place, params={"uid": volume["uid"]}).raise_for_status()
