"""Pages that the hub itself serves for Swish, below its own prefix; `HANDLERS` names them all."""

from __future__ import annotations

import json
from typing import Final

from jupyterhub.handlers import BaseHandler

from swish_spawner.core.launch.request import options_schema


class OptionsSchemaHandler(BaseHandler):  # type: ignore[misc]  # JupyterHub has no types
    """Serve the JSON Schema of ``user_options`` to anybody: it is the same for all, and holds nothing of a policy."""

    def get(self) -> None:
        """Answer with the schema."""
        self.set_header("Content-Type", "application/schema+json")
        self.finish(json.dumps(options_schema(), indent=2))

    head = get


#: For ``c.JupyterHub.extra_handlers``: pattern below the hub's prefix, and handler.
HANDLERS: Final = [(r"/swish/options-schema\.json", OptionsSchemaHandler)]
