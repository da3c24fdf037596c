"""Pin a module of tools to the versions that a release of Kubernetes was made with.

    python -m local.pins local/tools/kubernetes v1.36.3

Kubernetes is then compiled as it was released, and what is compiled beside it shares all that both are made of.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

KUBERNETES = "k8s.io/kubernetes"
#: What a module has for a version in Kubernetes' go.mod when it lies in Kubernetes' own tree.
_STAGED = "v0.0.0"


def replacements(gomod: dict[str, Any], version: str) -> Iterator[str]:
    """Name each module that Kubernetes requires, as `go mod edit -replace` wants it.

    Args:
        gomod: Kubernetes' go.mod, as `go mod edit -json` gives it.
        version: The release, as v1.36.3; what lies in its tree is published as v0.36.3.
    """
    for one in gomod["Require"]:
        path = one["Path"]
        pinned = version.replace("v1.", "v0.", 1) if one["Version"] == _STAGED else one["Version"]
        yield f"{path}={path}@{pinned}"


def main(folder: Path, version: str) -> None:
    """Write the pins into the folder's go.mod."""
    download = _go("mod", "download", "-json", f"{KUBERNETES}@{version}", cwd=folder)
    theirs = json.loads(_go("mod", "edit", "-json", json.loads(download)["GoMod"], cwd=folder))
    edits = [f"-replace={one}" for one in replacements(theirs, version)]
    _go("mod", "edit", f"-require={KUBERNETES}@{version}", *edits, cwd=folder)


def _go(*words: str, cwd: Path) -> str:
    return subprocess.run(["go", *words], cwd=cwd, check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
