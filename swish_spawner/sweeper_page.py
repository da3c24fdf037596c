"""The sweeper's report and its button, at ``/hub/swish/sweep``."""

from __future__ import annotations

import json
from typing import Any, ClassVar, Final

from jupyterhub.apihandlers.base import APIHandler
from jupyterhub.scopes import has_scope, needs_scope
from tornado import web

from swish_spawner.sweeper import Sweeper

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
        """Do a round now, and answer with its report; the body may say ``{"dry_run": true}``."""
        self._refuse_part_of_it()
        body = self.get_json_body() or {}
        if not isinstance(body, dict) or set(body) - {"dry_run"} or not isinstance(body.get("dry_run", False), bool):
            raise web.HTTPError(400, 'the body may be {"dry_run": true} or {"dry_run": false}')
        report = await self.sweeper.round(dry_run=body.get("dry_run", False))
        self._answer(report.document())

    def _refuse_part_of_it(self) -> None:
        """Refuse whoever may administer some servers: JupyterHub 5 lets them pass, for a handler that filters."""
        if not has_scope(_SCOPE, self.parsed_scopes):
            raise web.HTTPError(403, f"this needs the scope {_SCOPE} for all servers")

    def _answer(self, document: dict[str, Any]) -> None:
        self.set_header("Content-Type", "application/json")
        self.write(json.dumps(document))
