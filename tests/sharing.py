"""Which tests are given to one process together."""

from __future__ import annotations

from typing import Final

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]  # has no types

#: Folders whose modules share what is slow to start.
TOGETHER: Final = ("tests/services/web/",)


class ByModule(LoadScopeScheduling):
    """Gives a module's tests to one process, and so a folder's whose modules share something."""

    def _split_scope(self, nodeid: str) -> str:
        return next((folder for folder in TOGETHER if nodeid.startswith(folder)), super()._split_scope(nodeid))
