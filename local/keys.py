"""The Secrets that outlive the cluster: they open what lies on the volumes, or hold people's public keys."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from local import api
from local.contexts import Target
from local.settings import NAMESPACE, RELEASE

Resource = dict[str, Any]
#: As in the chart: what an uninstall keeps, `down` keeps.
_POLICY = "helm.sh/resource-policy"
#: Made last of all, so that its being there says that nothing is left to restore.
_LAST = "hub"
_KEPT = ("apiVersion", "kind", "type", "data")


def keep(target: Target, path: Path) -> bool:
    """Write the release's kept Secrets down, with the namespaces that they are in; the file is its owner's alone.

    Args:
        target: The cluster.
        path: The file; it is replaced whole or not at all.

    Returns:
        Whether there were any; if not, the file stays as it is.

    Raises:
        LocalError: The cluster does not answer.
    """
    found = _items(target, "Secret", api.SOON, f"app.kubernetes.io/name={RELEASE}")
    secrets = [secret for secret in found if _is_kept(secret)]
    if not secrets:
        return False
    places = {_namespace(secret) for secret in secrets} - {NAMESPACE}
    everywhere = _items(target, "Namespace", api.SOON)
    namespaces = [namespace for namespace in everywhere if namespace["metadata"]["name"] in places]
    secrets.sort(key=lambda secret: secret["metadata"]["name"] == _LAST)
    kept = [portable(resource) for resource in (*namespaces, *secrets)]
    _write(path, json.dumps({"apiVersion": "v1", "kind": "List", "items": kept}))
    return True


def restore(target: Target, path: Path) -> None:
    """Give a new cluster the Secrets of the last one; nothing is done to one that has its own.

    Args:
        target: The cluster.
        path: The file that `keep` wrote.

    Raises:
        LocalError: They could not be made.
    """
    if not path.exists():
        return
    there = {_name(found) for kind in ("Secret", "Namespace") for found in _items(target, kind)}
    if ("Secret", NAMESPACE, _LAST) in there:
        return
    # In the file's order. What an interrupted run has made already stays.
    for kept in _kept(path):
        if _name(kept) not in there:
            place = _namespace(kept)
            api.create(target, f"/api/v1/namespaces/{place}/secrets" if place else "/api/v1/namespaces", kept)


def portable(resource: Resource) -> Resource:
    """Strip a Secret or a namespace of what ties it to one cluster; what makes it Helm's stays."""
    metadata = resource["metadata"]
    kept = {name: metadata[name] for name in ("name", "namespace", "labels", "annotations") if name in metadata}
    return {**{name: resource[name] for name in _KEPT if name in resource}, "metadata": kept}


def _items(target: Target, kind: str, seconds: float = api.A_MINUTE, selector: str = "") -> list[Resource]:
    """Return the Secrets or namespaces of a cluster; each says what it is, which the API server says of all at once."""
    found = api.get(target, f"/api/v1/{kind.lower()}s", seconds=seconds, selector=selector)
    return [{"apiVersion": "v1", "kind": kind, **item} for item in found["items"]]


def _kept(path: Path) -> list[Resource]:
    """Return what was written down; a single object, as `down` once wrote it, is a list of itself."""
    document = json.loads(path.read_text())
    return list(document.get("items", [document]))


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
