"""A server that a hub before this one started, and that is not ended because it does not answer at once."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any, Final

from jupyterhub.objects import Server

_log: Final = logging.getLogger(__name__)


class AdoptedServer(Server):  # type: ignore[misc]  # JupyterHub has no types
    """Waits for an answer as JupyterHub does, and does without one.

    A hub that begins stops each server that does not answer within `http_timeout`. One that is busy, or behind a
    network that comes back later than the hub, has work in it all the same.
    """

    async def wait_up(self, *args: Any, **kwargs: Any) -> Any:
        """Return the server's answer; where there is none, one that says nothing."""
        try:
            return await super().wait_up(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - JupyterHub would stop the server for any of them
            _log.warning("%s does not answer after the hub's restart, and is left as it is: %s", self.url, error)
            return SimpleNamespace(headers={})
