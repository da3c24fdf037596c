"""What the policy says of ssh."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from typing_extensions import TypeAliasType

from swish_spawner.core.policy.sections.fields import (
    Cpu,
    Different,
    Duration,
    Flag,
    Maybe,
    Memory,
    Network,
    String,
    Table,
    Text,
    Whole,
    no_entries,
)

ServiceType = Literal["ClusterIP", "NodePort", "LoadBalancer"]

_LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_Zone = Annotated[String, Field(pattern=rf"^({_LABEL}\.)+[a-z]{{2,63}}$")]
_Host = Annotated[String, Field(pattern=rf"^({_LABEL}\.)*{_LABEL}$")]
Annotation = TypeAliasType(
    "Annotation",
    Annotated[String, Field(pattern="^([a-z0-9.-]{1,253}/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$")],
)
_PublicKey = Annotated[
    String,
    Field(pattern="^(ssh-ed25519|ecdsa-sha2-nistp(256|384|521)|ssh-rsa) [A-Za-z0-9+/]+=*$", max_length=4000),
]


@dataclass(frozen=True, slots=True)
class Ssh:
    """Whether and from where people may enter an environment by ssh."""

    enabled: Flag = False
    """Whether a person may ask for it."""
    domain: Maybe[_Zone] = None
    """The DNS zone that environments get names in; it may be left out where there is a gateway."""
    ttl: Annotated[Whole, Field(ge=1, le=86400)] = 60
    """Seconds that a resolver may keep a name."""
    allow_cidrs: Different[Network] = ()
    """The networks that may connect; none means nobody."""
    password: Flag = False
    """Whether a password will do; only for demonstrations."""
    service: ServiceType = "ClusterIP"
    """The type of the Service that each environment gets."""
    service_annotations: Annotated[
        Mapping[Annotation, Annotated[String, Field(max_length=2000)]], AfterValidator(MappingProxyType)
    ] = field(default_factory=no_entries)
    """What each environment's Service is annotated with beside its names, e.g. for a load balancer."""
    load_balancer_class: Maybe[Text] = None
    """Who makes the load balancers."""
    cpu: Cpu = Decimal("0.25")
    """CPU of the sidecar, beyond the environment's own."""
    memory: Memory = 512 * 2**20
    """Memory of the sidecar, beyond the environment's own."""
    remote_forwarding: Flag = False
    """Whether a session may listen in the environment for what is on the person's side (ssh -R)."""
    user_cas: Table[_PublicKey] = field(default_factory=no_entries)
    """The public key of each authority, by name, whose certificates are let in; the person's exact name has to be
    among a certificate's principals."""
    gateway: Maybe[_Host] = None
    """The host name of the shared gateway, by which environments are reached with ssh -J; left out, none."""
    gateway_cidrs: Different[Network] = ()
    """The networks that the gateway's pods connect from, which is the cluster's pod network."""
    github: Flag = False
    """Whether keys may be taken over from a GitHub account."""
    presence_cap: Duration = timedelta(hours=2)
    """How long an open session in which nobody does anything counts as use."""
