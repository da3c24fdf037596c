"""Clusters of tests: an API server over real HTTP, and the kubeconfig of who may do everything there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web

from local.contexts import Target
from tests.fake_api import FakeApi, refusal, served_beside

Resource = dict[str, Any]
_CONTEXT = "prod"


class SeededApi(FakeApi):
    """An API server that has these objects; as in a real one, a namespace is made before what is in it."""

    target: Target

    def __init__(self, *objects: Resource) -> None:
        super().__init__()
        for one in json.loads(json.dumps(objects)):
            # A list says once of what kind its items are, and they do not.
            kind = one.pop("kind").lower() + "s"
            one.pop("apiVersion", None)
            self.change(kind, "ADDED", one)

    async def _post(self, request: web.Request, namespace: str, kind: str, name: str) -> web.Response:
        if namespace and f"/{namespace}" not in self.objects["namespaces"]:
            return refusal(404, f'namespaces "{namespace}" not found', "NotFound")
        return await super()._post(request, namespace, kind, name)

    async def _get(self, request: web.Request, namespace: str, kind: str, name: str) -> web.Response:
        if f"{namespace}/{name}" not in self.objects[kind]:
            return refusal(404, f'{kind} "{name}" not found', "NotFound")
        return await super()._get(request, namespace, kind, name)


@contextmanager
def served(cluster: SeededApi, folder: Path) -> Iterator[SeededApi]:
    """Serve a cluster until the block ends.

    Args:
        cluster: gets its `target`.
        folder: for its kubeconfig.
    """
    with served_beside(cluster):
        cluster.target = target_of(cluster.url, folder)
        yield cluster


def target_of(url: str, folder: Path) -> Target:
    """Return how to reach an API server, by a kubeconfig in a folder."""
    path = folder / f"kubeconfig-{url.rpartition(':')[2]}"
    path.write_text(yaml.safe_dump({
        "apiVersion": "v1", "kind": "Config", "current-context": _CONTEXT,
        "clusters": [{"name": "c", "cluster": {"server": url}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
        "contexts": [{"name": _CONTEXT, "context": {"cluster": "c", "user": "u"}}],
    }))  # fmt: skip
    return Target("other", _CONTEXT, path)
