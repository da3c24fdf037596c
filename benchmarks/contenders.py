"""The spawners that are compared, each as it ships, with the same pod."""

from __future__ import annotations

import secrets
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from jupyterhub import orm
from jupyterhub.objects import Hub
from kubespawner import KubeSpawner
from traitlets.config import Config
from traitlets.config.loader import LazyConfigValue

from benchmarks.control_plane import ETC
from swish_spawner.hub import configure

#: How long a start may take; what takes longer counts as failed.
START_SECONDS: Final = 120
NAMES: Final = ("stock", "swish")
_IMAGE: Final = "example.org/pause:1"


def stock_config(namespace: str) -> Config:
    """KubeSpawner with a volume for each person, and the limits that the policy gives; all else as it ships."""
    c = Config()
    c.KubeSpawner.namespace = namespace
    c.KubeSpawner.image = _IMAGE
    c.KubeSpawner.cpu_guarantee = c.KubeSpawner.cpu_limit = 0.01
    c.KubeSpawner.mem_guarantee = c.KubeSpawner.mem_limit = "16M"
    c.KubeSpawner.storage_pvc_ensure = True
    c.KubeSpawner.storage_capacity = "1Gi"
    c.KubeSpawner.volumes = {"home": {"name": "home", "persistentVolumeClaim": {"claimName": "{pvc_name}"}}}
    c.KubeSpawner.volume_mounts = {"home": {"name": "home", "mountPath": "/home/jovyan"}}
    return c


def swish_config(namespace: str) -> Config:
    """SwishSpawner as our own hub configures it, with the smallest policy."""
    c = Config()
    # stock has no queue, and JupyterHub's limit is not measured
    c.JupyterHub.concurrent_spawn_limit = 0
    configure(c, policy_path=str(ETC / "policy.yaml"), namespace=namespace)
    return c


class Contender:
    """Makes spawners of one kind, as a hub does, with a database of people behind them.

    Args:
        name: one of `NAMES`.
        namespace: where pods go.
        port: of the environments, where something has to answer.
        folder: for the database.
    """

    def __init__(self, name: str, namespace: str, port: int, folder: Path) -> None:
        self._config = {"stock": stock_config, "swish": swish_config}[name](namespace)
        self._class: Any = self._config.JupyterHub.get("spawner_class", KubeSpawner)
        self._config[self._class.__name__].start_timeout = START_SECONDS
        self._config[self._class.__name__].port = port
        self._db = orm.new_session_factory(f"sqlite:///{folder}/{name}-{secrets.token_hex(4)}.sqlite")()
        settings = self._config.JupyterHub.get("tornado_settings", {})
        #: Of the hub, which its people have in common.
        self._settings = settings.get_value({}) if isinstance(settings, LazyConfigValue) else settings
        self._hub = Hub(base_url="/hub/", ip="127.0.0.1", port=8081)
        self._group = orm.Group(name="bench")
        self._db.add(self._group)

    def make(self, name: str) -> Any:
        """Make one person's spawner."""
        orm_user = orm.User(name=name, groups=[self._group])
        orm_spawner = orm.Spawner(name="", user=orm_user)
        self._db.add_all([orm_user, orm_spawner])
        self._db.commit()
        user = SimpleNamespace(
            name=name, escaped_name=name, id=orm_user.id, url=f"/user/{name}/", groups=orm_user.groups, db=self._db,
            settings=self._settings,
        )  # fmt: skip
        spawner = self._class(
            config=self._config, user=user, orm_spawner=orm_spawner, hub=self._hub,
            api_token=secrets.token_hex(16), oauth_client_id=f"jupyterhub-user-{name}",
        )  # fmt: skip
        user.spawner = spawner
        return spawner
