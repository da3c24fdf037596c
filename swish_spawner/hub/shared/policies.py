"""The policy in force, as all of a hub read it."""

from __future__ import annotations

from pathlib import Path

from prometheus_client import Counter

from swish_spawner.adapters.policy_file import Log, PolicyFile
from swish_spawner.core.policy.image_names import ImageNames
from swish_spawner.core.policy.values import Policy, with_image_references

REFUSED = Counter("swish_policy_refused_total", "Changes of the policy file that were refused")


class Policies:
    """One `PolicyFile` for each path, whoever asks for it."""

    def __init__(self) -> None:
        self._files: dict[str, PolicyFile] = {}
        self._completed: dict[str, tuple[Policy, ImageNames, Policy]] = {}

    def read(self, path: str, log: Log) -> Policy:
        """Return the last good policy of a path.

        Raises:
            PolicyError: the file has no good content, and had none before.
        """
        if path not in self._files:
            self._files[path] = PolicyFile(Path(path), log, REFUSED)
        return self._files[path].current()

    def in_force(self, path: str, names: ImageNames, log: Log) -> Policy:
        """Return the same with an installation's image references, which are put in once for each content.

        Raises:
            PolicyError: the file has no good content, and had none before.
        """
        policy = self.read(path, log)
        known = self._completed.get(path)
        if known is None or known[0] is not policy or known[1] != names:
            known = self._completed[path] = (policy, names, with_image_references(policy, names.reference))
        return known[2]
