"""Keys: the page, whose forms work without scripts, and the REST API."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from tornado import web

from swish_spawner.core.ssh.keys import KEY_MOST
from swish_spawner.errors import RequestError, UserError
from swish_spawner.services.keys.actions import KeyActions
from swish_spawner.services.keys.room import Keys
from swish_spawner.services.site.handlers import Api, ForPeople, Page, Route

#: What the page says after it was sent somewhere, by what is in its address.
_DONE: Final = {
    "added": "The key is added. Environments that run know it within two minutes.",
    "removed": "The key is removed. Environments that run forget it within two minutes, and end its open sessions.",
    "renamed": "The key has its new name.",
}
#: What people call the fields of the page's forms.
_FIELDS: Final = {"key": "The key", "name": "The name", "github": "The GitHub user name"}
#: What the page shows of a form that was sent, where none was.
_NOTHING: Final[dict[str, Any]] = {
    "done": "",
    "refused": "",
    "not_taken": (),
    "action": "",
    "sent": {"name": "", "key": "", "github": "", "fingerprint": ""},
}


class _Keys(ForPeople):
    room: Keys

    def actions(self) -> KeyActions:
        """Return what this person may do."""
        return KeyActions(self.room, self.user, self.groups)


class KeysPage(_Keys, Page):
    """One's own keys."""

    @web.authenticated
    async def get(self) -> None:
        """Show them."""
        await self.show_keys(done=_DONE.get(self.get_query_argument("done", ""), ""))

    @web.authenticated
    async def post(self) -> None:
        """Do what one of the page's forms asks for, and show what is so then."""
        forms = {"add": self._add, "import": self._import, "remove": self._remove, "rename": self._rename}
        action = self.get_body_argument("action", "")
        if action not in forms:
            raise web.HTTPError(HTTPStatus.BAD_REQUEST, f"action: must be one of {', '.join(forms)}")
        try:
            await forms[action]()
        except UserError as error:
            status, message = self.refusal(HTTPStatus.BAD_REQUEST, error)
            if isinstance(error, RequestError):
                message = f"{_FIELDS.get(error.field, error.field)} {error.problem}."
            self.set_status(status)
            await self.show_keys(refused=message, action=action, sent=self._sent())

    async def _add(self) -> None:
        await self.actions().add(self.get_body_argument("key", ""), self.get_body_argument("name", ""))
        self._done("added")

    async def _remove(self) -> None:
        await self.actions().remove(self.get_body_argument("fingerprint", ""))
        self._done("removed")

    async def _rename(self) -> None:
        await self.actions().rename(self.get_body_argument("fingerprint", ""), self.get_body_argument("name", ""))
        self._done("renamed")

    async def _import(self) -> None:
        taken = await self.actions().take_over(self.get_body_argument("github", "").strip())
        count = len(taken.added)
        done = f"{count} key{'' if count == 1 else 's'} added." if count else "No key was added."
        await self.show_keys(done=done, not_taken=taken.refused)

    def _done(self, what: str) -> None:
        self.redirect(f"{self.room.site.settings.prefix}keys?done={what}")

    def _sent(self) -> dict[str, str]:
        """Return what a form sent, to be mended; a private key is not sent back, and not kept anywhere."""
        fields = {
            name: self.get_body_argument(name, "")[:KEY_MOST] for name in ("name", "key", "github", "fingerprint")
        }
        return fields | ({"key": ""} if "PRIVATE" in fields["key"].upper() else {})

    async def show_keys(self, **facts: Any) -> None:
        """Show the page; a list that cannot be read is said so, and the rest of the page stands."""
        try:
            keys, unread = (await self.room.store.of(self.user)).keys, ""
        except UserError as error:
            status, unread = self.refusal(HTTPStatus.SERVICE_UNAVAILABLE, error)
            self.set_status(status)
            keys = ()
        ssh = self.room.site.policy().ssh
        await self.show("keys.html", keys=keys, unread=unread, ssh=ssh, **{**_NOTHING, **facts})


class KeysApi(_Keys, Api):
    """All of one's keys as JSON."""

    async def get(self) -> None:
        """Answer with them."""
        keys = await self.room.store.of(self.user)
        self.answer({"keys": [key.document() for key in keys.keys]})

    async def post(self) -> None:
        """Add the one in ``key``, under ``name``; or take over those of the account in ``github``."""
        body = self.body("key", "name", "github")
        if "github" in body:
            taken = await self.actions().take_over(body["github"])
            added = [key.document() for key in taken.added]
            return self.answer({"keys": added, "refused": taken.refused}, HTTPStatus.CREATED)
        key = await self.actions().add(body.get("key", ""), body.get("name", ""))
        return self.answer(key.document(), HTTPStatus.CREATED)


class KeyApi(_Keys, Api):
    """One key, by its fingerprint."""

    async def get(self, fingerprint: str) -> None:
        """Answer with it."""
        self.answer((await self.room.store.of(self.user)).find(fingerprint).document())

    async def patch(self, fingerprint: str) -> None:
        """Give it the name in ``name``."""
        key = await self.actions().rename(fingerprint, self.body("name").get("name", ""))
        self.answer(key.document())

    async def delete(self, fingerprint: str) -> None:
        """Remove it."""
        await self.actions().remove(fingerprint)
        self.set_status(HTTPStatus.NO_CONTENT)


def routes(room: Keys) -> list[Route]:
    """Return what is answered here, by the pattern of its path below the service's."""
    return [("keys", KeysPage, room), ("api/keys", KeysApi, room), ("api/keys/(.+)", KeyApi, room)]
