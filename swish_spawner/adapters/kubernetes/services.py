"""Where an environment's Service is reached, by Kubernetes, and whether its public name leads there, by the DNS."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from swish_spawner.adapters.kubernetes.requests import Patience
from swish_spawner.core.ssh.ways import ServiceAddress
from swish_spawner.errors import ClusterAway, ClusterRefused

#: How long a name is waited for (seconds): one that is there answers at once.
_NAME_SECONDS: Final = 3.0


@dataclass(frozen=True, slots=True)
class Addresses:
    """The Services of any namespace, and the names of the world.

    Attributes:
        api: a CoreV1Api, whose types know no plain data.
        patience: with each request.
    """

    api: Any
    patience: Patience

    async def of_service(self, namespace: str, name: str) -> ServiceAddress | None:
        """Return where a Service is reached; None where Kubernetes does not say."""
        read, options = self.api.read_namespaced_service, self.patience.options
        try:
            service = await self.patience.answer(lambda: read(name, namespace, **options))
        except (ClusterRefused, ClusterAway):
            return None
        spec, status = service.get("spec") or {}, service.get("status") or {}
        ingress = (status.get("loadBalancer") or {}).get("ingress") or []
        return ServiceAddress(
            cluster_ip=spec.get("clusterIP") or "",
            node_port=next((port["nodePort"] for port in spec.get("ports") or [] if port.get("nodePort")), None),
            load_balancer=tuple(one.get("ip") or one.get("hostname") or "" for one in ingress),
        )

    async def of_name(self, host: str) -> frozenset[str]:
        """Return the addresses of a host name, which nothing here keeps; none for one that is not there yet."""
        loop = asyncio.get_running_loop()
        try:
            # with a dot at its end, so that no search domain makes another name of it
            asked = loop.getaddrinfo(f"{host.rstrip('.')}.", None, type=socket.SOCK_STREAM)
            found = await asyncio.wait_for(asked, _NAME_SECONDS)
        except (OSError, TimeoutError, UnicodeError):
            return frozenset()
        return frozenset(str(address[0]) for *_, address in found)

    async def leads_to(self, host: str, targets: Iterable[str]) -> bool:
        """Say whether a host name has an address, and any of these addresses or host names has it too.

        Args:
            host: the public name.
            targets: where it should lead; none for whatever it is.
        """
        wanted = [target for target in targets if target]
        addresses, *others = await asyncio.gather(self.of_name(host), *map(self._addresses, wanted))
        return bool(addresses) and (not wanted or any(addresses & other for other in others))

    async def _addresses(self, target: str) -> frozenset[str]:
        """Return the addresses of a target; what is one already is asked nobody for."""
        try:
            socket.inet_pton(socket.AF_INET6 if ":" in target else socket.AF_INET, target)
        except OSError:
            return await self.of_name(target)
        return frozenset({target})
