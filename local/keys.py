"""The Secrets that outlive the cluster: they open what lies on the volumes, or hold people's public keys."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from local.contexts import Kube
from local.settings import NAMESPACE, RELEASE
from local.shell import Shell

Resource = dict[str, Any]
#: As in the chart: what an uninstall keeps, `down` keeps.
_POLICY = "helm.sh/resource-policy"
#: Made last of all, so that its being there says that nothing is left to restore.
_LAST = "hub"
_KEPT = ("apiVersion", "kind", "type", "data")
_SOON = "--request-timeout=10s"


def keep(kube: Kube, shell: Shell, path: Path) -> bool:
    """Write the release's kept Secrets down, with the namespaces that they are in; the file is its owner's alone.

    Args:
        kube: Commands for the cluster.
        shell: Runs them.
        path: The file; it is replaced whole or not at all.

    Returns:
        Whether there were any; if not, the file stays as it is.

    Raises:
        LocalError: The cluster does not answer.
    """
    argv = kube.kubectl(
        "get", "secrets", "--all-namespaces", f"--selector=app.kubernetes.io/name={RELEASE}", "--output=json", _SOON
    )
    secrets = [secret for secret in _items(shell.read(argv)) if _is_kept(secret)]
    if not secrets:
        return False
    places = {secret["metadata"]["namespace"] for secret in secrets} - {NAMESPACE}
    everywhere = _items(shell.read(kube.kubectl("get", "namespaces", "--output=json", _SOON)))
    namespaces = [namespace for namespace in everywhere if namespace["metadata"]["name"] in places]
    secrets.sort(key=lambda secret: secret["metadata"]["name"] == _LAST)
    _write(path, _list([portable(kept) for kept in (*namespaces, *secrets)]))
    return True


def restore(kube: Kube, shell: Shell, path: Path) -> None:
    """Give a new cluster the Secrets of the last one; nothing is done to one that has its own.

    Args:
        kube: Commands for the cluster.
        shell: Runs them.
        path: The file that `keep` wrote.

    Raises:
        LocalError: They could not be made.
    """
    if not path.exists() or shell.ok(kube.kubectl("get", f"secret/{_LAST}")):
        return
    # What an interrupted run has made already stays.
    there = {
        _name(found)
        for found in _items(shell.read(kube.kubectl("get", "secrets,namespaces", "--all-namespaces", "--output=json")))
    }
    absent = [kept for kept in _items(path.read_text()) if _name(kept) not in there]
    # In the file's order. kubectl makes nothing in another namespace than that of its command.
    for place, kept in groupby(absent, _namespace):
        elsewhere = [f"--namespace={place}"] if place else []
        shell.run(kube.kubectl(*elsewhere, "create", "--filename=-"), stdin=_list(list(kept)))


def portable(resource: Resource) -> Resource:
    """Strip a Secret or a namespace of what ties it to one cluster; what makes it Helm's stays."""
    metadata = resource["metadata"]
    kept = {name: metadata[name] for name in ("name", "namespace", "labels", "annotations") if name in metadata}
    return {**{name: resource[name] for name in _KEPT if name in resource}, "metadata": kept}


def _items(text: str) -> Sequence[Resource]:
    """Return the objects of a list; a single one, as `down` once wrote it, is a list of itself."""
    document = json.loads(text)
    found: Sequence[Resource] = document.get("items", [document])
    return found


def _list(items: Sequence[Resource]) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items})


def _is_kept(resource: Resource) -> bool:
    return (resource["metadata"].get("annotations") or {}).get(_POLICY) == "keep"


def _namespace(resource: Resource) -> str:
    """Return where it is; nothing for what no namespace holds."""
    return str(resource["metadata"].get("namespace", ""))


def _name(resource: Resource) -> tuple[str, str, str]:
    return resource["kind"], _namespace(resource), resource["metadata"]["name"]


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = path.with_suffix(".partial")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(path)
