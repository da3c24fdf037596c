"""What a hub keeps of an environment: written by the hub, read by services over its REST API, and described only here.

It stands in the server's state, beside KubeSpawner's own keys, and is what a hub that begins takes up what runs by. So
a version reads what the versions before it wrote, and passes over what it does not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from swish_spawner.core.reading import number, part, text
from swish_spawner.core.units import format_cpu, format_memory, parse_cpu, parse_memory
from swish_spawner.errors import UnitError

#: How many starts are kept that are over; who can start and stop while Kubernetes is away could make ever more.
_MOST_OVER: Final = 50
#: Of the format, for whoever looks into a database; what a version does not know of a later one it passes over.
VERSION: Final = 1
_VERSION, _PLAN, _SSH, _SPAWN_ID, _OVER, _TOKEN = (
    f"swish_{name}" for name in ("version", "plan", "ssh", "spawn_id", "over", "token")
)


@dataclass(frozen=True, slots=True)
class PlanRecord:
    """What an environment was given, by the policy of then; also the pod's annotation ``swish.io/plan``.

    Attributes:
        team: who pays, by its name in the policy, as project, image, pool and gpu are named.
        project: None for none.
        image: what runs in it.
        pool: where it runs.
        cpu: cores of JupyterLab's container.
        memory: bytes of the same.
        gpu: None for none.
        gpu_count: how many of those.
        packages: what was installed before it began.
        ssh: ``sidecar`` or ``notebook``, where sshd is; None without ssh.
        whole_cpu: cores of all containers together, which count towards quotas.
        whole_memory: bytes of the same.
        hourly_price: exact; None where it is not known.
        currency: of the price; empty where it is not known.
    """

    team: str
    project: str | None
    image: str
    pool: str
    cpu: Decimal
    memory: int
    gpu: str | None
    gpu_count: int
    packages: tuple[str, ...]
    ssh: str | None
    whole_cpu: Decimal
    whole_memory: int
    hourly_price: Decimal | None
    currency: str

    def document(self) -> dict[str, Any]:
        """Return it as plain JSON data."""
        return {
            "team": self.team,
            "project": self.project,
            "image": self.image,
            "pool": self.pool,
            "cpu": format_cpu(self.cpu),
            "memory": format_memory(self.memory),
            "memory_bytes": self.memory,
            "gpu": self.gpu,
            "gpu_count": self.gpu_count,
            "packages": list(self.packages),
            "ssh": self.ssh,
            "whole": {"cpu": format_cpu(self.whole_cpu), "memory_bytes": self.whole_memory},
            "hourly_price": None if self.hourly_price is None else f"{self.hourly_price:f}",
            "currency": self.currency,
        }

    @classmethod
    def parse(cls, document: object) -> PlanRecord | None:
        """Return what a document says; None for one that does not say what the environment has of a node."""
        plan = part(document)
        whole = part(plan, "whole") or plan
        try:
            cpu, memory = parse_cpu(plan.get("cpu")), number(plan, "memory_bytes") or parse_memory(plan.get("memory"))
            whole_cpu = parse_cpu(whole.get("cpu"))
        except UnitError:
            return None
        packages = plan.get("packages")
        return cls(
            team=text(plan, "team"),
            project=text(plan, "project") or None,
            image=text(plan, "image"),
            pool=text(plan, "pool"),
            cpu=cpu,
            memory=memory,
            gpu=text(plan, "gpu") or None,
            gpu_count=number(plan, "gpu_count"),
            packages=tuple(map(str, packages)) if isinstance(packages, (list, tuple)) else (),
            ssh=text(plan, "ssh") or None,
            whole_cpu=whole_cpu,
            whole_memory=number(whole, "memory_bytes") or memory,
            hourly_price=_price(text(plan, "hourly_price")),
            currency=text(plan, "currency"),
        )


@dataclass(frozen=True, slots=True)
class SshRecord:
    """How an environment is entered by ssh for as long as it runs, whatever the policy has become.

    Attributes:
        environment: its name.
        team: who pays, by its name in the policy.
        login: the login name.
        service: the name of its Service.
        namespace: of the Service.
        service_type: of the Service.
        host: its public name, or None without one.
        port: of the Service.
        gateway: the shared gateway's host name, or None.
        where: ``sidecar`` or ``notebook``: where the session is.
        host_key: the public host key, type and data.
        fingerprint: of the host key.
        password: what is asked for instead of a key, where the policy allows it.
    """

    environment: str
    team: str
    login: str
    service: str
    namespace: str
    service_type: str
    host: str | None
    port: int
    gateway: str | None
    where: str
    host_key: str
    fingerprint: str
    password: str | None = field(default=None, repr=False)

    @property
    def inside(self) -> str:
        """The name that every pod of the cluster resolves."""
        return f"{self.service}.{self.namespace}.svc"

    def document(self) -> dict[str, Any]:
        """Return it as plain JSON data."""
        return {
            "environment": self.environment,
            "team": self.team,
            "login": self.login,
            "host": self.host,
            "port": self.port,
            "where": self.where,
            "host_key": self.host_key,
            "fingerprint": self.fingerprint,
            "gateway": self.gateway,
            "service": {"name": self.service, "namespace": self.namespace, "type": self.service_type},
            **({"password": self.password} if self.password else {}),
        }

    @classmethod
    def parse(cls, document: object) -> SshRecord | None:
        """Return what a document says; None for one that names no Service, as of an environment without ssh."""
        ssh = part(document)
        service = part(ssh, "service")
        if not text(service, "name"):
            return None
        return cls(
            environment=text(ssh, "environment"),
            team=text(ssh, "team"),
            login=text(ssh, "login"),
            service=text(service, "name"),
            namespace=text(service, "namespace"),
            service_type=text(service, "type"),
            host=text(ssh, "host") or None,
            port=number(ssh, "port"),
            gateway=text(ssh, "gateway") or None,
            where=text(ssh, "where"),
            # without a comment
            host_key=" ".join(text(ssh, "host_key").split()[:2]),
            fingerprint=text(ssh, "fingerprint"),
            password=text(ssh, "password") or None,
        )


@dataclass(frozen=True, slots=True)
class EnvironmentRecord:
    """Everything that is kept of one server.

    Attributes:
        plan: what it was given; None if nothing was, or nobody knows any more.
        ssh: how it is entered; None without ssh.
        spawn_id: the start that its pod carries the id of; empty while there is none.
        over: starts of it that are over, and whose pods are not known to be gone.
        token: of a start whose Secret is not known to be made; a hub that comes after has to make it.
    """

    plan: PlanRecord | None = None
    ssh: SshRecord | None = None
    spawn_id: str = ""
    over: tuple[str, ...] = ()
    token: str = field(default="", repr=False)

    def with_over(self, spawn_id: str) -> EnvironmentRecord:
        """Return it with a start that is over, and whose pod should be gone."""
        if not spawn_id or spawn_id in self.over:
            return self
        return replace(self, over=(*self.over, spawn_id)[-_MOST_OVER:])

    def without(self, spawn_id: str) -> EnvironmentRecord:
        """Return it without a start of which nothing is left."""
        return replace(self, over=tuple(one for one in self.over if one != spawn_id))

    def document(self) -> dict[str, Any]:
        """Return it as what is added to the server's state; nothing of nothing."""
        kept = {
            _PLAN: self.plan and self.plan.document(),
            _SSH: self.ssh and self.ssh.document(),
            _SPAWN_ID: self.spawn_id,
            _OVER: list(self.over),
            _TOKEN: self.token,
        }
        said = {name: value for name, value in kept.items() if value}
        return {_VERSION: VERSION, **said} if said else {}

    @classmethod
    def parse(cls, state: object) -> EnvironmentRecord:
        """Return what a server's state says, whichever version wrote it; what it does not say is empty."""
        kept = part(state)
        over = kept.get(_OVER)
        return cls(
            plan=PlanRecord.parse(kept.get(_PLAN)),
            ssh=SshRecord.parse(kept.get(_SSH)),
            spawn_id=text(kept, _SPAWN_ID),
            over=tuple(one for one in over if isinstance(one, str)) if isinstance(over, (list, tuple)) else (),
            token=text(kept, _TOKEN),
        )


def _price(written: str) -> Decimal | None:
    """Return a price; it is a product, and so has more digits than one that is typed."""
    try:
        price = Decimal(written)
    except InvalidOperation:
        return None
    return price if price.is_finite() else None


def pod_of(state: Mapping[str, Any]) -> str:
    """Return the ``namespace/name`` of a server's pod, by what KubeSpawner keeps of it."""
    return f"{state.get('namespace')}/{state.get('pod_name')}"


def home_of(state: Mapping[str, Any]) -> str | None:
    """Return the ``namespace/name`` of the claim of a server's home, by what KubeSpawner keeps of it."""
    name = state.get("pvc_name")
    return f"{state.get('namespace')}/{name}" if name else None
