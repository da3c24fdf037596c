#!/opt/swish/bin/python3
"""jupyterhub-singleuser: JupyterLab as a hub's server for one person, without what only the hub itself needs.

JupyterHub's package is the hub and the server in one: what the server imports of it imports the hub's database layer,
its handlers and SQLAlchemy, which take a third of the processor time until JupyterLab answers and which no server
uses. While the server's part of the package is imported, stand-ins are in their place; right after that they are gone,
so whoever imports SQLAlchemy later has the real one. A stand-in that is asked for something hands on to the real
module: nothing breaks when JupyterHub uses it after all, it is only as slow as without this.

`rfc3987_syntax`, which a person may have installed for their own code, is kept from the server for good: it builds a
parser when it is imported, for seconds, and the server uses it to check formats that none of its documents has.

The server does see the person's packages, since an extension may be among them. An exception of one while it starts
costs them all: it is started again without.
"""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import Any, Final

#: What only a hub uses, and the names of it that are imported one by one; each of those becomes an empty class.
HUB_ONLY: Final[Mapping[str, Sequence[str]]] = {
    "sqlalchemy": (),
    "sqlalchemy.exc": ("SQLAlchemyError",),
    "jupyterhub.handlers": (),
    "jupyterhub.handlers.pages": ("HealthCheckHandler",),
    "jupyterhub.orm": (),
    "jupyterhub.roles": (),
}
#: All of JupyterHub's package that a server imports and that imports those.
SHARED: Final = ("jupyterhub.log", "jupyterhub.services.auth")
#: What is not imported at all, because what asks for it does without it when it is not there.
NEVER: Final = ("rfc3987_syntax",)


class StandIn(ModuleType):
    """Is a module until somebody asks it for something, and hands on to the module from then on."""

    def __getattr__(self, name: str) -> Any:
        # what looks through all modules asks for these, e.g. `inspect.getmodule`, and wants none of them; and as long
        # as this one is what is imported, whoever asks is a JupyterHub that needs its hub
        if name.startswith("__") or sys.modules.get(self.__name__) is self:
            raise AttributeError(f"{self.__name__} is not there, so it has no {name}")
        return getattr(importlib.import_module(self.__name__), name)


def stand_in(module: str, names: Sequence[str]) -> StandIn:
    """Return what stands in for a module, with an empty class for each of some names."""
    found = StandIn(module)
    kind = (Exception,) if module.endswith(".exc") else ()
    found.__dict__.update({name: type(name, kind, {"__module__": module}) for name in names})
    if any(other.startswith(f"{module}.") for other in HUB_ONLY):
        found.__path__ = []
    return found


@contextmanager
def without_the_hub() -> Iterator[None]:
    """Have stand-ins for `HUB_ONLY` meanwhile, and leave none of them where somebody would import it."""
    stand_ins = {name: stand_in(name, names) for name, names in HUB_ONLY.items() if name not in sys.modules}
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        for name, module in stand_ins.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]


def prepare() -> None:
    """Import the shared part of JupyterHub's package; as it is where that cannot be done without the hub's part."""
    for name in NEVER:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type] # Python's own sign for what is not to be imported
    try:
        with without_the_hub():
            for name in SHARED:
                importlib.import_module(name)
    except (ImportError, AttributeError) as error:
        print(f"jupyterhub-singleuser: JupyterHub is imported whole: {error}", file=sys.stderr)  # noqa: T201
        for name in [name for name in sys.modules if name.partition(".")[0] == "jupyterhub"]:
            del sys.modules[name]


def find_programs(environment: MutableMapping[str, str]) -> None:
    """Let the server find programs of the person's packages, such as language servers, after the image's own."""
    if base := environment.get("PYTHONUSERBASE"):
        environment["PATH"] = f"{environment.get('PATH', '')}:{base}/bin"


def make_room(environment: Mapping[str, str]) -> None:
    """Make the folders that packages of the person's go to: what starts before there is one does not look there."""
    if not (base := environment.get("PYTHONUSERBASE")):
        return
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for python in {version, Path(environment.get("SWISH_PACKAGES_PYTHON", version)).name}:
        # a volume may be full, e.g.: no reason not to start
        with suppress(OSError):
            Path(base, "lib", python, "site-packages").mkdir(parents=True, exist_ok=True)


def start() -> None:
    """Start the server; once more without the person's packages if one of them raises an exception.

    What ends by itself, as for a hub that does not answer or a signal that came early, has its reasons.
    """
    try:
        prepare()
        importlib.import_module("jupyterhub.singleuser").main()
    except Exception:
        if sys.flags.no_user_site:
            raise
        traceback.print_exc()
        print("jupyterhub-singleuser: starts once more, without the packages in PYTHONUSERBASE.", file=sys.stderr)  # noqa: T201
        sys.stderr.flush()
        os.execv(sys.executable, [sys.executable, "-s", *sys.argv])  # noqa: S606 - this very program


def main() -> None:
    """Start the server."""
    find_programs(os.environ)
    make_room(os.environ)
    start()


if __name__ == "__main__":
    main()
