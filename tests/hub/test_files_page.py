"""Files in a real hub: what is listed, who may delete it, and that nothing else does."""

from __future__ import annotations

import http.cookiejar
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator

import pytest

from swish_spawner.core.files import mounts
from tests.fake_api import FakeApi
from tests.real_hub import TOKEN, Hub, until

CONFIG = f"""
c.JupyterHub.load_groups = {{"imaging": {{"users": ["ada", "grace", "zoe"]}}}}
c.JupyterHub.services = [
    {{"name": name, "api_token": name + "-{TOKEN}"}} for name in ("grace", "culler", "lead")
] + [{{"name": "tester", "api_token": "{TOKEN}"}}]
c.JupyterHub.load_roles = [
    {{"name": "all", "services": ["tester"], "scopes": ["admin:servers", "admin:users"]}},
    {{"name": "graces", "services": ["grace"], "scopes": ["read:users", "custom:swish:files:delete!user=grace"]}},
    {{"name": "cullers", "services": ["culler"], "scopes": ["read:users", "delete:servers", "admin:servers"]}},
    {{"name": "leads", "services": ["lead"], "scopes": ["read:users", "custom:swish:files:delete!group=imaging"]}},
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


@pytest.mark.claim("home-outlives", "files-after-a-removal")
def test_a_server_that_is_removed_leaves_its_files(hub: Hub, hub_api: FakeApi, kept: str) -> None:
    """And they are listed, with what tells them from a later volume of that name."""
    assert kept in hub_api.objects["persistentvolumeclaims"]
    (volume,) = files(hub)
    assert (f"{volume['namespace']}/{volume['name']}", volume["server"]) == (kept, "lab")


@pytest.mark.claim("files-after-a-removal")
def test_a_server_of_that_name_finds_its_files_again(
    hub: Hub, hub_api: FakeApi, kept: str, go_on: Callable[[], None]
) -> None:
    """The very same volume."""
    uid = files(hub)[0]["uid"]
    start(hub)
    go_on()
    (pod,) = hub_api.objects["pods"].values()
    assert mounts(pod, kept.rpartition("/")[2])
    assert [volume["uid"] for volume in files(hub)] == [uid]


@pytest.mark.claim("files-after-a-person", "files-of-the-gone")
def test_a_person_who_is_removed_leaves_their_files(hub: Hub, hub_api: FakeApi) -> None:
    """Who gets that name has them; and they can be deleted when nobody has."""
    assert hub.post("users/zoe/server", {})[0] in (201, 202)
    until(lambda: hub.ask("GET", "api/users/zoe")[1]["servers"].get("", {}).get("ready"))
    assert hub.ask("DELETE", "api/users/zoe/server")[0] in (202, 204)
    until(lambda: not hub.ask("GET", "api/users/zoe")[1]["servers"])
    remove(hub, "zoe")
    ((_, volume),) = listed(hub, "zoe")
    assert volume in Browser(hub, "zoe").get("swish/files")
    remove(hub, "zoe")
    ((place, _),) = listed(hub, "zoe")
    assert hub.ask("DELETE", f"api/swish/users/zoe/files/{place}")[0] == 204
    assert place not in hub_api.objects["persistentvolumeclaims"]


def remove(hub: Hub, user: str) -> None:
    """Remove a person from the hub."""
    assert hub.ask("DELETE", f"api/users/{user}")[0] == 204
    assert hub.ask("GET", f"api/users/{user}")[0] == 404


def listed(hub: Hub, user: str) -> list[tuple[str, str]]:
    """Return place and uid of each volume of somebody's."""
    found = hub.ask("GET", f"api/swish/users/{user}/files")[1]
    return [(f"{volume['namespace']}/{volume['name']}", volume["uid"]) for volume in found]


@pytest.mark.claim("files-scope")
@pytest.mark.parametrize(
    ("who", "whose", "may"),
    [("grace", "ada", False), ("grace", "grace", True), ("culler", "ada", False), ("lead", "ada", True)],
)
def test_files_have_a_scope_of_their_own(
    hub: Hub, hub_api: FakeApi, kept: str, who: str, whose: str, may: bool
) -> None:
    """For some people's; to delete servers is another right."""
    status, _ = hub.ask("GET", f"api/swish/users/{whose}/files", token=f"{who}-{TOKEN}")
    assert (status == 200) is may
    if not may:
        assert hub.ask("DELETE", f"api/swish/users/{whose}/files/{kept}", token=f"{who}-{TOKEN}")[0] in (403, 404)
        assert kept in hub_api.objects["persistentvolumeclaims"]


@pytest.mark.claim("files-in-use", "files-answers")
def test_files_in_use_stay(hub: Hub, hub_api: FakeApi, kept: str, go_on: Callable[[], None]) -> None:
    """Whoever asks is told what to do first."""
    start(hub)
    go_on()
    status, words = hub.ask("DELETE", f"api/swish/users/ada/files/{kept}")
    assert (status, words["message"]) == (409, "An environment uses these files. Stop it first, then delete them.")
    assert kept in hub_api.objects["persistentvolumeclaims"]


@pytest.mark.claim("files-in-use")
def test_files_of_an_environment_that_starts_stay(hub: Hub, hub_api: FakeApi, kept: str) -> None:
    """Before it is ready, and however long that takes."""
    hub_api.runs = False
    try:
        assert hub.post("users/ada/servers/lab", {})[0] in (201, 202)
        pod = until(lambda: next(iter(hub_api.objects["pods"]), "")).rpartition("/")[2]
        assert server(hub)["pending"] == "spawn"
        assert hub.ask("DELETE", f"api/swish/users/ada/files/{kept}")[0] == 409
    finally:
        hub_api.runs = True
    hub_api.beside(lambda: hub_api.run(pod))
    until(lambda: server(hub).get("ready"))
    assert kept in hub_api.objects["persistentvolumeclaims"]


@pytest.mark.claim("files-in-use")
def test_files_of_an_environment_that_the_hub_lost_stay(hub: Hub, hub_api: FakeApi, kept: str) -> None:
    """Its pod has them, whatever the hub knows."""
    volume = {"name": "home", "persistentVolumeClaim": {"claimName": kept.rpartition("/")[2]}}
    metadata = {"name": "jupyter-lost", "namespace": "swish-imaging", "uid": "lost"}
    pod = {
        "metadata": metadata | {"labels": {"hub.jupyter.org/username": "ada"}},
        "spec": {"volumes": [volume], "containers": []},
        "status": {"phase": "Running"},
    }
    hub_api.beside(lambda: hub_api.change("pods", "ADDED", pod))
    until(lambda: "swish-imaging/jupyter-lost" in hub_api.objects["pods"])
    assert hub.ask("DELETE", f"api/swish/users/ada/files/{kept}")[0] == 409
    hub_api.beside(lambda: hub_api.change("pods", "DELETED", pod))
    until(lambda: "swish-imaging/jupyter-lost" not in hub_api.objects["pods"])
    assert kept in hub_api.objects["persistentvolumeclaims"]


@pytest.mark.claim("files-answers")
def test_files_of_another_volume_stay(hub: Hub, hub_api: FakeApi, kept: str) -> None:
    """A uid that is not its own is of one that is gone."""
    assert hub.ask("DELETE", f"api/swish/users/ada/files/{kept}?uid=other")[0] == 404
    assert kept in hub_api.objects["persistentvolumeclaims"]


@pytest.mark.claim("files-answers")
def test_nobody_deletes_what_is_not_that_persons(hub: Hub, hub_api: FakeApi, kept: str) -> None:
    """Not even who may delete anybody's, by another person's address."""
    assert hub.ask("DELETE", f"api/swish/users/grace/files/{kept}")[0] == 404
    assert kept in hub_api.objects["persistentvolumeclaims"]


@pytest.mark.claim("files-deleted", "files-scope", "files-answers")
def test_an_administrator_deletes_files(hub: Hub, hub_api: FakeApi, kept: str) -> None:
    """By the REST API."""
    assert hub.ask("DELETE", f"api/swish/users/ada/files/{kept}?uid={files(hub)[0]['uid']}")[0] == 204
    assert kept not in hub_api.objects["persistentvolumeclaims"]


@pytest.mark.claim("files-deletion-is-logged")
def test_a_deletion_is_in_the_log(hub: Hub, kept: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """With who asked for it, and whose files they were."""
    hub.ask("DELETE", f"api/swish/users/ada/files/{kept}")
    logs = [path.read_text(encoding="utf-8") for path in tmp_path_factory.getbasetemp().glob("hub*/log")]
    assert any("tester deleted the files of ada/lab: claim-ada--lab" in log for log in logs)


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


@pytest.mark.claim("files-deleted", "files-page")
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
