"""The sweeper's report and its button, at ``/hub/swish/sweep``."""

from __future__ import annotations

import json
from typing import Any, ClassVar, Final

from jupyterhub.apihandlers.base import APIHandler
from jupyterhub.scopes import has_scope, needs_scope
from tornado import web

from swish_spawner.errors import ClusterAway, ClusterRefused
from swish_spawner.hub.sweep.sweeper import NotReady, Sweeper

PATH: Final = r"/swish/sweep"
_SCOPE: Final = "admin:servers"


def sweep_handler(of: Sweeper) -> type[APIHandler]:
    """Return the handler of a sweeper's page; a class for each, since JupyterHub copies whatever else it is given."""

    class Handler(_SweepHandler):
        sweeper = of

    return Handler


class _SweepHandler(APIHandler):  # type: ignore[misc]  # JupyterHub has no types
    """Says what the sweeper found and did, and lets an administrator have it look now."""

    sweeper: ClassVar[Sweeper]

    @needs_scope(_SCOPE)  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        """Answer with the last round's report, and what a round would do now."""
        self._refuse_part_of_it()
        last = self.sweeper.last
        self._answer({"last": last and last.document(), "now": self.sweeper.look().document()})

    @needs_scope(_SCOPE)  # type: ignore[untyped-decorator]
    async def post(self) -> None:
        """Do a round now, and answer with its report; or end a lost environment, if the body names one."""
        self._refuse_part_of_it()
        match self.get_json_body() or {}:
            case {"end": str(key), **rest} if not rest:
                await self._end(key)
            case {"dry_run": bool(dry_run), **rest} if not rest:
                self._answer((await self.sweeper.round(dry_run=dry_run)).document())
            case {**rest} if not rest:
                self._answer((await self.sweeper.round()).document())
            case _:
                raise web.HTTPError(400, 'the body may be {"dry_run": true} or {"end": "NAMESPACE/POD"}')

    async def _end(self, key: str) -> None:
        try:
            ended = await self.sweeper.end(key)
        except (NotReady, ClusterAway, ClusterRefused) as error:
            raise web.HTTPError(503, f"it cannot be ended now: {error}") from error
        if not ended:
            raise web.HTTPError(404, "no lost environment has this name; the report names those that are lost")
        self._answer({"ended": key})

    def _refuse_part_of_it(self) -> None:
        """Refuse whoever may administer some servers: JupyterHub 5 lets them pass, for a handler that filters."""
        if not has_scope(_SCOPE, self.parsed_scopes):
            raise web.HTTPError(403, f"this needs the scope {_SCOPE} for all servers")

    def _answer(self, document: dict[str, Any]) -> None:
        self.set_header("Content-Type", "application/json")
        self.write(json.dumps(document))
