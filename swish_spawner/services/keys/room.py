"""What the room of keys has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge

from swish_spawner.adapters.github import GitHubKeys
from swish_spawner.services.keys.pods import SshPods
from swish_spawner.services.keys.store import KeyStore
from swish_spawner.services.site.site import Room


class KeyMetrics:
    """What Prometheus reads of keys; names of people are in no label.

    Args:
        registry: where they are.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self.keys = Counter(
            "swish_web_key_changes_total", "Changes of people's keys", ["change", "outcome"], registry=registry
        )
        self.gateway = Counter(
            "swish_web_gateway_questions_total", "Keys that the gateway asked about", ["outcome"], registry=registry
        )
        self.late = Gauge("swish_web_keys_late", "1 while copies of keys are not as their lists are", registry=registry)
        self.held = Gauge(
            "swish_web_keys_held",
            "People with keys whom the hub does not know and whose keys stay, since they are too many to be gone",
            registry=registry,
        )
        self.held_people = 0
        self.fullest = Gauge(
            "swish_web_keys_fullest_ratio",
            "How full the fullest of the Secrets is that keep public keys, from 0 to 1",
            registry=registry,
        )

    def hold(self, people: int) -> None:
        """Take down whose keys stay although the hub does not know them."""
        self.held_people = people
        self.held.set(people)


@dataclass(frozen=True)
class Keys(Room):
    """The room.

    Attributes:
        store: where keys are.
        pods: returns a look at whose environments there are.
        accounts: to take keys over from, where the policy allows it.
        metrics: what is counted.
    """

    store: KeyStore
    pods: Callable[[], SshPods]
    accounts: GitHubKeys
    metrics: KeyMetrics
