"""A person's environments as the hub describes them, in the words of a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote

from swish_spawner.core.policy.values import Policy
from swish_spawner.core.reading import part, text
from swish_spawner.core.record import EnvironmentRecord, PlanRecord, SshRecord
from swish_spawner.core.units import format_cpu, format_memory

#: As exact as a price is shown.
_MILL: Final = Decimal("0.001")
#: What each state is called.
STATES: Final = {"running": "Running", "starting": "Starting", "stopping": "Stopping", "stopped": "Stopped"}


@dataclass(frozen=True, slots=True)
class Environment:
    """One of a person's servers.

    Attributes:
        server: its exact name at the hub; empty for the default one.
        state: a key of `STATES`.
        team: what the team that pays is called; empty where that is not known.
        image: what runs in it, likewise.
        size: CPU, memory and GPUs, likewise.
        price: per hour, with the currency, likewise.
        started: when, as the hub says; empty while it does not run.
        url: the path of JupyterLab.
        ssh: how it is entered by ssh; None without ssh, or while it does not run.
    """

    server: str
    state: str
    team: str
    image: str
    size: str
    price: str
    started: str
    url: str
    ssh: SshRecord | None

    @property
    def title(self) -> str:
        """What people call it."""
        return self.server or "Your default environment"

    def links(self, hub_url: str, user: str) -> dict[str, str]:
        """Return the paths of what can be done with it, by what that is called.

        Args:
            hub_url: the path of the hub's own pages; ends with a slash.
            user: whose it is.
        """
        name = "/".join(quote(part, safe="") for part in (user, self.server) if part)
        return {
            "running": {"Open JupyterLab": self.url, "Stop": f"{hub_url}home"},
            "starting": {"See how far it is": f"{hub_url}spawn-pending/{name}"},
            "stopping": {},
            "stopped": {"Start": f"{hub_url}spawn/{name}"},
        }[self.state]


def environments_of(user: Mapping[str, Any], policy: Policy) -> tuple[Environment, ...]:
    """Return a person's environments, those that run first, else by name.

    Args:
        user: as the hub's REST API describes a person, with the servers that do not run.
        policy: in force now; what runs may be of an older one.
    """
    servers = [_environment(server, policy) for server in (user.get("servers") or {}).values() if not _unused(server)]
    order = list(STATES)
    return tuple(sorted(servers, key=lambda one: (order.index(one.state), one.server)))


def _unused(server: Mapping[str, Any]) -> bool:
    """Say whether it is the default server, which the hub lists for everybody, of somebody who never started it."""
    return not server["name"] and _state(server) == "stopped" and not server.get("last_activity")


def _state(server: Mapping[str, Any]) -> str:
    pending = {"spawn": "starting", "stop": "stopping"}.get(server.get("pending") or "")
    return pending or ("running" if server.get("ready") else "stopped")


def _environment(server: Mapping[str, Any], policy: Policy) -> Environment:
    state, options = _state(server), part(server, "user_options")
    record = EnvironmentRecord.parse(server.get("state"))
    # what does not run has only its options: as they were sent, and maybe refused
    asked = text(options, "team"), text(options, "image")
    team, image = (record.plan.team, record.plan.image) if record.plan else asked
    return Environment(
        server=server["name"],
        state=state,
        team=policy.teams[team].title if team in policy.teams else team,
        image=policy.images[image].title if image in policy.images else image,
        size=_size(record.plan),
        price=_price(record.plan),
        started=server.get("started") or "" if state == "running" else "",
        url=server.get("url") or "",
        ssh=_entered(record.ssh, policy) if state == "running" else None,
    )


def _entered(ssh: SshRecord | None, policy: Policy) -> SshRecord | None:
    """Return how it is entered: as it was started, but by the name that the gateway has now.

    One that was started without a gateway lets none in.
    """
    return ssh and replace(ssh, gateway=policy.ssh.gateway if ssh.gateway else None)


def _size(plan: PlanRecord | None) -> str:
    if plan is None:
        return ""
    gpus = f", {plan.gpu_count} of {plan.gpu}" if plan.gpu else ""
    return f"{format_cpu(plan.cpu)} CPU, {format_memory(plan.memory)} memory{gpus}"


def _price(plan: PlanRecord | None) -> str:
    if plan is None or plan.hourly_price is None:
        return ""
    return f"{plan.hourly_price.quantize(_MILL)} {plan.currency} per hour"
