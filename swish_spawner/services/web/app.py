"""The tornado application: which address is answered by what."""

from __future__ import annotations

import hashlib
import hmac
import logging
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jupyterhub._data import DATA_FILES_PATH
from jupyterhub.services.auth import HubOAuth, HubOAuthCallbackHandler
from tornado import web

from swish_spawner.services.web.base import Missing, Page
from swish_spawner.services.web.environments import EnvironmentsApi, EnvironmentsPage
from swish_spawner.services.web.inside import GatewayKeys, Health, MetricsPage
from swish_spawner.services.web.keys import KeyApi, KeysApi, KeysPage
from swish_spawner.services.web.log import LogApi, LogPage
from swish_spawner.services.web.parts import Parts

LOG: Final = logging.getLogger("swish.web")
_HERE: Final = Path(str(files("swish_spawner") / "services" / "web"))
#: How long an answer of the hub about who somebody is stands (seconds): so long a log-out or a left group matters not.
_KNOWN_SECONDS: Final = 60
#: The largest request (bytes); a form with the largest key is a sixth of it.
_REQUEST_MOST: Final = 64 * 2**10


def templates() -> Environment:
    """Return the pages' templates; what is put into them is text unless they say otherwise."""
    loader = FileSystemLoader(_HERE / "templates")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def make_app(parts: Parts) -> web.Application:
    """Return the application.

    Args:
        parts: what its handlers use.
    """
    settings = parts.settings
    auth = HubOAuth(
        api_url=settings.hub_api,
        api_token=settings.token,
        base_url=settings.prefix,
        hub_prefix=settings.hub_url,
        oauth_client_id="service-swish",
        access_scopes={"access:services!service=swish"},
        cache_max_age=_KNOWN_SECONDS,
    )
    return web.Application(
        _routes(parts),
        # a restart logs nobody out, and the token itself is in no cookie's signature
        cookie_secret=hmac.new(settings.token.encode(), b"swish web cookies/1", hashlib.sha256).digest(),
        hub_auth=auth,
        log_function=lambda handler: _log(parts, handler),
        static_path=str(_HERE / "static"),
        static_url_prefix=f"{settings.prefix}static/",
        default_handler_class=Missing,
        default_handler_args={"parts": parts},
        compress_response=True,
    )


def _routes(parts: Parts) -> list[Any]:
    prefix, shared = parts.settings.prefix, {"parts": parts}
    inside = f"(?:{prefix}|/)"
    hub_static = {"path": str(Path(DATA_FILES_PATH) / "static")}
    return [
        (rf"{prefix}oauth_callback", Callback, shared),
        (rf"{prefix}hub-static/(.*)", web.StaticFileHandler, hub_static),
        (rf"{prefix}", EnvironmentsPage, shared),
        (rf"{prefix}keys", KeysPage, shared),
        (rf"{prefix}log", LogPage, shared),
        (rf"{prefix}api/environments", EnvironmentsApi, shared),
        (rf"{prefix}api/log", LogApi, shared),
        (rf"{prefix}api/keys", KeysApi, shared),
        (rf"{prefix}api/keys/(.+)", KeyApi, shared),
        (rf"{inside}internal/gateway-keys", GatewayKeys, shared),
        (rf"{inside}metrics", MetricsPage, shared),
        (rf"{inside}health", Health, shared),
    ]


class Callback(HubOAuthCallbackHandler, Page):  # type: ignore[misc]  # JupyterHub has no types
    """Where the hub sends people back to; what goes wrong there is a page like all others."""

    def _request_summary(self) -> str:
        """Name the request in the log of a failed one as Tornado does, but without its query, which holds a code."""
        return f"{self.request.method} {self.request.path} ({self.request.remote_ip})"


def _log(parts: Parts, handler: web.RequestHandler) -> None:
    """Log and count an answer; its query is left out, which holds the code of a log-in."""
    status, seconds = handler.get_status(), handler.request.request_time()
    labels = {"handler": type(handler).__name__, "status": str(status)}
    parts.metrics.requests.labels(**labels).observe(seconds)
    user = (getattr(handler, "_current_user", None) or {}).get("name", "-")
    level = logging.INFO if status < 400 else logging.WARNING
    LOG.log(level, "%d %s %s %s %.0f ms", status, handler.request.method, handler.request.path, user, seconds * 1000)
