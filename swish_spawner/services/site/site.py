"""What all rooms of the web service share: how it runs, whom it asks, and what it counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from jinja2 import Environment
from prometheus_client import CollectorRegistry, Counter, Histogram

from swish_spawner.adapters.jupyterhub import Hub
from swish_spawner.core.policy.values import Policy
from swish_spawner.services.site.settings import ServiceSettings


class SiteMetrics:
    """What Prometheus reads of every answer; a room adds its own to the registry."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Histogram(
            "swish_web_request_seconds", "How long answers took", ["handler", "status"], registry=self.registry
        )
        self.policy_refused = Counter(
            "swish_policy_refused_total", "Changes of the policy file that were refused", registry=self.registry
        )


@dataclass(frozen=True, slots=True)
class Site:
    """One web service.

    Attributes:
        settings: how it runs.
        policy: returns the policy in force.
        hub: to ask for people and their servers.
        now: the time, with a time zone.
        pages: the templates.
        tabs: the pages of the navigation: what each is called, by its path below the service's.
        metrics: what is counted.
    """

    settings: ServiceSettings
    policy: Callable[[], Policy]
    hub: Hub
    now: Callable[[], datetime]
    pages: Environment
    tabs: Mapping[str, str]
    metrics: SiteMetrics = field(default_factory=SiteMetrics)


@dataclass(frozen=True)
class Room:
    """What the handlers of one room use; each room adds what it needs.

    Attributes:
        site: what it shares with the others.
    """

    site: Site
