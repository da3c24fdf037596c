"""Which of the container's variables a session gets: the notebook's, but for the hub's secrets and sshd's own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

#: The hub's, with its tokens; Kubernetes' addresses of services; what sshd or the shell sets itself.
_KEPT_BACK: Final = re.compile(
    r"JUPYTERHUB_.*|JPY_.*|JUPYTER_TOKEN|KUBERNETES_.*|.*_SERVICE_(HOST|PORT).*|.*_PORT(_\d+_.*)?|SSH_.*|SUDO_.*"
    r"|_|PWD|OLDPWD|SHLVL|HOME|USER|LOGNAME|SHELL|MAIL|TERM|HOSTNAME|TZ|LISTEN_.*|NOTIFY_SOCKET"
)
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LONGEST: Final = 4096
_ALL: Final = 65536


def session_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Choose the variables of sessions.

    Args:
        environment: The container's.

    Returns:
        Those that a session may have and that a line of sshd's configuration can hold, sorted by name; together they
        are no longer than 64 KiB.
    """
    found: dict[str, str] = {}
    left = _ALL
    for name, value in sorted(environment.items()):
        if _KEPT_BACK.fullmatch(name) or not _NAME.fullmatch(name) or not _fits(value):
            continue
        left -= len(name) + len(value) + 4
        if left > 0:
            found[name] = value
    return found


def _fits(value: str) -> bool:
    return len(value) <= _LONGEST and value.isprintable()


def set_env(variables: Mapping[str, str]) -> str:
    """Return sshd's one SetEnv line, of which only the first counts; empty without variables."""
    words = (quote(f"{name}={value}") for name, value in variables.items())
    return f"SetEnv {' '.join(words)}" if variables else ""


def quote(word: str) -> str:
    """Quote a word for sshd's configuration: backslash and quote are what its reader knows to undo."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
