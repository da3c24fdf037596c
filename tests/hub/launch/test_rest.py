"""Refusals over REST are 4xx answers of a real hub, and never bring it down."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import jupyterhub
import pytest

from swish_spawner.core.launch.request import options_schema
from tests.real_hub import TOKEN, Hub, running_hub

FAILURE_LIMIT = 2
CONFIG = f"""
c.Authenticator.allowed_users = {{"ada", "ben"}}
c.JupyterHub.load_groups = {{"genomics": {{"users": ["ada"]}}}}
c.JupyterHub.services = [{{"name": "tester", "api_token": "{TOKEN}"}}]
c.JupyterHub.load_roles = [{{"name": "tester", "services": ["tester"], "scopes": ["servers", "users", "groups"]}}]
c.Spawner.consecutive_failure_limit = {FAILURE_LIMIT}
"""


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub with our configuration, for all tests of this file."""
    with running_hub(tmp_path_factory.mktemp("hub"), CONFIG) as hub:
        yield hub


REFUSED: list[tuple[str, dict[str, Any], int, str]] = [
    ("ada", {"image": "python3"}, 403, "image: 'python3' is not open to you; choose one of r."),
    ("ada", {"team": "imaging"}, 403, "team: 'imaging' is not open to you; choose one of genomics."),
    ("ada", {"memory": "1Ti"}, 403, "memory: 1Ti is outside what pool general gives; ask for 256Mi to 64Gi."),
    ("ada", {"cpu": ["{x.__class__}"]}, 400, "cpu: must be an amount of CPU, like 2 or 500m"),
    ("ada", {"profile": "%s %(x)s"}, 400, "profile: is not an option; the options are "),
    ("ben", {}, 403, "You are in no team that may launch here; ask an administrator to add you to one."),
]


@pytest.mark.claim("one-set-of-rules")
@pytest.mark.parametrize(("user", "options", "status", "message"), REFUSED)
def test_a_refusal_is_a_4xx_answer_in_json(
    hub: Hub, user: str, options: dict[str, Any], status: int, message: str
) -> None:
    """The message is the sentence that the policy gives, and the hub lives on after more of them than its limit."""
    code, answer = hub.post(f"users/{user}/servers/atlas", {"user_options": options})
    assert code == status
    assert answer["message"].startswith(message)


def test_options_may_also_be_the_whole_body(hub: Hub) -> None:
    """The older form of the request means the same."""
    code, answer = hub.post("users/ada/servers/atlas", {"image": "python3"})
    assert (code, answer["message"]) == (403, "image: 'python3' is not open to you; choose one of r.")


def test_refusals_do_not_count_towards_the_hubs_exit(hub: Hub) -> None:
    """The hub exits after two failures in a row; a dozen refusals later it still answers."""
    for _ in range(12):
        assert hub.post("users/ada/servers/again", {"user_options": {"pool": "gpu"}})[0] == 403
    # where the hub means to exit, it does so two seconds after the last failure
    time.sleep(2.5)
    assert hub.process.is_alive(), f"JupyterHub {jupyterhub.__version__} exited"
    assert hub.answers()


def test_the_schema_of_the_options_is_served(hub: Hub) -> None:
    """Nobody has to log in for it, and it is the very schema that requests are read by."""
    with urllib.request.urlopen(f"{hub.url}/hub/swish/options-schema.json", timeout=30) as answer:  # noqa: S310 - our own hub
        assert answer.headers["Content-Type"] == "application/schema+json"
        assert json.load(answer) == options_schema()
