"""What a cluster's API server says, by the official client: plain data, or an error in kubectl's words."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import yaml

from local.contexts import Target
from local.errors import LocalError
from local.settings import NAMESPACE

if TYPE_CHECKING:
    from kubernetes.client import Configuration

#: Where Swish's own objects are.
HERE: Final = f"/api/v1/namespaces/{NAMESPACE}"
#: How long (seconds) a look waits for an answer, and what is needed to go on.
SOON: Final = 10
A_MINUTE: Final = 60


def get(target: Target, path: str, *, seconds: float = A_MINUTE, selector: str = "") -> Any:
    """Read an object or a list.

    Args:
        target: The cluster.
        path: Of the request, as for `kubectl get --raw`.
        seconds: How long to wait for the answer.
        selector: By labels, for a list.

    Raises:
        LocalError: There is no such context, no such object or no answer; the text is one line.
    """
    return _ask(target, "GET", path, seconds, query_params=[("labelSelector", selector)] if selector else [])


def create(target: Target, path: str, resource: dict[str, Any]) -> Any:
    """Make an object in the list that is at this path.

    Raises:
        LocalError: As for `get`.
    """
    return _ask(target, "POST", path, A_MINUTE, body=resource)


def _ask(target: Target, method: str, path: str, seconds: float, **what: Any) -> Any:
    """Ask once, by the client's requests alone.

    Its models take a second of processor time to import, and refuse what a server of another version adds.
    """
    # A third of a second, for the commands that ask: `tool` does not.
    from kubernetes.client import ApiClient, ApiException
    from urllib3.exceptions import HTTPError

    configuration = _configuration(target)
    with ApiClient(configuration) as client:
        try:
            request = client.param_serialize(method, path, auth_settings=["BearerToken"], **what)
            answer = client.call_api(*request, _request_timeout=seconds)
            text = answer.read()
        except (ApiException, HTTPError) as error:
            words = error.reason if isinstance(error, ApiException) else error
            raise LocalError(_silence(_line(words), urlsplit(configuration.host).netloc)) from error
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if not 200 <= answer.status <= 299 or document is None:
        raise LocalError(_refusal(document, f"{answer.status} {answer.reason}"))
    return document


def _configuration(target: Target) -> Configuration:
    from kubernetes.client import Configuration
    from kubernetes.config import ConfigException, load_kube_config

    # Whoever asks says how long they wait, which is once.
    configuration = Configuration(retries=False)
    files = str(target.kubeconfig or os.environ.get("KUBECONFIG") or "~/.kube/config")
    try:
        load_kube_config(files, target.context, configuration)  # type: ignore[no-untyped-call] # theirs has no types
    except (ConfigException, OSError, TypeError, ValueError, yaml.YAMLError) as error:
        raise LocalError(f"error: {_line(error)}") from error
    return configuration


def _refusal(document: Any, status: str) -> str:
    """Say what an API server answered, or that something else did."""
    if not isinstance(document, dict) or "message" not in document:
        return f"Error from server: {status}"
    reason, message = document.get("reason"), _line(document["message"])
    if reason == "Unauthorized":
        return f"error: You must be logged in to the server ({message})"
    return f"Error from server ({reason}): {message}" if reason else f"Error from server: {message}"


def _silence(words: str, host: str) -> str:
    """Say that an API server did not answer."""
    if "Connection refused" in words:
        return f"The connection to the server {host} was refused - did you specify the right host or port?"
    return f"Unable to connect to the server: {words}"


def _line(words: object) -> str:
    return " ".join(str(words).split())
