"""A person's environments as the hub describes them, in the words of a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote

from swish_spawner.core.policy.values import Policy
from swish_spawner.core.ssh.ways import Entrance, entrance_of

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
        entrance: how it is entered by ssh; None without ssh, or while it does not run.
    """

    server: str
    state: str
    team: str
    image: str
    size: str
    price: str
    started: str
    url: str
    entrance: Entrance | None

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
    state, kept, options = _state(server), server.get("state") or {}, server.get("user_options") or {}
    plan = kept.get("swish_plan") or {}
    team, image = (_text(plan.get(key) or options.get(key)) for key in ("team", "image"))
    return Environment(
        server=server["name"],
        state=state,
        team=policy.teams[team].title if team in policy.teams else team,
        image=policy.images[image].title if image in policy.images else image,
        size=_size(plan),
        price=_price(plan),
        started=server.get("started") or "" if state == "running" else "",
        url=server.get("url") or "",
        entrance=entrance_of(kept) if state == "running" else None,
    )


def _text(value: object) -> str:
    """Return an option's value; options that the hub keeps are as they were sent, and were maybe refused."""
    return value if isinstance(value, str) else ""


def _size(plan: Mapping[str, Any]) -> str:
    if not plan:
        return ""
    gpus = f", {plan['gpu_count']} of {plan['gpu']}" if plan.get("gpu") else ""
    return f"{plan['cpu']} CPU, {plan['memory']} memory{gpus}"


def _price(plan: Mapping[str, Any]) -> str:
    if "hourly_price" not in plan:
        return ""
    price = Decimal(plan["hourly_price"]).quantize(_MILL)
    return f"{price} {plan['currency']} per hour"
