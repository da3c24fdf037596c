"""An entry of the ssh log as one sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

Entry = Mapping[str, Any]


def sentence(entry: Entry) -> str:
    """Return what happened, in words; of an event that is not known here, its name.

    Args:
        entry: as ``swish-sshd`` wrote it; a part that is missing is left out of the sentence.
    """
    words = _WORDS.get(str(entry.get("event")))
    return words(entry) if words else str(entry.get("event") or "something that is not known here")


def _login(entry: Entry) -> str:
    certificate = f", certificate {entry['certificate']}" if entry.get("certificate") else ""
    how = ", it could not be read how" if entry.get("method") == "unreadable" else _by(entry)
    return f"Logged in{how}{certificate}{_from(entry)}"


def _refused(entry: Entry) -> str:
    reason = str(entry.get("reason") or "")
    why = f": {_REASONS.get(reason, reason)}" if reason else ""
    return f"Refused{_by(entry)}{_from(entry)}{why}{_more(entry)}"


def _session(entry: Entry) -> str:
    kind = str(entry.get("kind") or "session")
    named = {"shell": "Opened a shell", "exec": "Ran a command", "sftp": "Began to copy files by sftp"}
    terminal = " on a terminal" if entry.get("pty") else ""
    return named.get(kind, f"Began {kind}") + terminal


def _tunnel(entry: Entry) -> str:
    outcome = f": {entry['outcome']}" if entry.get("outcome") else ""
    where = "that listens on" if entry.get("direction") == "remote" else "to"
    # a socket has a path and no port
    port = f" port {entry['port']}" if "port" in entry else ""
    return f"Tunnel {where} {entry.get('host', '?')}{port}{outcome}{_more(entry)}"


def _file(entry: Entry) -> str:
    size = f", {entry['bytes']:,} bytes" if isinstance(entry.get("bytes"), int) else ""
    renamed = f" to {entry['to']}" if entry.get("to") else ""
    return f"File: {entry.get('op', 'used')} {entry.get('path', '')}{renamed}{size}"


def _logout(entry: Entry) -> str:
    seconds, reason = entry.get("seconds"), str(entry.get("reason") or "")
    after = f" after {_long(seconds)}" if isinstance(seconds, int | float) else ""
    why = _ENDINGS.get(reason, f": {reason}" if reason else "")
    return f"Logged out{after}{why}"


def _long(seconds: float) -> str:
    """Return a time in its largest units, which is exact enough to read: ``2 h 13 min``."""
    minutes, rest = divmod(int(seconds), 60)
    if not minutes:
        return f"{rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def _more(entry: Entry) -> str:
    """Say how many times, where several are one entry."""
    count = entry.get("count")
    return f" ({count} times)" if isinstance(count, int) and count > 1 else ""


def _presence(entry: Entry) -> str:
    count = entry.get("sessions", 0)
    return f"{count} open session{'' if count == 1 else 's'}"


def _gap(entry: Entry) -> str:
    count = entry.get("lines")
    return f"{count} lines of sshd are missing here" if count else "Lines of sshd are missing here"


def _unreadable(entry: Entry) -> str:
    count = entry.get("lines")
    return f"{count} line{'' if count == 1 else 's'} of sshd could not be read"


def _by(entry: Entry) -> str:
    if entry.get("fingerprint"):
        return f" with key {entry['fingerprint']}"
    return f" by {entry['method']}" if entry.get("method") else ""


def _from(entry: Entry) -> str:
    return f" from {entry['address']}" if entry.get("address") else ""


#: Why sshd, or the listener before it, let somebody not in.
_REASONS: Final[Mapping[str, str]] = {
    "key": "no key that is known here",
    "user": "another login name",
    "password": "not the password",
    "certificate": "a certificate that will not do",
    "weak-key": "a key that is too weak",
    "timeout": "no log-in in time",
    "protocol": "it did not speak ssh",
    "no-login": "it went without logging in",
    "network": "not from a network that the policy lets in",
    "rate": "too many bad log-ins from there",
    "busy": "too many connections at once",
}
#: Why a connection ended, unless the person ended it.
_ENDINGS: Final[Mapping[str, str]] = {
    "client": "",
    "closed": "",
    "lost": ": the connection was lost",
    "key-removed": ": the key was removed",
    "stopped": ": the environment was stopped",
}
_WORDS: Final[Mapping[str, Callable[[Entry], str]]] = {
    "started": lambda _: "sshd started",
    "blocked": lambda _: "sshd waits: another program of the pod has its port, and whoever comes now comes to it",
    "login": _login,
    "refused": _refused,
    "session": _session,
    "session-end": lambda _: "Session ended",
    "tunnel": _tunnel,
    "file": _file,
    "logout": _logout,
    "presence": _presence,
    "gap": _gap,
    "unreadable": _unreadable,
    "unread": lambda _: "It ended before all that sshd said was read",
}
