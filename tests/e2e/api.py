"""Looks at the cluster over one connection: a test that waits looks often, and a kubectl a look keeps a core busy."""

import base64
import functools
import ssl
import tempfile
from pathlib import Path
from typing import Any

import httpx
import yaml

#: Where the objects of a kind are, by kubectl's name for it: the API group's path, and the plural if namespaced.
NAMESPACED = {
    "pod": ("api/v1", "pods"),
    "pvc": ("api/v1", "persistentvolumeclaims"),
    "service": ("api/v1", "services"),
    "secret": ("api/v1", "secrets"),
    "configmap": ("api/v1", "configmaps"),
    "resourcequota": ("api/v1", "resourcequotas"),
    "deployment": ("apis/apps/v1", "deployments"),
    "pdb": ("apis/policy/v1", "poddisruptionbudgets"),
}
CLUSTER_WIDE = {
    "node": ("api/v1", "nodes"),
    "namespace": ("api/v1", "namespaces"),
    "volumeattachment": ("apis/storage.k8s.io/v1", "volumeattachments"),
}
#: Of a list, as kubectl calls what the API calls otherwise.
SELECTORS = {"--selector": "labelSelector", "--field-selector": "fieldSelector"}


def path_of(kind: str, namespace: str, name: str = "") -> str:
    """Return where an object is, or all of a kind.

    Raises:
        KeyError: it is of a kind that is not known here.
    """
    single = kind.removesuffix("s")
    if single in CLUSTER_WIDE:
        group, plural = CLUSTER_WIDE[single]
        place = f"{group}/{plural}"
    else:
        group, plural = NAMESPACED[single]
        place = f"{group}/namespaces/{namespace}/{plural}"
    return f"{place}/{name}" if name else place


def get(client: httpx.Client, namespace: str, kind: str, *words: str) -> Any:
    """Return an object, or a list of all that a selector picks, as plain data.

    Raises:
        AssertionError: the API server refuses; the text is its answer.
    """
    names = [word for word in words if not word.startswith("--")]
    params = {
        SELECTORS[option]: value for option, _, value in (word.partition("=") for word in words if word[:2] == "--")
    }
    answer = client.get(path_of(kind, namespace, *names), params=params)
    assert answer.is_success, f"get {kind} {' '.join(words)}: {answer.text}"
    return answer.json()


def client_of(kubeconfig: str, context: str) -> httpx.Client | None:
    """Return a client of the API server, or None where the context has no client certificate in its own file."""
    return _client(Path(kubeconfig).read_text(), context)


@functools.lru_cache(maxsize=2)
def _client(text: str, context: str) -> httpx.Client | None:
    document = yaml.safe_load(text)
    found = _named(document["contexts"], context)["context"]
    cluster = _named(document["clusters"], found["cluster"])["cluster"]
    user = _named(document["users"], found["user"])["user"]
    if not {"client-certificate-data", "client-key-data"} <= user.keys() or "certificate-authority-data" not in cluster:
        return None
    trusted = ssl.create_default_context(cadata=_decoded(cluster["certificate-authority-data"]))
    with tempfile.NamedTemporaryFile("w") as file:  # Python reads them from files alone; this one is its owner's
        file.write(_decoded(user["client-certificate-data"]) + _decoded(user["client-key-data"]))
        file.flush()
        trusted.load_cert_chain(file.name)
    return httpx.Client(base_url=cluster["server"], verify=trusted, timeout=30, trust_env=False)


def _named(entries: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(entry for entry in entries if entry["name"] == name)


def _decoded(text: str) -> str:
    return base64.b64decode(text).decode()
