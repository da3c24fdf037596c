"""Where lines of ``swish-sshd`` come from: the container, and whose it is by the word of its pod."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """Where lines come from, by what only the hub or the chart could write on a pod.

    Attributes:
        kind: ``sidecar``; ``notebook``, where the person's own programs write to the same output; or ``gateway``.
        namespace: of the pod.
        pod: its name.
        environment: its name; empty for a gateway, which has many people's lines.
        team: of the environment.
        user: whose it is.
        server: the server's name at the hub.
    """

    kind: str
    namespace: str
    pod: str
    environment: str = ""
    team: str = ""
    user: str = ""
    server: str = ""

    @property
    def owner(self) -> dict[str, str]:
        """Whose the lines are, by the names that lines and entries have for it; all empty for a gateway."""
        return {"environment": self.environment, "team": self.team, "user": self.user}

    @property
    def origin(self) -> dict[str, str]:
        """Which container wrote them, by the names that entries have for it."""
        return {"source": self.kind, "namespace": self.namespace, "pod": self.pod}
