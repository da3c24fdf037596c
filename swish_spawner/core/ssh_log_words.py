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
    return f"Logged in{_by(entry)}{certificate}{_from(entry)}"


def _refused(entry: Entry) -> str:
    reason = f": {entry['reason']}" if entry.get("reason") else ""
    return f"Refused{_by(entry)}{_from(entry)}{reason}"


def _session(entry: Entry) -> str:
    kind = str(entry.get("kind") or "session")
    named = {"shell": "Opened a shell", "exec": "Ran a command", "sftp": "Began to copy files by sftp"}
    terminal = " on a terminal" if entry.get("pty") else ""
    return named.get(kind, f"Began {kind}") + terminal


def _tunnel(entry: Entry) -> str:
    outcome = f": {entry['outcome']}" if entry.get("outcome") else ""
    where = "that listens on" if entry.get("direction") == "remote" else "to"
    return f"Tunnel {where} {entry.get('host', '?')} port {entry.get('port', '?')}{outcome}"


def _file(entry: Entry) -> str:
    size = f", {entry['bytes']} bytes" if entry.get("bytes") is not None else ""
    renamed = f" to {entry['to']}" if entry.get("to") else ""
    return f"File: {entry.get('op', 'used')} {entry.get('path', '')}{renamed}{size}"


def _presence(entry: Entry) -> str:
    count = entry.get("sessions", 0)
    return f"{count} open session{'' if count == 1 else 's'}"


def _gap(entry: Entry) -> str:
    count = entry.get("lines")
    return f"{count} lines of sshd are missing here" if count else "Lines of sshd are missing here"


def _by(entry: Entry) -> str:
    if entry.get("fingerprint"):
        return f" with key {entry['fingerprint']}"
    return f" by {entry['method']}" if entry.get("method") else ""


def _from(entry: Entry) -> str:
    return f" from {entry['address']}" if entry.get("address") else ""


_WORDS: Final[Mapping[str, Callable[[Entry], str]]] = {
    "started": lambda _: "sshd started",
    "login": _login,
    "refused": _refused,
    "session": _session,
    "session-end": lambda _: "Session ended",
    "tunnel": _tunnel,
    "file": _file,
    "logout": lambda _: "Logged out",
    "presence": _presence,
    "gap": _gap,
    "unread": lambda _: "It ended before all that sshd said was read",
}
