"""Whose environments there are that can be entered by ssh, by their pods: also of those that the hub does not know."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, Final

from swish_spawner.adapters.kubernetes.pods import Pods
from swish_spawner.adapters.kubernetes.requests import Patience
from swish_spawner.core import labels
from swish_spawner.core.ownership import has_ended
from swish_spawner.core.ssh_log.stream import COMPONENT, ENVIRONMENTS
from swish_spawner.errors import ClusterRefused, Unavailable

_SELECTOR: Final = f"{COMPONENT}={ENVIRONMENTS}"


@dataclass(frozen=True, slots=True)
class SshPods:
    """The pods of any namespace, which is asked once: for one look at everybody.

    Attributes:
        api: a CoreV1Api, whose types know no plain data.
        patience: with each request.
    """

    api: Any
    patience: Patience
    _known: dict[str, frozenset[str]] = field(default_factory=dict)
    _one_by_one: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def people(self, namespace: str) -> frozenset[str]:
        """Return the JupyterHub users with an environment there that has sshd and has not ended.

        Raises:
            Unavailable: Kubernetes will not say.
            ClusterAway: it gave no answer in time.
        """
        async with self._one_by_one:
            if namespace not in self._known:
                self._known[namespace] = await self._look(namespace)
            return self._known[namespace]

    async def _look(self, namespace: str) -> frozenset[str]:
        try:
            found = await Pods(self.api, namespace, self.patience).list(_SELECTOR)
        except ClusterRefused as error:
            raise Unavailable(f"Pods in {namespace} cannot be seen: {error}") from error
        marks = [pod["metadata"].get("annotations") or {} for pod in found if not has_ended(pod)]
        return frozenset(one[labels.USER] for one in marks if labels.SSH in one and labels.USER in one)
