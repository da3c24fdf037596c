"""Ends the connections of keys that have been removed."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from typing import Final

from swish_sshd.connection import Connection
from swish_sshd.gateway_keys import Answer, Lookup, NoAnswerError
from swish_sshd.keys import KeysFile
from swish_sshd.listener import Listener

_LOOK: Final = 1.0
_ASK: Final = 60.0
_REASON: Final = "key-removed"


class KeysWatch:
    """In an environment: looks at the person's keys every second.

    Args:
        keys: The file.
        listener: Whose connections these are.
    """

    def __init__(self, keys: KeysFile, listener: Listener) -> None:
        self._keys, self._listener = keys, listener
        self._known: frozenset[str] | None = None
        self._gone: frozenset[str] = frozenset()
        listener.loop.every(_LOOK, self.look)
        self.look()

    def look(self) -> None:
        """End what has no key any more; once missed counts for nothing, since the file may be in exchange."""
        known = self._keys.look()
        if known is None:
            self._say(None, f"cannot read {self._keys.path}: nobody can log in, and nobody is sent away")
            return
        count = len(known)
        self._say(known, f"{count} key{'' if count == 1 else 's'} in {self._keys.path}" if count else self._waiting())
        gone = frozenset(connection.fingerprint for connection in self._listener.open) - known - {""}
        for connection in self._listener.open:
            if connection.fingerprint in gone & self._gone:
                self._listener.end(connection, _REASON)
        self._gone = gone

    def _waiting(self) -> str:
        return f"there is no key in {self._keys.path} yet: nobody can log in by one until there is"

    def _say(self, known: frozenset[str] | None, text: str) -> None:
        if known != self._known or known is None:
            self._known = known
            self._listener.say(text)


class GatewayWatch:
    """At the gateway: asks about the keys of those who are connected every minute.

    Args:
        lookup: Asks.
        listener: Whose connections these are.
    """

    def __init__(self, lookup: Lookup, listener: Listener) -> None:
        self._lookup, self._listener = lookup, listener
        self._busy = False
        listener.on_login = self.name
        listener.loop.every(_ASK, self.look)

    def name(self, connection: Connection) -> None:
        """Write into a connection's events whose it is."""
        if answer := self._lookup.recall(connection.fingerprint, time.time()):
            connection.users = answer.users

    def look(self) -> None:
        """Ask, in a thread: the web service may take its time."""
        live = {
            (connection.fingerprint, (connection.login or {}).get("type", "")) for connection in self._listener.open
        }
        if live and not self._busy:
            self._busy = True
            threading.Thread(target=self._ask, args=(live,), daemon=True).start()

    def _ask(self, live: Iterable[tuple[str, str]]) -> None:
        try:
            answers = {fingerprint: self._answer(fingerprint, kind) for fingerprint, kind in live}
            self._listener.loop.from_thread(lambda: self._end(answers))
        finally:
            self._busy = False

    def _answer(self, fingerprint: str, kind: str) -> Answer | None:
        try:
            return self._lookup.find(fingerprint, kind, time.time())
        except NoAnswerError:
            # nobody is sent away for the web service's silence, however long: it says so when a key is gone
            return None

    def _end(self, answers: Mapping[str, Answer | None]) -> None:
        """End what has a key that nobody has any more, or not all who had it at the log-in: one of them removed it."""
        for connection in self._listener.open:
            answer = answers.get(connection.fingerprint)
            if answer is not None and not (answer.lines and set(connection.users) <= set(answer.users)):
                self._listener.end(connection, _REASON)
