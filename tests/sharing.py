"""Which tests are given to one process together."""

from __future__ import annotations

from typing import Final

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]  # has no types

#: Beginnings of the names of modules that share what is slow to start: an installation, or the process that hubs are
#: forked from.
TOGETHER: Final = (
    (
        "tests/services/web/",
        "tests/services/environments/",
        "tests/services/keys/",
        "tests/services/ssh_log/test_log.py",
    ),
    (
        "tests/hub/launch/test_burst.py",
        "tests/hub/test_files_page.py",
        "tests/hub/launch/test_metrics_endpoint.py",
        "tests/hub/launch/test_rest",
        "tests/hub/sweep/test_page.py",
    ),
)


class ByModule(LoadScopeScheduling):
    """Gives a module's tests to one process, and so those of modules that share something."""

    def _split_scope(self, nodeid: str) -> str:
        found = (names[0] for names in TOGETHER if nodeid.startswith(names))
        return next(found, super()._split_scope(nodeid))
