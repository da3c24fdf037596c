"""Servers of these tests' own, by their names: e2e-*."""

import os
import secrets

import httpx

from tests.e2e.install import Install, wait_until

#: Of this process' servers; of parallel ones each has its own.
PREFIX = f"e2e-{os.environ.get('PYTEST_XDIST_WORKER', '')}"


_MOST_OF_THEIR_OWN = 2


def new_server_name(prefix: str = PREFIX) -> str:
    """Return a server name that no other test uses."""
    return f"{prefix}{secrets.token_hex(3)}"


def require_room(install: Install) -> None:
    """Check that the person who launches most has not so many servers already that the hub would refuse the tests'.

    Raises:
        AssertionError: there are too many.
    """
    headers = {"Authorization": f"token {install.admin_token}"}
    place = f"{install.hub_url}hub/api/users/{install.username}"
    servers = (
        httpx.get(place, headers=headers, params={"include_stopped_servers": "1"}).raise_for_status().json()["servers"]
    )
    own = [name for name in servers if name and not name.startswith("e2e-")]
    assert len(own) <= _MOST_OF_THEIR_OWN, (
        f"{install.username} has {len(own)} named servers, {', '.join(own)}; the tests launch three beside them, and "
        f"the hub lets nobody have more than five: delete all but {_MOST_OF_THEIR_OWN} on its home page"
    )


def remove_servers(install: Install, prefix: str) -> None:
    """Stop every server whose name starts so, delete its files, and forget it: a person may only have a few."""
    headers = {"Authorization": f"token {install.admin_token}"}
    with httpx.Client(base_url=f"{install.hub_url}hub/api/", headers=headers, timeout=60) as hub:

        def all_gone() -> bool:
            users = hub.get("users", params={"include_stopped_servers": "1"}).raise_for_status().json()
            found = [(user["name"], name) for user in users for name in user["servers"] if name.startswith(prefix)]
            for user, server in found:
                hub.request("DELETE", f"users/{user}/servers/{server}", json={"remove": True})
            return not found

        # a start that an interrupted run left is waited for by the hub, which cannot be told to stop it meanwhile
        wait_until(f"no server is named {prefix}*", all_gone, within_seconds=400)
        for user in hub.get("users").raise_for_status().json():
            kept = hub.get(f"swish/users/{user['name']}/files").raise_for_status().json()
            for volume in kept:
                if volume["server"].startswith(prefix) and not volume["ending"]:
                    place = f"swish/users/{user['name']}/files/{volume['namespace']}/{volume['name']}"
                    hub.delete(place, params={"uid": volume["uid"]}).raise_for_status()
