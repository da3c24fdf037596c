"""What the handlers of one application share, and what they count."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_pem_x509_certificate
from jinja2 import Environment
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from swish_spawner.adapters.github import GitHubKeys
from swish_spawner.adapters.jupyterhub import Hub
from swish_spawner.adapters.kubernetes.services import Addresses
from swish_spawner.adapters.ports import LogReader
from swish_spawner.core.policy.values import Policy
from swish_spawner.services.web.key_store import KeyStore
from swish_spawner.services.web.settings import Settings
from swish_spawner.services.web.ssh_pods import SshPods


class Metrics:
    """What Prometheus reads of one application; names of people are in no label."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Histogram(
            "swish_web_request_seconds", "How long answers took", ["handler", "status"], registry=self.registry
        )
        self.keys = Counter(
            "swish_web_key_changes_total", "Changes of people's keys", ["change", "outcome"], registry=self.registry
        )
        self.gateway = Counter(
            "swish_web_gateway_questions_total",
            "Keys that the gateway asked about",
            ["outcome"],
            registry=self.registry,
        )
        self.late = Gauge(
            "swish_web_keys_late", "1 while copies of keys are not as their lists are", registry=self.registry
        )
        self.held = Gauge(
            "swish_web_keys_held",
            "People with keys whom the hub does not know and whose keys stay, since they are too many to be gone",
            registry=self.registry,
        )
        self.held_people = 0
        self.fullest = Gauge(
            "swish_web_keys_fullest_ratio",
            "How full the fullest of the Secrets is that keep public keys, from 0 to 1",
            registry=self.registry,
        )

    def hold(self, people: int) -> None:
        """Take down whose keys stay although the hub does not know them."""
        self.held_people = people
        self.held.set(people)


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that handlers use.

    Attributes:
        settings: how this service runs.
        policy: returns the policy in force.
        hub: to ask for people and their servers.
        keys: where keys are.
        pods: returns a look at whose environments there are.
        addresses: where Services and names lead.
        accounts: to take keys over from, where the policy allows it.
        log: returns the ssh log; None where none is kept and none ever was.
        now: the time, with a time zone.
        pages: the templates.
        metrics: what is counted.
    """

    settings: Settings
    policy: Callable[[], Policy]
    hub: Hub
    keys: KeyStore
    pods: Callable[[], SshPods]
    addresses: Addresses
    accounts: GitHubKeys
    log: Callable[[], LogReader | None]
    now: Callable[[], datetime]
    pages: Environment
    metrics: Metrics = field(default_factory=Metrics)

    def gateway_key(self) -> str:
        """Return the gateway's public host key as OpenSSH has it, type and data; empty where there is none to read."""
        try:
            certificate = load_pem_x509_certificate((self.settings.gateway / "host_key.crt").read_bytes())
        except (OSError, ValueError):
            return ""
        return certificate.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


#: Which page a request is for, as the navigation names it.
PAGES: Mapping[str, str] = {"": "Environments", "keys": "Keys", "log": "Log"}
