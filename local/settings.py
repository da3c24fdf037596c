"""What a person may choose, read from the environment that `make` passes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.errors import LocalError

REPO = Path(__file__).resolve().parent.parent
ETC = REPO / "local" / "etc"
#: What the chart is given on the local cluster before a person's own values.
VALUES = ETC / "values.yaml"
NAMESPACE = "swish"
RELEASE = "swish"
LOCAL_CONTEXT = "swish-local"


@dataclass(frozen=True)
class LocalSettings:
    """The choices of one run.

    Args:
        cache: Folder of built artefacts; may be deleted at any time while nothing runs.
        home: Folder for the little that is remembered about clusters that are not ours.
        port: Loopback port of the public address.
        context: kubectl context to install into; None means: choose.
        registry: Registry to push images to, without a trailing slash.
        values: Additional Helm values files, later ones win.
        kubeconfig: As kubectl's KUBECONFIG, or None.
        purge: Whether `down` deletes users' volumes too.
    """

    cache: Path
    home: Path
    port: int = 8000
    context: str | None = None
    registry: str | None = None
    values: tuple[Path, ...] = ()
    kubeconfig: str | None = None
    purge: bool = False


def read_local_settings(environ: Mapping[str, str]) -> LocalSettings:
    """Read the settings; an empty variable counts as not set.

    Args:
        environ: Environment variables.

    Returns:
        The settings, with defaults filled in.

    Raises:
        LocalError: PORT is not a port, a file of VALUES is not there, or PURGE is neither 1 nor 0.
    """
    given = {key: value.strip() for key, value in environ.items() if value.strip()}
    home = Path(given.get("HOME", "/root"))
    return LocalSettings(
        cache=Path(given.get("SWISH_CACHE") or Path(given.get("XDG_CACHE_HOME", home / ".cache")) / "swish"),
        home=Path(given.get("XDG_STATE_HOME", home / ".local" / "state")) / "swish",
        port=_port(given.get("PORT", "8000")),
        context=given.get("CONTEXT"),
        registry=given["REGISTRY"].rstrip("/") if "REGISTRY" in given else None,
        values=tuple(_file(name) for name in given.get("VALUES", "").split()),
        kubeconfig=given.get("KUBECONFIG"),
        purge=_flag("PURGE", given.get("PURGE", "0")),
    )


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise LocalError(f"PORT must be a number from 1 to 65535, not {text!r}.")
    return int(text)


def _file(name: str) -> Path:
    path = Path(name).absolute()
    if not path.is_file():
        raise LocalError(f"VALUES names a file that is not there: {name}.")
    return path


def _flag(name: str, text: str) -> bool:
    if text.lower() in {"1", "true", "yes"}:
        return True
    if text.lower() in {"0", "false", "no"}:
        return False
    raise LocalError(f"{name} must be 1 or 0, not {text!r}.")
