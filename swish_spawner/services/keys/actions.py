"""What a person may do with keys: the same for the page and for the REST API."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from swish_spawner.core.ssh.key_list import KeptKey, KeyList
from swish_spawner.core.ssh.keys import parse_public_key
from swish_spawner.errors import Denied, RequestError, UserError
from swish_spawner.services.keys.room import Keys


@dataclass(frozen=True, slots=True)
class TakenOver:
    """What became of the keys of an account: those that are new on the list, and why others are not."""

    added: tuple[KeptKey, ...]
    refused: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeyActions:
    """What one person does.

    Attributes:
        room: this one.
        user: the exact JupyterHub user name.
        groups: the JupyterHub groups that the person is in.

    All methods raise Unavailable when Kubernetes does not answer, and RequestError, NotThere or Denied for what cannot
    be.
    """

    room: Keys
    user: str
    groups: frozenset[str]

    async def add(self, text: str, name: str) -> KeptKey:
        """Add one key, as the content of a ``.pub`` file, and return it as it is kept."""
        with self._counted("add"):
            key, now = parse_public_key(text), self.room.site.now()
            keys = await self._change(lambda old: old.with_key(key, name, now))
            return keys.find(key.fingerprint)

    async def remove(self, fingerprint: str) -> None:
        """Remove one key everywhere; sessions that it opened end soon after."""
        with self._counted("remove"):

            def without(old: KeyList) -> KeyList:
                return old.without(old.find(fingerprint).fingerprint)

            await self._change(without)

    async def rename(self, fingerprint: str, name: str) -> KeptKey:
        """Give one key another name, and return it."""
        with self._counted("rename"):
            return (await self._change(lambda old: old.renamed(fingerprint, name))).find(fingerprint)

    async def take_over(self, login: str) -> TakenOver:
        """Add the keys of a GitHub account, as far as they are taken."""
        with self._counted("import"):
            if not self.room.site.policy().ssh.github:
                raise Denied("Keys cannot be taken over from GitHub here; paste them instead.", rule="github")
            lines = await self.room.accounts.lines(login)
            if not lines:
                raise RequestError("github", f"{login} shows no keys on GitHub")
            now, result = self.room.site.now(), TakenOver((), ())

            def with_all(old: KeyList) -> KeyList:
                nonlocal result
                new, refused = _with_all(old, lines, f"{login} on GitHub", now)
                result = TakenOver(tuple(key for key in new.keys if key not in old.keys), refused)
                return new

            await self._change(with_all)
            return result

    async def _change(self, change: Callable[[KeyList], KeyList]) -> KeyList:
        return await self.room.store.change(self.user, self.groups, change)

    @contextmanager
    def _counted(self, change: str) -> Iterator[None]:
        outcome = "failed"
        try:
            yield
            outcome = "done"
        except UserError as error:
            outcome = type(error).__name__.lower()
            raise
        finally:
            self.room.metrics.keys.labels(change=change, outcome=outcome).inc()


def _with_all(old: KeyList, lines: Iterable[str], name: str, now: datetime) -> tuple[KeyList, tuple[str, ...]]:
    """Return the list with each key that is taken, and what is said of each that is not."""
    new, refused = old, []
    for number, line in enumerate(lines, start=1):
        try:
            new = new.with_key(parse_public_key(line), name, now)
        except RequestError as error:
            refused.append(f"Key {number} {error.problem}.")
    return new, tuple(refused)
