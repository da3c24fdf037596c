"""Looks at the cluster by the official client: tests that wait look often, and a kubectl a look keeps a core busy."""

import functools
from pathlib import Path
from typing import Any, Final

import yaml
from kubernetes import config
from kubernetes.client import ApiException
from kubernetes.dynamic import DynamicClient

#: The API and the kind behind kubectl's name of a kind.
KINDS: Final = {
    "pod": ("v1", "Pod"),
    "pvc": ("v1", "PersistentVolumeClaim"),
    "service": ("v1", "Service"),
    "secret": ("v1", "Secret"),
    "configmap": ("v1", "ConfigMap"),
    "resourcequota": ("v1", "ResourceQuota"),
    "node": ("v1", "Node"),
    "namespace": ("v1", "Namespace"),
    "deployment": ("apps/v1", "Deployment"),
    "pdb": ("policy/v1", "PodDisruptionBudget"),
    "volumeattachment": ("storage.k8s.io/v1", "VolumeAttachment"),
}
#: Of a list, as kubectl calls what the client calls otherwise.
SELECTORS: Final = {"--selector": "label_selector", "--field-selector": "field_selector"}
_NOT_FOUND: Final = 404


def get(client: DynamicClient, namespace: str, kind: str, *words: str) -> Any:
    """Return an object, or a list of all that a selector picks, as plain data.

    Args:
        client: of the API server.
        namespace: of the objects, where they have one.
        kind: as kubectl calls it.
        words: a name, or selectors as kubectl takes them.

    Raises:
        AssertionError: the API server refuses; the text is its answer.
        KeyError: it is of a kind that is not known here.
    """
    try:
        return _asked(client, namespace, kind, *words)
    except ApiException as error:
        raise AssertionError(f"get {kind} {' '.join(words)}: {error.body}") from error


def find(client: DynamicClient, namespace: str, kind: str, name: str) -> Any:
    """Return an object as plain data, or None if it is not there.

    Raises:
        AssertionError: the API server refuses; the text is its answer.
    """
    try:
        return _asked(client, namespace, kind, name)
    except ApiException as error:
        if error.status == _NOT_FOUND:
            return None
        raise AssertionError(f"get {kind} {name}: {error.body}") from error


def _asked(client: DynamicClient, namespace: str, kind: str, *words: str) -> Any:
    version, known = KINDS[kind.removesuffix("s")]
    resource = client.resources.get(api_version=version, kind=known)
    asked = {
        SELECTORS[option]: value for option, _, value in (word.partition("=") for word in words if word[:2] == "--")
    }
    names = [word for word in words if not word.startswith("--")]
    place = {"namespace": namespace} if resource.namespaced else {}
    return resource.get(**place, **asked, **({"name": names[0]} if names else {})).to_dict()


def client_of(kubeconfig: str, context: str) -> DynamicClient:
    """Return the client of a context's API server, one for as long as its file stays as it is."""
    return _client(Path(kubeconfig).read_text(), context)


@functools.lru_cache(maxsize=2)
def _client(text: str, context: str) -> DynamicClient:
    return DynamicClient(config.new_client_from_config_dict(yaml.safe_load(text), context=context))
