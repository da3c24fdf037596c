"""How a refusal reaches the person, and the same on JupyterHub 5 and 6."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final, Protocol

from prometheus_client import Counter
from tornado import web

from swish_spawner.errors import Denied, LaunchFailed, UserError

try:
    from jupyterhub.spawner import SpawnException  # JupyterHub 6
except ImportError:  # JupyterHub 5
    SpawnException = None

REFUSED = Counter("swish_launch_refused_total", "Answers that refuse a launch or say why it failed, by why", ["rule"])
#: Which answer it is when Kubernetes cannot start something, by who can mend it. None counts as the hub's failure.
_BLAMED: Final = {
    "person": HTTPStatus.BAD_REQUEST,
    "capacity": HTTPStatus.SERVICE_UNAVAILABLE,
    "cluster": HTTPStatus.SERVICE_UNAVAILABLE,
}
_BODY: Final = {"user_options", "display_name"}


class Starter(Protocol):
    """What of a spawner says whose request is being refused."""

    @property
    def handler(self) -> Any:
        """The hub's handler of the request that started it, or None."""

    @property
    def pending(self) -> str | None:
        """What the hub is doing with it: ``spawn`` while it starts."""


def sent(options: Any) -> Any:
    """Return the options of a REST body: JupyterHub 5 passes on the whole body, 6 only its ``user_options``."""
    if SpawnException is None and isinstance(options, Mapping) and {"user_options"} <= set(options) <= _BODY:
        return options["user_options"]
    return options


def answer(starter: Starter, error: UserError) -> web.HTTPError:
    """Translate a refusal into a 4xx answer."""
    if isinstance(error, Denied):
        return http_error(starter, HTTPStatus.FORBIDDEN, error.reason, error.rule)
    if isinstance(error, LaunchFailed):
        return http_error(starter, _BLAMED[error.blame], str(error), error.kind)
    return http_error(starter, HTTPStatus.BAD_REQUEST, str(error), "request")


def http_error(starter: Starter, status: int, sentence: str, rule: str) -> web.HTTPError:
    """Make an error that the hub shows as it stands, and does not count as a failure of its own."""
    REFUSED.labels(rule=rule).inc()
    error: Any
    if SpawnException is None:
        error = web.HTTPError(status, sentence)
        _forgive(starter)
    else:
        error = SpawnException(sentence, reason=f"swish_{rule}", status_code=status)
    error.jupyterhub_message, error.rule = sentence, rule
    refusal: web.HTTPError = error
    return refusal


def _forgive(starter: Starter) -> None:
    """Take back what JupyterHub 5 is about to count: there, any failed start brings the hub closer to its exit."""
    if starter.pending == "spawn" and starter.handler is not None:
        settings = starter.handler.settings
        settings["failure_count"] = settings.get("failure_count", 0) - 1
