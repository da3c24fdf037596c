"""One person's keys: what is kept of each, how the list changes, and the two items of a Secret that it is kept as."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from swish_spawner.core.ssh.keys import KEY_TYPES, PublicKey, fingerprint, key_id
from swish_spawner.errors import NotThere, RequestError

#: The most keys of one person: OpenSSH reads them one by one at each log-in.
KEYS_MOST: Final = 64
#: The longest name of a key (characters).
NAME_MOST: Final = 100
#: The most that one person's list may take (bytes): a Secret is shared by a 16th of everybody.
LIST_MOST: Final = 24_000
#: The most that one Secret may keep in all (bytes); Kubernetes takes 1 MiB.
SECRET_MOST: Final = 1_000_000
#: The items of a Secret, by name; None removes one.
Items = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class KeptKey:
    """One key of a person's.

    Attributes:
        type: as OpenSSH spells it.
        data: base64.
        name: what the person calls it.
        added: when, with a time zone.
    """

    type: str
    data: str
    name: str
    added: datetime

    @property
    def line(self) -> str:
        """The key as a line of ``authorized_keys``, without comment."""
        return f"{self.type} {self.data}"

    @property
    def fingerprint(self) -> str:
        """As OpenSSH prints it."""
        return fingerprint(self.data)

    @property
    def title(self) -> str:
        """What people call its type."""
        return KEY_TYPES.get(self.type, self.type)

    def document(self) -> dict[str, str]:
        """Return it as plain JSON data."""
        added = self.added.isoformat(timespec="seconds")
        return {
            "name": self.name,
            "type": self.type,
            "fingerprint": self.fingerprint,
            "added": added,
            "key": self.line,
        }


@dataclass(frozen=True, slots=True)
class KeyList:
    """All keys of a person, in the order in which they were added.

    Attributes:
        user: the exact JupyterHub user name.
        keys: no two of the same data.
        gone: since when the hub has nobody of that name; the list is then set aside, and opens nothing.
    """

    user: str
    keys: tuple[KeptKey, ...] = ()
    gone: datetime | None = None

    @property
    def current(self) -> KeyList:
        """The list as it counts: one that is set aside is empty, for whoever comes by that name."""
        return KeyList(self.user) if self.gone else self

    def find(self, wanted: str) -> KeptKey:
        """Return the key of a fingerprint.

        Raises:
            NotThere: none has it.
        """
        found = [key for key in self.keys if key.fingerprint == wanted]
        if not found:
            raise NotThere("None of your keys has this fingerprint; it may be removed already.")
        return found[0]

    def with_key(self, key: PublicKey, name: str, now: datetime) -> KeyList:
        """Return the list with one more key.

        Args:
            key: to add; adding it at the same time under the same name once more changes nothing.
            name: what the person calls it; empty takes the key's comment, or else its type.
            now: when, with a time zone.

        Raises:
            RequestError: it is there already, there are too many, or the name is not fit.
        """
        kept = KeptKey(key.type, key.data, checked_name(name or key.comment or KEY_TYPES[key.type]), now)
        for other in self.keys:
            if other == kept:
                return self
            if other.data == kept.data:
                raise RequestError("key", f"is on your list already, as {other.name}")
        if len(self.keys) >= KEYS_MOST:
            raise RequestError("key", f"is one too many: you have {KEYS_MOST}. Remove one that you do not use first")
        return _fitting(replace(self, keys=(*self.keys, kept)), "key")

    def without(self, wanted: str) -> KeyList:
        """Return the list without the key of a fingerprint; one that is not there changes nothing."""
        return replace(self, keys=tuple(key for key in self.keys if key.fingerprint != wanted))

    def renamed(self, wanted: str, name: str) -> KeyList:
        """Return the list with another name for the key of a fingerprint.

        Raises:
            NotThere: no key has that fingerprint.
            RequestError: the name is not fit.
        """
        old, fit = self.find(wanted), checked_name(name)
        keys = tuple(replace(key, name=fit) if key is old else key for key in self.keys)
        return _fitting(replace(self, keys=keys), "name")

    def items(self) -> dict[str, str | None]:
        """Return the items of a Secret that keep this list; None for each when it is empty."""
        name = key_id(self.user)
        if not self.keys:
            return {name: None, f"{name}.json": None}
        document: dict[str, Any] = {"user": self.user, "keys": [key.document() for key in self.keys]}
        if self.gone:
            document["gone"] = self.gone.isoformat(timespec="seconds")
        return {
            name: "".join(f"{key.line}\n" for key in self.current.keys) or None,
            f"{name}.json": json.dumps(document, ensure_ascii=False, sort_keys=True),
        }


def _fitting(one: KeyList, field: str) -> KeyList:
    """Return a list, unless it takes more than its share."""
    if size(one.items()) > LIST_MOST:
        problem = f"is too long: your keys and their names would take more than {LIST_MOST} bytes. Remove one first"
        raise RequestError(field, problem)
    return one


def size(items: Items) -> int:
    """Return what items of a Secret take (bytes)."""
    return sum(len(name) + len(text.encode()) for name, text in items.items() if text is not None)


def checked_name(name: str) -> str:
    """Return a key's name without space around it.

    Raises:
        RequestError: it is empty, too long or holds what cannot be printed.
    """
    name = name.strip()
    if not name:
        raise RequestError("name", "must not be empty")
    if len(name) > NAME_MOST:
        raise RequestError("name", f"must be at most {NAME_MOST} characters long")
    if not name.isprintable():
        raise RequestError("name", "must be one line of printable characters")
    return name


def key_lists(items: Mapping[str, str]) -> dict[str, KeyList]:
    """Return the list of each person that a Secret keeps, by its id; what is no such list is left out."""
    found = {}
    for item, text in items.items():
        user = _document(text).get("user") if item.endswith(".json") else None
        if isinstance(user, str) and item == f"{key_id(user)}.json":
            found[key_id(user)] = key_list(user, items)
    return found


def key_list(user: str, items: Mapping[str, str]) -> KeyList:
    """Return a person's list from the items of a Secret; empty where there is none, or it was tampered with."""
    document = _document(items.get(f"{key_id(user)}.json", ""))
    keys = document.get("keys")
    kept = map(_kept, keys) if isinstance(keys, list) else ()
    return KeyList(user, tuple(key for key in kept if key is not None), _moment(document.get("gone")))


def _moment(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None


def _document(text: str) -> Mapping[str, Any]:
    try:
        document = json.loads(text)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _kept(document: Any) -> KeptKey | None:
    """Return a key as it was kept, or None for what is none: one bad record shuts nobody out."""
    try:
        key, name, added = (document[field] for field in ("key", "name", "added"))
        kind, data = key.split()
        # was read by the parser when it was added; once more for everybody's would take too long
        base64.b64decode(data, validate=True)
        return KeptKey(kind, data, checked_name(name), datetime.fromisoformat(added))
    except (TypeError, ValueError, KeyError, AttributeError, RequestError):
        return None


def check_size(items: Mapping[str, str]) -> None:
    """Refuse what Kubernetes would not keep in one Secret.

    Raises:
        RequestError: all items together are too large.
    """
    if size(items) > SECRET_MOST:
        raise RequestError(
            "key", "does not fit: the Secret that keeps it is full. Remove a key that you do not use, or use Ed25519"
        )
