"""Where Services and names lead."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
from kubernetes_asyncio.client import ApiClient, Configuration, CoreV1Api

from swish_spawner.adapters.kubernetes.requests import Patience
from swish_spawner.adapters.kubernetes.services import Addresses
from swish_spawner.core.ssh.ways import ServiceAddress
from tests.fake_api import FakeApi, serve

NAMES = {
    "lab.example.org.": ["192.0.2.1"],
    "lb.example.org.": ["192.0.2.1", "192.0.2.2"],
    "other.example.org.": ["192.0.2.9"],
}


@pytest.fixture
async def api() -> AsyncIterator[FakeApi]:
    """An API server with one Service."""
    async with serve(FakeApi()) as api:
        spec = {"clusterIP": "10.0.0.7", "ports": [{"port": 22, "nodePort": 30022}]}
        status = {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}, {"hostname": "lb.example.org"}]}}
        metadata = {"namespace": "swish", "name": "lab"}
        api.change("services", "ADDED", {"metadata": metadata, "spec": spec, "status": status})
        yield api


@pytest.fixture
async def addresses(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Addresses]:
    """What is tested, with a resolver that knows `NAMES`."""

    def getaddrinfo(host: str, *_: Any, **__: Any) -> list[tuple[Any, ...]]:
        if host not in NAMES:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in NAMES[host]]

    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *a, **k: real(host, *a, **k) if host == "127.0.0.1" else getaddrinfo(host)
    )
    async with ApiClient(Configuration(host=api.url)) as client:
        yield Addresses(CoreV1Api(client), Patience(request_seconds=2, answer_seconds=5))


async def test_a_service_is_reached_by_all_its_addresses(addresses: Addresses) -> None:
    """Within the cluster, on nodes, by a load balancer."""
    assert await addresses.of_service("swish", "lab") == ServiceAddress(
        "10.0.0.7", 30022, ("192.0.2.1", "lb.example.org")
    )


async def test_a_service_that_nobody_lets_us_see_is_not_known(api: FakeApi, addresses: Addresses) -> None:
    """Which is no error: names tell enough."""
    assert await addresses.of_service("swish", "gone") is None
    api.failures["GET services"] = [(403, "forbidden")]
    assert await addresses.of_service("swish", "lab") is None


@pytest.mark.parametrize(
    ("host", "targets", "leads", "reason"),
    [
        ("lab.example.org", [], True, "nobody knows where to"),
        ("lab.example.org", ["192.0.2.1"], True, "the address itself"),
        ("lab.example.org", ["lb.example.org"], True, "a load balancer's name of the same address"),
        ("lab.example.org", ["192.0.2.9"], False, "an earlier environment's address"),
        ("lab.example.org", ["other.example.org"], False, "another's name"),
        ("none.example.org", [], False, "it is not there yet"),
        ("x" * 70 + ".example.org", [], False, "no name at all"),
    ],
)
async def test_a_name_leads_somewhere(
    addresses: Addresses, host: str, targets: list[str], leads: bool, reason: str
) -> None:
    """Only to the Service's own address counts."""
    assert await addresses.leads_to(host, targets) is leads
