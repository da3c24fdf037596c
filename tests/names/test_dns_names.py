"""The names that the Services of environments get, by the real ExternalDNS in a real DNS server.

The Services are those that a launch makes, in an API server that stands alone: nothing but ExternalDNS looks at them,
and the test says what a load balancer would.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pytest
from anyio.from_thread import start_blocking_portal

from benchmarks.control_plane import control_plane
from benchmarks.processes import find_tool
from swish_spawner.core import labels
from swish_spawner.core.launch.plan import Person, plan_server
from swish_spawner.core.launch.request import parse_request
from swish_spawner.core.pod.companions import Owner, make_ssh_service
from swish_spawner.core.policy.sections.ssh import Ssh
from swish_spawner.core.policy.values import Policy
from swish_spawner.core.ssh.names import service_name
from tests.docs.test_ssh_names import external_dns as external_dns_of_the_page
from tests.e2e import api
from tests.e2e.install import kubectl_path, wait_until
from tests.names.dns import ZONE, NameServer, Record, cannot_serve_names, external_dns, name_server, owner_of

NAMESPACE: Final = "swish"
LOAD_BALANCER: Final = "192.0.2.10"


@dataclass(frozen=True)
class AdminKubectl:
    """An API server, seen by an administrator."""

    kubeconfig: Path

    def kubectl(self, *words: str, stdin: Any = None) -> str:
        """Return what kubectl prints."""
        argv = [kubectl_path(), f"--kubeconfig={self.kubeconfig}", f"--namespace={NAMESPACE}", *words]
        text = None if stdin is None else json.dumps(stdin)
        done = subprocess.run(argv, input=text, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"kubectl {' '.join(words)}: {done.stderr}"
        return done.stdout

    def create(self, service: Any) -> None:
        """Make a Service."""
        self.kubectl("create", "--filename=-", stdin=service)

    def balance(self, environment: str, **where: str) -> None:
        """Say where the load balancer of a Service is, as its controller does: an ``ip`` or a ``hostname``."""
        status = json.dumps({"status": {"loadBalancer": {"ingress": [where]}}})
        self.kubectl("patch", service_of(environment), "--subresource=status", "--type=merge", f"--patch={status}")

    def delete(self, environment: str) -> None:
        """Delete a Service, as the garbage collector does when its pod is gone."""
        self.kubectl("delete", service_of(environment))


def service_of(environment: str) -> str:
    """Return an environment's Service, as kubectl names it."""
    return f"service/{service_name(environment)}"


@pytest.fixture(scope="module")
def cluster() -> Iterator[AdminKubectl]:
    """An API server with one namespace."""
    # the loop runs in a thread of its own, since the browser of the tests before holds this one's
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(control_plane()) as running:
        found = AdminKubectl(running.kubeconfig())
        found.kubectl("create", "namespace", NAMESPACE)
        yield found


@pytest.fixture(scope="module")
def server() -> Iterator[NameServer]:
    """A DNS server whose zone is kept as the cluster wants."""
    if reason := cannot_serve_names():
        pytest.skip(reason)
    with name_server() as found:
        yield found


@pytest.fixture(scope="module")
def kept(server: NameServer, cluster: AdminKubectl) -> Iterator[NameServer]:
    """The same, with ExternalDNS at work."""
    with external_dns(server, cluster.kubeconfig):
        yield server


@pytest.fixture(autouse=True)
def nothing_is_left(request: pytest.FixtureRequest, cluster: AdminKubectl) -> Iterator[None]:
    """Each test begins and ends without Services, and with none of their names."""
    yield
    cluster.kubectl("delete", "services", "--all")
    if "kept" in request.fixturenames:
        has_records(request.getfixturevalue("kept"))


@dataclass(frozen=True)
class Launch:
    """Makes the Service of an environment that is launched with ssh."""

    policy: Policy
    person: Person

    def service(self, environment: str = "ada--lab", **ssh: Any) -> Any:
        """Return the manifest; what is given for ssh is the policy's."""
        plan = plan_server(replace(self.person, environment=environment), parse_request({"ssh": True}), self.policy)
        assert isinstance(plan.ssh, Ssh)
        by_policy = replace(plan.ssh, **{"domain": ZONE, "ttl": 60, "service": "LoadBalancer", **ssh})
        owner = Owner(f"jupyter-{environment}", "00000000-0000-0000-0000-000000000000", NAMESPACE)
        return make_ssh_service(replace(plan, ssh=by_policy), owner, service_name(plan.person.environment))


@pytest.fixture
def launch(policy: Policy, ada: Person) -> Launch:
    """By the wide policy, for Ada."""
    return Launch(policy, ada)


def named(environment: str, data: str = LOAD_BALANCER, kind: str = "A", ttl: int = 60) -> set[Record]:
    """Return the records of an environment's name: where it leads, and whose it is."""
    whose = owner_of(f"service/{NAMESPACE}/{service_name(environment)}")
    return {Record(environment, ttl, kind, data), Record(f"{kind.lower()}-{environment}", 0, "TXT", whose)}


def has_records(server: NameServer, *names: set[Record]) -> None:
    """Wait until these are all records that were added to the zone."""
    wanted = frozenset[Record]().union(*names)
    try:
        wait_until("the zone is as it should be", lambda: server.records() == wanted, within_seconds=30)
    except AssertionError:
        assert server.records() == wanted, (server.folder / "external-dns.log").read_text()


@pytest.mark.claim("ssh-reaches")
def test_a_name_comes_with_the_load_balancer_and_goes_with_the_service(
    kept: NameServer, cluster: AdminKubectl, launch: Launch
) -> None:
    """It may be kept for 60 seconds; beside it stands who made it. Before, the zone has nothing."""
    cluster.create(launch.service())
    has_records(kept)
    cluster.balance("ada--lab", ip=LOAD_BALANCER)
    has_records(kept, named("ada--lab"))
    assert kept.addresses("ada--lab") == (LOAD_BALANCER,)
    cluster.delete("ada--lab")
    has_records(kept)


def test_a_load_balancer_with_a_name_gets_an_alias(kept: NameServer, cluster: AdminKubectl, launch: Launch) -> None:
    """As those of AWS have one."""
    cluster.create(launch.service())
    cluster.balance("ada--lab", hostname="net-1.elb.example.org")
    has_records(kept, named("ada--lab", "net-1.elb.example.org.", "CNAME"))


def test_two_environments_have_a_name_each(kept: NameServer, cluster: AdminKubectl, launch: Launch) -> None:
    """The end of one takes nothing from the other."""
    for environment, address in (("ada--lab", LOAD_BALANCER), ("bob--lab", "192.0.2.11")):
        cluster.create(launch.service(environment))
        cluster.balance(environment, ip=address)
    has_records(kept, named("ada--lab"), named("bob--lab", "192.0.2.11"))
    cluster.delete("ada--lab")
    has_records(kept, named("bob--lab", "192.0.2.11"))


def test_a_restarted_environment_keeps_its_name(kept: NameServer, cluster: AdminKubectl, launch: Launch) -> None:
    """It leads to the new load balancer."""
    for address in (LOAD_BALANCER, "192.0.2.12"):
        cluster.create(launch.service())
        cluster.balance("ada--lab", ip=address)
        has_records(kept, named("ada--lab", address))
        cluster.delete("ada--lab")


def test_another_name_takes_the_place_of_the_first(kept: NameServer, cluster: AdminKubectl, launch: Launch) -> None:
    """Where a Service is given another one while it is there."""
    cluster.create(launch.service())
    cluster.balance("ada--lab", ip=LOAD_BALANCER)
    has_records(kept, named("ada--lab"))
    names = {f"{prefix}hostname": f"ada--other.{ZONE}" for prefix in labels.EXTERNAL_DNS}
    cluster.kubectl("patch", service_of("ada--lab"), f"--patch={json.dumps({'metadata': {'annotations': names}})}")
    whose = Record("a-ada--other", 0, "TXT", owner_of(f"service/{NAMESPACE}/{service_name('ada--lab')}"))
    has_records(kept, {Record("ada--other", 60, "A", LOAD_BALANCER), whose})


def test_the_policy_says_how_long_a_name_may_be_kept(kept: NameServer, cluster: AdminKubectl, launch: Launch) -> None:
    """In seconds."""
    cluster.create(launch.service(ttl=300))
    cluster.balance("ada--lab", ip=LOAD_BALANCER)
    has_records(kept, named("ada--lab", ttl=300))


def test_a_name_inside_leads_to_the_cluster_address(kept: NameServer, cluster: AdminKubectl, launch: Launch) -> None:
    """Where the policy wants no load balancer: for those from whom a route leads to the cluster's Services."""
    cluster.create(launch.service(service="ClusterIP"))
    client = api.client_of(str(cluster.kubeconfig), "bench")
    address = api.get(client, NAMESPACE, "service", service_name("ada--lab"))["spec"]["clusterIP"]
    has_records(kept, named("ada--lab", address))


def test_the_longest_name_has_room_for_its_owner(kept: NameServer, cluster: AdminKubectl, launch: Launch) -> None:
    """With what ExternalDNS puts before it for the owner's record it is no longer than a label of the DNS may be."""
    longest = "a" * 48  # KubeSpawner makes none longer
    cluster.create(launch.service(longest))
    cluster.balance(longest, hostname="net-1.elb.example.org")
    has_records(kept, named(longest, "net-1.elb.example.org.", "CNAME"))


def test_a_record_of_somebody_else_stays(kept: NameServer, cluster: AdminKubectl, launch: Launch) -> None:
    """A name that was there before is neither taken nor deleted."""
    cluster.create(launch.service("by-hand"))
    cluster.create(launch.service())
    for name in ("by-hand", "ada--lab"):
        cluster.balance(name, ip=LOAD_BALANCER)
    has_records(kept, named("ada--lab"))
    assert kept.addresses("by-hand") == ("192.0.2.1",)
    cluster.delete("by-hand")
    cluster.delete("ada--lab")
    has_records(kept)
    assert kept.addresses("by-hand") == ("192.0.2.1",)


def test_an_older_external_dns_reads_the_same_service(cluster: AdminKubectl, launch: Launch) -> None:
    """Before its version 0.22 it read annotations of another prefix; both are there."""
    if reason := cannot_serve_names():
        pytest.skip(reason)
    prefix = "--annotation-prefix=external-dns.alpha.kubernetes.io/"
    with name_server() as server, external_dns(server, cluster.kubeconfig, prefix):
        cluster.create(launch.service())
        cluster.balance("ada--lab", ip=LOAD_BALANCER)
        has_records(server, named("ada--lab"))


def test_the_options_of_the_how_to_page_are_external_dns_own() -> None:
    """They are read, with nothing missing; the provider that they are for is not built in here."""
    values = external_dns_of_the_page()
    flags = [
        f"--provider={values['provider']['name']}",
        *(f"--source={source}" for source in values["sources"]),
        *(f"--domain-filter={domain}" for domain in values["domainFilters"]),
        f"--policy={values['policy']}",
        f"--registry={values['registry']}",
        f"--txt-owner-id={values['txtOwnerId']}",
        f"--interval={values['interval']}",
        *(["--events"] if values["triggerLoopOnEvent"] else []),
        *(f"--{name}={value}" for name, value in values["extraArgs"].items()),
    ]
    done = subprocess.run([find_tool("external-dns"), *flags], capture_output=True, text=True, check=False)
    assert 'provider \\"aws\\" with registry \\"txt\\": only rfc2136' in done.stderr


def test_nobody_without_the_key_changes_or_lists_the_zone(server: NameServer) -> None:
    """So what the other tests see is what ExternalDNS wrote."""
    (server.folder / "other.conf").write_text('key "swish-e2e" { algorithm hmac-sha256; secret "AAAA"; };\n')
    place = ["dig", f"@{server.address}", "-p", str(server.port), ZONE, "AXFR"]
    for words in (place, [*place, "-k", str(server.folder / "other.conf")]):
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert "192.0.2.1" not in done.stdout
