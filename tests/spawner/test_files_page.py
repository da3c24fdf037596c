"""Files in a real hub: what is listed, who may delete it, and that nothing else does."""

from __future__ import annotations

import http.cookiejar
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator

import pytest

from tests.fake_api import FakeApi
from tests.real_hub import TOKEN, Hub, until

CONFIG = f"""
c.JupyterHub.load_groups = {{"imaging": {{"users": ["ada", "grace"]}}}}
c.JupyterHub.services = [
    {{"name": "tester", "api_token": "{TOKEN}"}}, {{"name": "reader", "api_token": "reader-{TOKEN}"}},
]
c.JupyterHub.load_roles = [
    {{"name": "all", "services": ["tester"], "scopes": ["admin:servers", "admin:users"]}},
    {{"name": "reader", "services": ["reader"], "scopes": ["read:users", "delete:servers!user=grace"]}},
]
c.KubeSpawner.port = ENVIRONMENTS
"""


@pytest.fixture
def kept(hub: Hub, hub_api: FakeApi) -> Iterator[str]:
    """The claim of an environment of ada's that was started and stopped."""
    start(hub)
    stop(hub)
    yield "swish-imaging/claim-ada--lab"
    stop(hub)


def start(hub: Hub) -> None:
    """Start ada's environment and wait until it is ready."""
    assert hub.post("users/ada/servers/lab", {})[0] in (201, 202)
    until(lambda: server(hub).get("ready"))


def stop(hub: Hub) -> None:
    """Stop and remove it."""
    hub.ask("DELETE", "api/users/ada/servers/lab", {"remove": True})
    until(lambda: not server(hub))


def server(hub: Hub) -> dict[str, object]:
    """Return what the hub knows of it; nothing when there is none."""
    user = hub.ask("GET", "api/users/ada?include_stopped_servers=1")[1]
    found: dict[str, object] = user.get("servers", {}).get("lab", {})
    return found


def files(hub: Hub) -> list[dict[str, str]]:
    """Return ada's volumes as the REST API lists them."""
    status, found = hub.ask("GET", "api/swish/users/ada/files")
    assert status == 200
    listed: list[dict[str, str]] = found
    return listed


def test_a_server_that_is_removed_leaves_its_files(hub: Hub, hub_api: FakeApi, kept: str) -> None:
    """And they are listed, with what tells them from a later volume of that name."""
    assert kept in hub_api.objects["persistentvolumeclaims"]
    (volume,) = files(hub)
    assert (f"{volume['namespace']}/{volume['name']}", volume["server"]) == (kept, "lab")


@pytest.mark.usefixtures("kept")
def test_who_may_not_delete_servers_of_a_person_may_not_see_files(hub: Hub) -> None:
    """A scope for somebody else's is none."""
    assert hub.ask("GET", "api/swish/users/ada/files", token=f"reader-{TOKEN}")[0] in (403, 404)
    assert hub.ask("GET", "api/swish/users/grace/files", token=f"reader-{TOKEN}") == (200, [])


def test_files_in_use_stay(hub: Hub, hub_api: FakeApi, kept: str) -> None:
    """Whoever asks is told what to do first."""
    start(hub)
    status, words = hub.ask("DELETE", f"api/swish/users/ada/files/{kept}")
    assert (status, words["message"]) == (409, "An environment uses these files. Stop it first, then delete them.")
    assert kept in hub_api.objects["persistentvolumeclaims"]


def test_files_of_another_volume_stay(hub: Hub, hub_api: FakeApi, kept: str) -> None:
    """A uid that is not its own is of one that is gone."""
    assert hub.ask("DELETE", f"api/swish/users/ada/files/{kept}?uid=other")[0] == 404
    assert kept in hub_api.objects["persistentvolumeclaims"]


def test_nobody_deletes_what_is_not_that_persons(hub: Hub, hub_api: FakeApi, kept: str) -> None:
    """Not even who may delete anybody's, by another person's address."""
    assert hub.ask("DELETE", f"api/swish/users/grace/files/{kept}")[0] == 404
    assert kept in hub_api.objects["persistentvolumeclaims"]


def test_an_administrator_deletes_files(hub: Hub, hub_api: FakeApi, kept: str) -> None:
    """By the REST API."""
    assert hub.ask("DELETE", f"api/swish/users/ada/files/{kept}?uid={files(hub)[0]['uid']}")[0] == 204
    assert kept not in hub_api.objects["persistentvolumeclaims"]


def test_a_cluster_that_does_not_answer_is_said(hub: Hub, hub_api: FakeApi, kept: str) -> None:
    """With what to do, and nothing is a traceback."""
    hub_api.failures["LIST persistentvolumeclaims"] = [(403, "no")]
    status, words = hub.ask("GET", "api/swish/users/ada/files")
    assert (status, "try again in a few minutes" in words["message"]) == (503, True)


class Browser:
    """Somebody's browser, without its eyes."""

    def __init__(self, hub: Hub, user: str) -> None:
        self.hub = hub
        self.opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()), urllib.request.ProxyHandler({})
        )
        page = self.get("login")
        self.post("login", page, username=user, password="x")

    def get(self, path: str) -> str:
        """Return a page."""
        with self.opener.open(f"{self.hub.url}/hub/{path}", timeout=60) as answer:
            return str(answer.read().decode())

    def post(self, path: str, page: str, **fields: str) -> str:
        """Send a form of a page and return what follows."""
        fields["_xsrf"] = re.findall(r'name="_xsrf"\s+value="([^"]*)"', page)[0]
        with self.opener.open(f"{self.hub.url}/hub/{path}", urllib.parse.urlencode(fields).encode(), 60) as answer:
            return str(answer.read().decode())


def hidden(page: str) -> dict[str, str]:
    """Return what a form of the page sends of a volume."""
    return {field: re.findall(rf'name="{field}" value="([^"]*)"', page)[0] for field in ("namespace", "name", "uid")}


def test_a_person_deletes_files_on_the_page(hub: Hub, hub_api: FakeApi, kept: str) -> None:
    """Which every page leads to."""
    ada = Browser(hub, "ada")
    assert 'href="/hub/swish/files"' in ada.get("home")
    page = ada.get("swish/files")
    assert "Delete the files of lab for ever" in page
    left = ada.post("swish/files", page, **hidden(page))
    assert "The files are deleted." in left
    assert "You have no files yet" in left
    assert kept not in hub_api.objects["persistentvolumeclaims"]


def test_a_form_that_names_another_persons_files_deletes_nothing(hub: Hub, hub_api: FakeApi, kept: str) -> None:
    """It finds nothing of that name among one's own."""
    page = Browser(hub, "ada").get("swish/files")
    grace = Browser(hub, "grace")
    own_page = grace.get("home")
    token = re.findall(r'xsrf_token: "([^"]*)"', own_page)[0]
    with pytest.raises(urllib.error.HTTPError) as refused:
        grace.post("swish/files", f'name="_xsrf" value="{token}"', **hidden(page))
    refused.value.close()
    assert refused.value.code == 404
    assert kept in hub_api.objects["persistentvolumeclaims"]
