"""The policy file on disk: read, checked, and read again when it changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import yaml

from swish_spawner.core.policy.parsing import parse_policy
from swish_spawner.core.policy.values import Policy
from swish_spawner.errors import PolicyError, Problem

_Stamp = tuple[int, int, int]
# libyaml's, which takes a tenth of the time, where PyYAML was built with it
_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_policy(path: Path) -> Policy:
    """Read and check a policy file.

    Raises:
        PolicyError: the file cannot be read, is no YAML, or has problems, all of which are named.
    """
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeyLoader)  # noqa: S506 - a SafeLoader
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError([Problem("", f"cannot be read: {getattr(error, 'strerror', None) or error}")]) from error
    except yaml.YAMLError as error:
        raise PolicyError([Problem("", f"is no YAML: {' '.join(str(error).split())}")]) from error
    return parse_policy(document)


class Log(Protocol):
    """What of a logger is used here."""

    def error(self, message: str, *args: object) -> None:
        """Log something that an operator must see."""


class Refusals(Protocol):
    """What counts changes that were refused."""

    def inc(self) -> None:
        """Count one more."""


class PolicyFile:
    """The policy in force: the last good content of a file; changed content that is not good is logged and counted.

    Args:
        path: the file.
        log: says what is wrong with it.
        refused: counts how often that was.

    Raises:
        PolicyError: there is no good content to begin with.
    """

    def __init__(self, path: Path, log: Log, refused: Refusals) -> None:
        self._path, self._log, self._refused = path, log, refused
        self._stamp = self._look()
        self._policy = read_policy(path)

    def current(self) -> Policy:
        """Return the policy in force, having looked whether the file has changed; that look is one `stat`."""
        stamp = self._look()
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._policy = read_policy(self._path)
            except PolicyError as error:
                self._refused.inc()
                self._log.error("The changed policy file is refused and the last good one stays in force: %s", error)
        return self._policy

    def _look(self) -> _Stamp | None:
        """A mounted ConfigMap changes by a new symlink target, so the inode says more than the time alone."""
        try:
            stat = self._path.stat()
        except OSError:
            return None
        return stat.st_ino, stat.st_mtime_ns, stat.st_size


class _UniqueKeyLoader(_SafeLoader):
    """A SafeLoader that refuses a key written twice, of which YAML libraries silently keep the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key_node.tag != "tag:yaml.org,2002:merge" and _hashable(key) in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key!r} is written twice", key_node.start_mark)
            seen.add(_hashable(key))
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        return mapping


def _hashable(key: object) -> object:
    return key if isinstance(key, str | int | float | bool | None) else repr(key)
