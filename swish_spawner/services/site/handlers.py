"""What every handler is: who asks, how an error reads, and how a page looks."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from jupyterhub.services.auth import HubOAuthenticated, UserNotAllowed
from tornado import web

from swish_spawner.errors import Denied, NotThere, RequestError, Unavailable, UserError
from swish_spawner.services.site.site import Room, Site

LOG: Final = logging.getLogger("swish.web")
#: Nothing of ours is framed, sniffed or kept by a cache; scripts and styles come from this service alone.
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; img-src 'self' data:; style-src 'self'; "
    "script-src 'self'; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_STATUSES: Final[Mapping[type[UserError], HTTPStatus]] = {
    RequestError: HTTPStatus.BAD_REQUEST,
    Denied: HTTPStatus.FORBIDDEN,
    NotThere: HTTPStatus.NOT_FOUND,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}


class Handler(web.RequestHandler):
    """Any handler of this service.

    Args:
        room: what the handlers of its room use.
    """

    room: Room

    def initialize(self, room: Room) -> None:
        """Take what the room has."""
        self.room = room

    @property
    def site(self) -> Site:
        """What all rooms share."""
        return self.room.site

    def set_default_headers(self) -> None:
        """Say what a browser may do with any answer."""
        for name, value in _HEADERS.items():
            self.set_header(name, value)

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Log what is no answer of ours; a refusal is none that an operator must see."""
        if not isinstance(value, UserError):
            super().log_exception(typ, value, tb)
        elif isinstance(value, Unavailable):
            LOG.warning("%s %s: %s", self.request.method, self.request.path, value)

    def refusal(self, status: int, error: BaseException | None) -> tuple[int, str]:
        """Return the status of an answer that is an error, and what may be told of it."""
        if isinstance(error, UserError):
            known = next(
                (status for kind, status in _STATUSES.items() if isinstance(error, kind)), HTTPStatus.BAD_REQUEST
            )
            return known, str(error)
        if isinstance(error, web.HTTPError) and status < HTTPStatus.INTERNAL_SERVER_ERROR:
            words = error.log_message or f"{HTTPStatus(status).phrase}."
            return status, words % error.args if error.args else words
        if status in (HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.BAD_GATEWAY) and _of_the_hub(error):
            away = "JupyterHub, which knows who you are, does not answer. Try again in a minute."
            return HTTPStatus.SERVICE_UNAVAILABLE, away
        return status, "Something went wrong here. It is in the log of the web service for your administrator."


#: The pattern of a path below the service's, what answers there, and its room.
Route = tuple[str, type[Handler], Room]


def _of_the_hub(error: BaseException | None) -> bool:
    """Say whether an error is JupyterHub's library telling that it could not ask the hub who somebody is."""
    words = (error.log_message or "") if isinstance(error, web.HTTPError) else ""
    return "Hub API" in words or "authorization" in words


class Json(Handler):
    """A handler whose errors are JSON too."""

    def answer(self, document: object, status: int = HTTPStatus.OK) -> None:
        """Answer with plain data."""
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(document, ensure_ascii=False))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Say what is wrong, as JupyterHub's own API does."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        status, message = self.refusal(status_code, error)
        field = {"field": error.field} if isinstance(error, RequestError) else {}
        self.answer({"status": int(status), "message": message, **field}, status)


class ForPeople(HubOAuthenticated, Handler):  # type: ignore[misc]  # JupyterHub has no types
    """A handler for whoever has logged in to the hub, or shows a token that may use this service."""

    def initialize(self, room: Room) -> None:
        """Take what the room has, and the application's way to the hub."""
        super().initialize(room)
        self.hub_auth = self.settings["hub_auth"]

    async def prepare(self) -> None:
        """Ask the hub who this is, without holding up anybody else."""
        model = await self.hub_auth.get_user(self, sync=False)
        try:
            self.current_user = self.check_hub_user(model) if model else None
        except UserNotAllowed as error:
            raise web.HTTPError(
                HTTPStatus.FORBIDDEN, "You may not use this service; ask your administrator."
            ) from error
        if self.current_user and self.current_user["kind"] != "user":
            raise web.HTTPError(
                HTTPStatus.FORBIDDEN, "This is for people; a service has neither keys nor environments."
            )

    @property
    def user(self) -> str:
        """The exact name of whoever asks."""
        name: str = self.current_user["name"]
        return name

    @property
    def groups(self) -> frozenset[str]:
        """The JupyterHub groups of whoever asks, as the hub knew them within the last minute."""
        return frozenset(self.current_user.get("groups") or ())

    def data_received(self, chunk: bytes) -> None:
        """Never called: no request of ours is streamed."""


class Page(ForPeople):
    """A page; who is not logged in is sent to the hub and comes back."""

    async def prepare(self) -> None:
        """Refuse a form that comes from another site, or that a log-in since then has made useless."""
        await super().prepare()
        if not self.current_user and self.request.method == "POST":
            raise web.HTTPError(
                HTTPStatus.FORBIDDEN,
                "This form is too old, and nothing was changed. Go back, reload the page, try again.",
            )

    async def show(self, template: str, **facts: Any) -> None:
        """Answer with a page; rendering it waits for nothing."""
        self.finish(self.rendered(template, **facts))

    def rendered(self, template: str, **facts: Any) -> str:
        """Return a page as HTML."""
        settings = self.site.settings
        path = self.request.path.removeprefix(settings.prefix)
        user = getattr(self, "_current_user", None)
        return self.site.pages.get_template(template).render(
            pages=self.site.tabs,
            path=path,
            hub_url=settings.hub_url,
            prefix=settings.prefix,
            static_url=self.static_url,
            user=user["name"] if user else None,
            admin=bool(user and user.get("admin")),
            xsrf=self.xsrf_token.decode() if user else "",
            **facts,
        )

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Say what is wrong and what to do, in a page like all others."""
        status, message = self.refusal(status_code, kwargs.get("exc_info", (None, None, None))[1])
        self.set_status(status)
        self.finish(self.rendered("error.html", status=int(status), message=message))


class Api(ForPeople, Json):
    """A part of the REST API; who shows no token that is good gets 403."""

    async def prepare(self) -> None:
        """Refuse whoever is nobody."""
        await super().prepare()
        if not self.current_user:
            raise web.HTTPError(
                HTTPStatus.FORBIDDEN,
                "This needs a token of JupyterHub that may use the service swish, in Authorization.",
            )

    def body(self, *known: str) -> dict[str, str]:
        """Return the body's fields.

        Raises:
            RequestError: it is no JSON object of these texts.
        """
        try:
            document = json.loads(self.request.body or b"null")
        except ValueError as error:
            raise RequestError("body", "is no JSON") from error
        if not isinstance(document, dict):
            raise RequestError("body", f"must be a JSON object with {' or '.join(known)}")
        for name, value in document.items():
            if name not in known:
                raise RequestError(str(name), f"is not a known field; known are {', '.join(known)}")
            if not isinstance(value, str):
                raise RequestError(name, "must be text")
        return document


class Missing(Page):
    """Whatever address there is no page at."""

    @web.authenticated
    async def get(self) -> None:
        """Say so."""
        raise NotThere("There is no such page.")
