"""The tornado application: which address is answered by what."""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jupyterhub._data import DATA_FILES_PATH
from jupyterhub.services.auth import HubOAuth, HubOAuthCallbackHandler
from tornado import web

from swish_spawner.services.environments import page as environments
from swish_spawner.services.environments.page import Environments
from swish_spawner.services.keys import page as keys
from swish_spawner.services.keys.gateway import GatewayKeys
from swish_spawner.services.keys.room import Keys
from swish_spawner.services.site.handlers import Missing, Page, Route
from swish_spawner.services.site.inside import Health, MetricsPage
from swish_spawner.services.site.site import Room, Site
from swish_spawner.services.ssh_log import page as log
from swish_spawner.services.ssh_log.page import Log

LOG: Final = logging.getLogger("swish.web")
_HERE: Final = Path(str(files("swish_spawner") / "services"))
#: How long an answer of the hub about who somebody is stands (seconds): so long a log-out or a left group matters not.
_KNOWN_SECONDS: Final = 60
#: The largest request (bytes); a form with the largest key is a sixth of it.
_REQUEST_MOST: Final = 64 * 2**10


def templates() -> Environment:
    """Return the pages' templates; what is put into them is text unless they say otherwise."""
    loader = FileSystemLoader([_HERE / room / "templates" for room in ("site", "environments", "keys", "ssh_log")])
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


@dataclass(frozen=True, slots=True)
class Rooms:
    """What is mounted, in the order of the navigation."""

    environments: Environments
    keys: Keys
    log: Log

    def routes(self) -> list[Route]:
        """Return what is answered for people."""
        return [*environments.routes(self.environments), *keys.routes(self.keys), *log.routes(self.log)]


#: The navigation: what a page is called, by its path.
TABS: Final[Mapping[str, str]] = {"": "Environments", "keys": "Keys", "log": "Log"}


def make_app(rooms: Rooms) -> web.Application:
    """Return the application.

    Args:
        rooms: what its handlers use.
    """
    site = rooms.keys.site
    settings = site.settings
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
        _routes(rooms, site),
        # a restart logs nobody out, and the token itself is in no cookie's signature
        cookie_secret=hmac.new(settings.token.encode(), b"swish web cookies/1", hashlib.sha256).digest(),
        hub_auth=auth,
        log_function=lambda handler: _log(site, handler),
        static_path=str(_HERE / "site" / "static"),
        static_url_prefix=f"{settings.prefix}static/",
        default_handler_class=Missing,
        default_handler_args={"room": Room(site)},
        compress_response=True,
    )


def _routes(rooms: Rooms, site: Site) -> list[Any]:
    prefix, bare = site.settings.prefix, Room(site)
    hub_static = {"path": str(Path(DATA_FILES_PATH) / "static")}
    people = [("oauth_callback", Callback, bare), *rooms.routes()]
    inside = [
        ("internal/gateway-keys", GatewayKeys, rooms.keys),
        ("metrics", MetricsPage, bare),
        ("health", Health, bare),
    ]
    return [
        (rf"{prefix}hub-static/(.*)", web.StaticFileHandler, hub_static),
        *((rf"{prefix}{path}", handler, {"room": room}) for path, handler, room in people),
        *((rf"(?:{prefix}|/){path}", handler, {"room": room}) for path, handler, room in inside),
    ]


class Callback(HubOAuthCallbackHandler, Page):  # type: ignore[misc]  # JupyterHub has no types
    """Where the hub sends people back to; what goes wrong there is a page like all others."""

    def _request_summary(self) -> str:
        """Name the request in the log of a failed one as Tornado does, but without its query, which holds a code."""
        return f"{self.request.method} {self.request.path} ({self.request.remote_ip})"


def _log(site: Site, handler: web.RequestHandler) -> None:
    """Log and count an answer; its query is left out, which holds the code of a log-in."""
    status, seconds = handler.get_status(), handler.request.request_time()
    labels = {"handler": type(handler).__name__, "status": str(status)}
    site.metrics.requests.labels(**labels).observe(seconds)
    user = (getattr(handler, "_current_user", None) or {}).get("name", "-")
    level = logging.INFO if status < 400 else logging.WARNING
    LOG.log(level, "%d %s %s %s %.0f ms", status, handler.request.method, handler.request.path, user, seconds * 1000)
