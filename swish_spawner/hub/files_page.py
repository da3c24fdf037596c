"""Where people see what their files take, and delete what they do not need: ``/hub/swish/files``, and the same as REST.

Nothing else deletes files: not a server that is removed, nor one that is culled, nor a person who leaves.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, Final

from jupyterhub.apihandlers.base import APIHandler
from jupyterhub.handlers import BaseHandler
from jupyterhub.scopes import define_custom_scopes, needs_scope
from tornado import web

from swish_spawner.adapters.kubernetes.claims import Claims
from swish_spawner.adapters.kubernetes.pods import Pods
from swish_spawner.core.files import KeptVolume, kept_volumes, mounts
from swish_spawner.core.labels import KUBESPAWNER_USER
from swish_spawner.core.ownership import has_ended
from swish_spawner.core.policy.values import namespaces
from swish_spawner.core.record import home_of
from swish_spawner.errors import ClusterAway, ClusterRefused
from swish_spawner.hub.launch.server.decision import CLUSTER_AWAY
from swish_spawner.hub.launch.spawner import SwishSpawner

#: Cullers, for one, may delete servers, and are not asked about files.
_SCOPE: Final = "custom:swish:files:delete"
define_custom_scopes(
    {_SCOPE: {"description": "See the files that a person's environments keep, and delete them for ever."}}
)
#: Who may delete a person may delete the person's files.
_ADMIN: Final = "admin:users"


class _Files(BaseHandler):  # type: ignore[misc]  # JupyterHub has no types
    """What the page and the REST API do."""

    async def volumes(self, user: str) -> tuple[KeptVolume, ...]:
        """Return a person's volumes, of every namespace that environments run in."""
        return await self._volumes(self._spawner(user))

    async def _volumes(self, spawner: SwishSpawner) -> tuple[KeptVolume, ...]:
        selector = _selector(spawner)
        places = sorted(namespaces(spawner.policy, spawner.namespace))
        claims = Claims(spawner.api, spawner.patience)
        with self._answered():
            found = [await claims.list(place, selector) for place in places]
        known = self.find_user(spawner.user.name)
        servers = known.orm_spawners if known is not None else {}
        renamed = {claim: name for name, one in servers.items() if (claim := home_of(one.state or {}))}
        return kept_volumes([claim for some in found for claim in some], spawner.user.name, renamed)

    async def delete_volume(self, user: str, namespace: str, name: str, uid: str) -> None:
        """Delete one volume of a person's, for ever.

        Raises:
            HTTPError: it is not there (404), an environment uses it (409), or Kubernetes does not answer (503).
        """
        spawner = self._spawner(user)
        found = [v for v in await self._volumes(spawner) if (v.namespace, v.name) == (namespace, name)]
        if not found or uid not in ("", found[0].uid):
            raise web.HTTPError(404, "These files are not there any more.")
        volume = found[0]
        if self.in_use(user, volume) or await self._is_mounted(spawner, volume):
            raise web.HTTPError(409, "An environment uses these files. Stop it first, then delete them.")
        with self._answered():
            await Claims(spawner.api, spawner.patience).delete(namespace, name, volume.uid)
        self.log.info("%s deleted the files of %s/%s: %s", self.current_user.name, user, volume.server, name)

    def in_use(self, user: str, volume: KeptVolume) -> bool:
        """Say whether the environment of a volume runs, starts or stops."""
        known = self.find_user(user)
        return known is not None and volume.server in known.spawners and known.spawners[volume.server].active

    async def _is_mounted(self, spawner: SwishSpawner, volume: KeptVolume) -> bool:
        """Say whether a pod has the volume, also one that the hub does not know of."""
        with self._answered():
            pods = await Pods(spawner.api, volume.namespace, spawner.patience).list(_selector(spawner))
        return any(mounts(pod, volume.name) and not has_ended(pod) for pod in pods)

    def _spawner(self, user: str) -> SwishSpawner:
        """Return a spawner that starts nothing; the person may be gone from the hub, and the files not."""
        person = SimpleNamespace(name=user, id=0, url="", groups=[], settings=self.settings)
        server, config = SimpleNamespace(name="", server=None), self.settings["config"]
        spawner: SwishSpawner = self.settings["spawner_class"](
            user=person, orm_spawner=server, hub=self.hub, config=config, _mock=True
        )
        return spawner

    @contextmanager
    def _answered(self) -> Iterator[None]:
        """Say what to do when Kubernetes does not answer."""
        try:
            yield
        except (ClusterAway, ClusterRefused) as error:
            self.log.warning("Kubernetes did not answer about files: %s", error)
            raise web.HTTPError(503, CLUSTER_AWAY) from error


class FilesPage(_Files):
    """The page, for everybody's own files."""

    @web.authenticated
    async def get(self) -> None:
        """Show what there is."""
        user = self.current_user.name
        volumes = await self.volumes(user)
        in_use = [volume for volume in volumes if self.in_use(user, volume)]
        deleted = bool(self.get_query_argument("deleted", ""))
        self.finish(await self.render_template("files.html", volumes=volumes, in_use=in_use, deleted=deleted))

    @web.authenticated
    async def post(self) -> None:
        """Delete what the form names, and show what is left."""
        named = [self.get_body_argument(field, "") for field in ("namespace", "name", "uid")]
        await self.delete_volume(self.current_user.name, *named)
        self.redirect(f"{self.hub.base_url}swish/files?deleted=1")


class FilesApi(_Files, APIHandler):  # type: ignore[misc]
    """Somebody's volumes as JSON, for whoever may delete that person's files."""

    @needs_scope(_SCOPE, _ADMIN)  # type: ignore[untyped-decorator]
    async def get(self, user_name: str) -> None:
        """Answer with the volumes."""
        self.set_header("Content-Type", "application/json")
        self.write(json.dumps([volume.document() for volume in await self.volumes(user_name)]))


class VolumeApi(_Files, APIHandler):  # type: ignore[misc]
    """One volume."""

    @needs_scope(_SCOPE, _ADMIN)  # type: ignore[untyped-decorator]
    async def delete(self, user_name: str, namespace: str, claim: str) -> None:
        """Delete it; the query may name the `uid` that it must have."""
        await self.delete_volume(user_name, namespace, claim, self.get_query_argument("uid", ""))
        self.set_status(204)


def _selector(spawner: SwishSpawner) -> str:
    """Return what selects a person's objects; the label is only a slug of the name."""
    return f"{KUBESPAWNER_USER}={spawner._build_common_labels({})[KUBESPAWNER_USER]}"  # noqa: SLF001 - KubeSpawner's


_API: Final = r"/api/swish/users/([^/]+)/files"
HANDLERS: Final[list[Any]] = [
    (r"/swish/files", FilesPage),
    (_API, FilesApi),
    (_API + r"/([^/]+)/([^/]+)", VolumeApi),
]
