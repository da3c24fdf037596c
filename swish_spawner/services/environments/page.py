"""Environments: what a person runs, and the exact lines to enter each; the page and the REST API."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_pem_x509_certificate
from tornado import web

from swish_spawner.adapters.kubernetes.services import Addresses
from swish_spawner.core.environments import STATES, Environment, environments_of
from swish_spawner.core.record import SshRecord
from swish_spawner.core.ssh.keys import fingerprint
from swish_spawner.core.ssh.ways import Seen, Way, known_hosts, named, ways_into
from swish_spawner.core.units import format_cpu, format_memory
from swish_spawner.errors import UserError
from swish_spawner.services.site.handlers import Api, Page, Route
from swish_spawner.services.site.site import Room


@dataclass(frozen=True)
class Environments(Room):
    """The room.

    Attributes:
        addresses: where Services and names lead.
        has_keys: says whether a person has any key.
    """

    addresses: Addresses
    has_keys: Callable[[str], Awaitable[bool]]


def gateway_host_key(folder: Path) -> str:
    """Return the gateway's public host key as OpenSSH has it, type and data; empty where there is none to read.

    Args:
        folder: with the gateway's files.
    """
    try:
        certificate = load_pem_x509_certificate((folder / "host_key.crt").read_bytes())
    except (OSError, ValueError):
        return ""
    return certificate.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


@dataclass(frozen=True, slots=True)
class Shown:
    """An environment with the ways into it.

    Attributes:
        environment: what it is.
        ways: into it; none without ssh.
        known_hosts: the line that makes ssh trust its host key; empty while no way works.
        links: what can be done with it: paths by what that is called.
    """

    environment: Environment
    ways: tuple[Way, ...]
    known_hosts: str
    links: dict[str, str]

    @property
    def usual(self) -> Way | None:
        """The first way that works, or else the first."""
        return next((way for way in self.ways if way.ready), (*self.ways, None)[0])

    def document(self, folder: str) -> dict[str, Any]:
        """Return it as plain JSON data; a password is only on the page."""
        one = self.environment
        facts = {
            "name": one.server,
            "state": one.state,
            "team": one.team,
            "image": one.image,
            "size": one.size,
            "price": one.price,
            "started": one.started,
            "links": self.links,
        }
        return facts | {"ssh": self._ssh(one.ssh, folder) if one.ssh else None}

    def _ssh(self, ssh: SshRecord, folder: str) -> dict[str, Any]:
        return {
            "environment": ssh.environment,
            "where": ssh.where,
            "host_key": ssh.host_key,
            "fingerprint": ssh.fingerprint,
            "known_hosts": self.known_hosts,
            "ways": [way.document(folder) for way in self.ways],
        }


async def shown_environments(room: Environments, user: str) -> list[Shown]:
    """Return a person's environments with the ways into them as they are now.

    Args:
        room: this one.
        user: the exact JupyterHub user name.

    Raises:
        Unavailable: the hub does not answer.
    """
    policy = room.site.policy()
    environments = environments_of(await room.site.hub.user(user), policy)
    seen = await asyncio.gather(*(_seen(room, one.ssh) for one in environments))
    return [_shown(room, user, one, look) for one, look in zip(environments, seen, strict=True)]


def _shown(room: Environments, user: str, environment: Environment, seen: Seen) -> Shown:
    links = environment.links(room.site.settings.hub_url, user)
    ssh = environment.ssh
    if ssh is None:
        return Shown(environment, (), "", links)
    ways = ways_into(ssh, seen, room.site.settings.gateway_port)
    return Shown(environment, ways, known_hosts(ways, ssh.host_key), links)


async def _seen(room: Environments, ssh: SshRecord | None) -> Seen:
    if ssh is None:
        return Seen()
    service = await room.addresses.of_service(ssh.namespace, ssh.service)
    if ssh.host is None:
        return Seen(service)
    there = {"ClusterIP": (service.cluster_ip,), "LoadBalancer": service.load_balancer} if service else {}
    if ssh.service_type == "LoadBalancer" and service and not service.load_balancer:
        # looking for it now would only make every resolver on the way remember that it is not there
        return Seen(service)
    return Seen(service, await room.addresses.leads_to(ssh.host, there.get(ssh.service_type, ())))


class EnvironmentsPage(Page):
    """One's own environments."""

    room: Environments

    @web.authenticated
    async def get(self) -> None:
        """Show them."""
        room, policy = self.room, self.site.policy()
        environments, has_keys = await asyncio.gather(shown_environments(room, self.user), self._has_keys())
        gateway = policy.ssh.gateway
        gateway_key = gateway_host_key(room.site.settings.gateway)
        await self.show(
            "environments.html",
            environments=environments,
            states=STATES,
            has_keys=has_keys,
            ssh=policy.ssh,
            folder=policy.home.mount,
            ssh_size=f"{format_cpu(policy.ssh.cpu)} CPU, {format_memory(policy.ssh.memory)}",
            gateway_hosts=f"{named(gateway, room.site.settings.gateway_port)} {gateway_key}"
            if gateway and gateway_key
            else "",
            gateway_fingerprint=fingerprint(gateway_key.split()[1]) if gateway_key else "",
            waits=any(not way.ready for one in environments for way in one.ways)
            or any(one.environment.state in ("starting", "stopping") for one in environments),
        )

    async def _has_keys(self) -> bool:
        """Say whether this person has any key; where that cannot be known, nothing need be said of it."""
        try:
            return await self.room.has_keys(self.user)
        except UserError:
            return True


class EnvironmentsApi(Api):
    """One's own environments as JSON."""

    room: Environments

    async def get(self) -> None:
        """Answer with them."""
        environments = await shown_environments(self.room, self.user)
        folder = self.room.site.policy().home.mount
        self.answer({"environments": [one.document(folder) for one in environments]}, HTTPStatus.OK)


def routes(room: Environments) -> list[Route]:
    """Return what is answered here, by the pattern of its path below the service's."""
    return [("", EnvironmentsPage, room), ("api/environments", EnvironmentsApi, room)]
