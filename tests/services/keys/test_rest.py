"""Keys over the REST API of a real web service beside a real hub."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from swish_spawner.core.ssh.keys import key_id, shard
from tests.core.ssh.test_keys import ED25519, SK_ED25519, WEAK
from tests.fake_api import FakeApi
from tests.services.real_site import Site


@pytest.fixture
def token(site: Site) -> Iterator[str]:
    """A token of ada's, who has no keys before and after."""
    token = site.token("ada")
    yield token
    for key in site.ask("GET", "api/keys", token=token)[1]["keys"]:
        site.ask("DELETE", f"api/keys/{quote(key['fingerprint'], safe='')}", token=token)


def authorized(api: FakeApi, namespace: str, user: str) -> str:
    """Return what an environment of a person's mounts there as ``authorized_keys``."""
    data = api.objects["secrets"][f"{namespace}/ssh-keys-{shard(user)}"].get("data", {})
    return base64.b64decode(data.get(key_id(user), "")).decode()


@pytest.mark.claim("key-opens")
def test_a_key_is_added(site: Site, site_api: FakeApi, token: str) -> None:
    """It is kept with its name, and is where the person's environments are."""
    status, key = site.ask("POST", "api/keys", {"key": f"{ED25519} ada@laptop", "name": "laptop"}, token)
    assert (status, key["name"], key["type"]) == (201, "laptop", "ssh-ed25519")
    assert site.ask("GET", "api/keys", token=token) == (200, {"keys": [key]})
    assert authorized(site_api, "swish", "ada") == f"{ED25519}\n"
    assert authorized(site_api, "swish-imaging", "ada") == f"{ED25519}\n"


def test_a_key_goes_only_where_its_owner_may_launch(site: Site, site_api: FakeApi) -> None:
    """A namespace of a team that somebody is not in gets none of theirs."""
    token = site.token("alan")
    assert site.ask("POST", "api/keys", {"key": ED25519}, token)[0] == 201
    assert authorized(site_api, "swish", "alan")
    assert not authorized(site_api, "swish-imaging", "alan")


def test_a_key_is_removed_everywhere(site: Site, site_api: FakeApi, token: str) -> None:
    """Nothing of it is left."""
    _, key = site.ask("POST", "api/keys", {"key": ED25519}, token)
    assert site.ask("DELETE", f"api/keys/{quote(key['fingerprint'], safe='')}", token=token)[0] == 204
    assert site.ask("GET", "api/keys", token=token) == (200, {"keys": []})
    for namespace in ("swish", "swish-imaging"):
        data = site_api.objects["secrets"][f"{namespace}/ssh-keys-{shard('ada')}"].get("data", {})
        assert not [item for item in data if item.startswith(key_id("ada"))]


def test_a_key_is_renamed(site: Site, token: str) -> None:
    """Its name is all that changes."""
    _, key = site.ask("POST", "api/keys", {"key": SK_ED25519, "name": "old"}, token)
    path = f"api/keys/{quote(key['fingerprint'], safe='')}"
    assert site.ask("PATCH", path, {"name": "new"}, token) == (200, key | {"name": "new"})
    assert site.ask("GET", path, token=token) == (200, key | {"name": "new"})


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({"key": WEAK}, "key", "is an RSA key of 2048 bits"),
        ({"key": ""}, "key", "is empty"),
        ({}, "key", "is empty"),
        ({"key": ED25519, "name": "a\nb"}, "name", "one line"),
        ({"key": ED25519, "name": "x" * 101}, "name", "at most 100"),
        ({"key": 7}, "key", "must be text"),
        ({"keys": ""}, "keys", "is not a known field; known are key, name, github"),
        ([], "body", "must be a JSON object"),
    ],
)
def test_bad_input_is_refused(site: Site, token: str, body: object, field: str, words: str) -> None:
    """With the field and the rule; nothing is kept."""
    status, answer = site.ask("POST", "api/keys", body, token)
    assert (status, answer["field"]) == (400, field)
    assert words in answer["message"]
    assert site.ask("GET", "api/keys", token=token)[1] == {"keys": []}


def test_a_key_is_on_a_list_once(site: Site, token: str) -> None:
    """The second time names the first."""
    site.ask("POST", "api/keys", {"key": ED25519, "name": "laptop"}, token)
    status, answer = site.ask("POST", "api/keys", {"key": ED25519, "name": "again"}, token)
    assert (status, answer["message"]) == (400, "key: is on your list already, as laptop")


def test_a_key_that_is_not_there_is_not_removed(site: Site, token: str) -> None:
    """Nor renamed."""
    assert site.ask("DELETE", "api/keys/SHA256:nothing", token=token)[0] == 404
    assert site.ask("PATCH", "api/keys/SHA256:nothing", {"name": "x"}, token)[0] == 404


def test_nobody_without_a_token_gets_in(site: Site) -> None:
    """Nor with one that the hub does not know."""
    assert site.ask("GET", "api/keys")[0] == 403
    assert site.ask("GET", "api/keys", token="unknown")[0] == 403


def test_import_is_off_unless_the_policy_allows_it(site: Site, token: str) -> None:
    """And says what to do instead."""
    status, answer = site.ask("POST", "api/keys", {"github": "ada"}, token)
    assert (status, answer["message"]) == (403, "Keys cannot be taken over from GitHub here; paste them instead.")


def test_a_write_that_meets_another_is_done_again(site: Site, site_api: FakeApi, token: str) -> None:
    """Neither is lost."""
    site_api.failures["PUT secrets"] = [(409, "the object has been modified")]
    assert site.ask("POST", "api/keys", {"key": ED25519}, token)[0] == 201


def test_a_write_whose_answer_is_lost_is_done_once(site: Site, site_api: FakeApi, token: str) -> None:
    """The next try meets what the first made."""
    site_api.lost.append("PUT secrets")
    assert site.ask("POST", "api/keys", {"key": ED25519}, token)[0] == 201
    assert len(site.ask("GET", "api/keys", token=token)[1]["keys"]) == 1


def test_a_missing_secret_is_named(site: Site, site_api: FakeApi, token: str) -> None:
    """With what to do about it."""
    name = f"swish/ssh-keys-{shard('ada')}"
    kept = site_api.objects["secrets"].pop(name)
    status, answer = site.ask("POST", "api/keys", {"key": ED25519}, token)
    site_api.objects["secrets"][name] = kept
    assert status == 503
    assert f"The Secret ssh-keys-{shard('ada')} in namespace swish, which keeps keys, is missing" in answer["message"]


def test_a_copy_that_is_not_taken_is_said_and_made_later(site: Site, site_api: FakeApi, token: str) -> None:
    """The list has what was asked for, and the answer says where it is not in force yet."""
    site_api.failures["PUT secrets"] = []
    name = f"swish-imaging/ssh-keys-{shard('ada')}"
    kept = site_api.objects["secrets"].pop(name)
    status, answer = site.ask("POST", "api/keys", {"key": ED25519}, token)
    site_api.objects["secrets"][name] = kept
    assert (status, "environments in swish-imaging do not know it yet" in answer["message"]) == (503, True)
    assert len(site.ask("GET", "api/keys", token=token)[1]["keys"]) == 1


def test_no_key_and_no_token_is_logged(site: Site, token: str) -> None:
    """The log says who asked for what and how it ended."""
    site.ask("POST", "api/keys", {"key": ED25519, "name": "laptop"}, token)
    log = site.log.read_text()
    assert "201 POST /services/swish/api/keys ada" in log
    assert not [text for text in (token, ED25519, "laptop", "code=") if text in log]


def test_what_is_kept_can_be_read_by_people(site: Site, site_api: FakeApi, token: str) -> None:
    """The record beside the keys is JSON with whose they are, their names and dates."""
    site.ask("POST", "api/keys", {"key": ED25519, "name": "läptop"}, token)
    data = site_api.objects["secrets"][f"swish/ssh-keys-{shard('ada')}"]["data"]
    document = json.loads(base64.b64decode(data[f"{key_id('ada')}.json"]))
    assert (document["user"], document["keys"][0]["name"]) == ("ada", "läptop")
