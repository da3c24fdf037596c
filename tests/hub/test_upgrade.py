"""What the version before has made is taken up, with environments that run meanwhile.

`tests/data/before` was made by `python -m tests.before` in a checkout of that version, on the oldest JupyterHub: where
these run on a newer one, that is upgraded at once.
"""

from __future__ import annotations

import base64
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from swish_spawner.core.record import EnvironmentRecord
from swish_spawner.core.ssh.key_list import key_list
from swish_spawner.services.ssh_log.keep.store import Store, verified
from tests.before import KEY, PORT, SERVERS
from tests.conftest import ROOT
from tests.fake_api import FakeApi, served_beside
from tests.real_hub import PATIENT, TOKEN, Hub, running_hub, until

BEFORE = ROOT / "tests" / "data" / "before"
RUNNING = [server for server, (_, becomes) in SERVERS.items() if becomes == "runs"]
CONFIG = f"""
c.JupyterHub.services = [{{"name": "tester", "api_token": "{TOKEN}"}}]
c.JupyterHub.load_roles = [{{"name": "tester", "services": ["tester"],
    "scopes": ["admin:servers", "admin:server_state", "admin:users"]}}]
c.JupyterHub.load_groups = {{"imaging": {{"users": ["ada", "grace"]}}}}
c.KubeSpawner.port = ENVIRONMENTS
c.Spawner.http_timeout = 5
c.JupyterHub.upgrade_db = True
"""


@pytest.fixture(scope="module")
def api() -> Iterator[FakeApi]:
    """The cluster as the version before left it, with what ran still running."""
    api = FakeApi()
    with served_beside(api):
        text = (BEFORE / "objects.json").read_text(encoding="utf-8")
        kept = json.loads(text.replace(PORT, f'"containerPort": {api.url.rpartition(":")[2]}'))
        api.objects.update(kept["objects"])
        api.version = api.oldest = kept["version"]
        yield api


@pytest.fixture(scope="module")
def hub(api: FakeApi, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub of this version, on the database of the one before."""
    folder = tmp_path_factory.mktemp("hub")
    secret = shutil.copy(BEFORE / "jupyterhub_cookie_secret", folder)
    Path(secret).chmod(0o600)
    with closing(sqlite3.connect(folder / "hub.sqlite")) as database:
        database.executescript((BEFORE / "hub.sql").read_text(encoding="utf-8"))
    with running_hub(folder, CONFIG, api.url, last=PATIENT) as hub:
        yield hub


def model(hub: Hub, server: str) -> dict[str, Any]:
    """Return a server as the hub describes it."""
    _, user = hub.ask("GET", "api/users/ada?include_stopped_servers=1")
    found: dict[str, Any] = user["servers"][server]
    return found


@pytest.mark.parametrize("server", RUNNING)
def test_what_ran_is_there_to_be_used(hub: Hub, api: FakeApi, server: str) -> None:
    """Nothing was ended, and nothing of it was made anew."""
    until(lambda: model(hub, server)["ready"])
    assert f"jupyter-ada--{server}" in {pod["metadata"]["name"] for pod in api.objects["pods"].values()}
    assert api.requests["POST pods"] == 0


@pytest.mark.parametrize("server", RUNNING)
def test_what_is_kept_of_it_is_read(hub: Hub, server: str) -> None:
    """All of it: what it costs, how it is entered, and which start made its pod."""
    record = EnvironmentRecord.parse(model(hub, server)["state"])
    assert record.plan is not None
    assert record.plan.hourly_price
    assert record.plan.team == "imaging"
    assert (record.ssh is not None) is (server == "lab")
    assert record.spawn_id


def test_peoples_keys_are_read(api: FakeApi) -> None:
    """From the Secrets as they are."""
    found = []
    for secret in api.objects["secrets"].values():
        data = {name: base64.b64decode(text).decode() for name, text in (secret.get("data") or {}).items()}
        found += [key.line for key in key_list("ada", data).keys]
    assert set(found) == {KEY}


def test_the_ssh_log_goes_on(tmp_path: Path) -> None:
    """With its chain, and from the place that was read up to."""
    folder = tmp_path / "log"
    shutil.copytree(BEFORE / "ssh-log", folder)
    store = Store(folder)
    assert list(store.positions) == ["swish-imaging/jupyter-ada--lab/uid/ssh"]
    store.append(['{"event":"logout"}'], {})
    store.close()
    assert verified(folder)[1].number == 2


def test_a_stopped_one_starts_again_with_its_files(hub: Hub, api: FakeApi) -> None:
    """In the volume that it had."""
    claims = dict(api.objects["persistentvolumeclaims"])
    code, answer = hub.post("users/ada/servers/done", {"user_options": {}})
    assert code == 201, answer
    assert api.objects["persistentvolumeclaims"].keys() == claims.keys()


@pytest.mark.parametrize("server", RUNNING)
def test_what_ran_is_stopped_by_its_persons_word(hub: Hub, api: FakeApi, server: str) -> None:
    """With the grace that its pod says, and its name, host key and files are there for the next start."""
    before = EnvironmentRecord.parse(model(hub, server)["state"])
    ended = api.requests["DELETE pods"]
    hub.ask("DELETE", f"api/users/ada/servers/{server}")
    until(lambda: not model(hub, server)["pending"])
    assert (api.requests["DELETE pods"], {*api.graces}) == (ended + 1, {None})
    code, answer = hub.post(f"users/ada/servers/{server}", {"user_options": SERVERS[server][0]})
    assert code == 201, answer
    after = EnvironmentRecord.parse(model(hub, server)["state"])
    assert after.spawn_id != before.spawn_id
    assert (after.ssh and after.ssh.host_key) == (before.ssh and before.ssh.host_key)
