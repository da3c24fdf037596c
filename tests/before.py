"""Make what an installation keeps, in the way of the version that is checked out, for the next one to take up.

python -m tests.before FOLDER

Run in a checkout of the version before, by the oldest JupyterHub. A real hub and a real web service make it: the hub's
database with environments that run and that are stopped, the objects in Kubernetes with people's keys, and an ssh log.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
from contextlib import closing
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from swish_spawner.services.ssh_log.keep.store import Store
from tests.conftest import WIDE_POLICY
from tests.fake_api import FakeApi
from tests.real_hub import until
from tests.services.real_site import GROUPS, Site, api_of_a_site, running_site

#: By server of ada's: its options, and what has become of it.
SERVERS: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "lab": ({"ssh": True}, "runs"),
    "big": ({"pool": "high-memory", "memory": "65Gi"}, "runs"),
    "done": ({}, "stopped"),
}
KEY: Final = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB1b2TMTuhhJ2yOY4A2D06DAnnOhqJ2hLBKaNxVjN4mA"
#: What stands for the port that environments answer at.
PORT: Final = '"containerPort": "PORT"'


def make(folder: Path) -> None:
    """Make all of it below a folder that is there."""
    with TemporaryDirectory() as place, api_of_a_site() as api:
        with running_site(Path(place), WIDE_POLICY, api, GROUPS) as site:
            _use(site, api)
        for name in ("jupyterhub_cookie_secret", "hub.sqlite"):
            shutil.copy(Path(place) / "hub" / name, folder)
        kept = json.dumps({"version": api.version, "objects": api.objects}, indent=1, sort_keys=True)
        port = api.url.rpartition(":")[2]
        (folder / "objects.json").write_text(kept.replace(f'"containerPort": {port}', PORT) + "\n")
    _as_text(folder / "hub.sqlite")
    _log(folder / "ssh-log")


def _use(site: Site, api: FakeApi) -> None:
    """Do what people do in a day."""
    for server, (options, becomes) in SERVERS.items():
        code, answer = site.hub.post(f"users/ada/servers/{server}", {"user_options": options})
        assert code in (201, 202), answer
        until(partial(_has, site, server, "ready"))
        if becomes == "stopped":
            site.hub.ask("DELETE", f"api/users/ada/servers/{server}")
            until(partial(_has, site, server, "stopped"))
    code, answer = site.ask("POST", "api/keys", {"key": KEY, "name": "laptop"}, site.token("ada"))
    assert code == 201, answer
    api.objects["events"].clear()
    api.objects["leases"].clear()


def _has(site: Site, server: str, state: str) -> bool:
    _, user = site.hub.ask("GET", "api/users/ada?include_stopped_servers=1")
    return bool(user["servers"][server][state])


def _as_text(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        path.with_suffix(".sql").write_text("\n".join(database.iterdump()) + "\n")
    path.unlink()


def _log(folder: Path) -> None:
    store = Store(folder)
    body = json.dumps({"event": "login", "environment": "ada--lab", "user": "ada", "team": "imaging"}, sort_keys=True)
    store.append([body], {"swish-imaging/jupyter-ada--lab/uid/ssh": "{}"})
    store.close()


if __name__ == "__main__":
    make(Path(sys.argv[1]))
