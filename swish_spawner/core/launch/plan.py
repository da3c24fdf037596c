"""What a person gets: (person, request, policy) to a ServerPlan that explains itself, or a refusal in one sentence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

from swish_spawner.core.labels import TAINT
from swish_spawner.core.launch.choices import Choices, Reason, refuse_unavailable, teams_of
from swish_spawner.core.launch.pricing import hourly_price
from swish_spawner.core.launch.quota import Use, Uses, check_quota
from swish_spawner.core.launch.request import ServerRequest
from swish_spawner.core.policy.sections.pools import Pool
from swish_spawner.core.policy.sections.ssh import Ssh
from swish_spawner.core.policy.sections.teams import Team
from swish_spawner.core.policy.values import Image, Policy
from swish_spawner.core.record import PlanRecord
from swish_spawner.core.units import format_cpu, format_memory

GENERAL: Final = "general"


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks, and for which server.

    Attributes:
        name: the exact JupyterHub user name.
        groups: the JupyterHub groups that the person is in.
        server: the exact server name; empty for the default server.
        environment: a DNS-safe name, unique among all users and servers.
    """

    name: str
    groups: frozenset[str]
    server: str
    environment: str


@dataclass(frozen=True, slots=True)
class ServerPlan:
    """Everything that is decided about one environment. CPU is in cores, memory in bytes, the price per hour.

    `cpu` and `memory` are of the container that people work in; `whole` is of the pod, and is what is paid for.
    """

    person: Person
    team: Team
    project: str
    image: Image
    pool: Pool
    cpu: Decimal
    memory: int
    gpu: str | None
    gpu_count: int
    packages: tuple[str, ...]
    ssh: Ssh | None
    home_bytes: int
    home_class: str | None
    home_mount: str
    hourly_price: Decimal
    currency: str
    reasons: tuple[Reason, ...] = field(compare=False)

    @property
    def workload(self) -> str:
        """The value of ``swish.io/workload``: what the pool's nodes are tainted for, or ``general``."""
        return self.pool.taint or GENERAL

    @property
    def sidecar(self) -> Ssh | None:
        """What the policy says of ssh, if sshd runs in a container of its own."""
        return self.ssh if self.pool.ssh == "sidecar" else None

    @property
    def whole(self) -> tuple[Decimal, int]:
        """The cores and bytes of all containers together."""
        return _whole(self.cpu, self.memory, self.sidecar)


def plan_server(person: Person, request: ServerRequest, policy: Policy, uses: Uses | None = None) -> ServerPlan:
    """Decide what a person gets.

    Args:
        person: who asks.
        request: well-formed, not yet trusted.
        policy: in force now.
        uses: what runs or starts now, by team; this environment itself is left out of account. None is nothing.

    Returns:
        The plan, with the reason for each part of it.

    Raises:
        Denied: the policy refuses; the reason is one sentence that the person can act on.
    """
    refuse_unavailable(request, policy)
    choices = Choices(request)
    team = choices.team(teams_of(person.groups, policy))
    project = choices.project(team)
    image = policy.images[choices.image(team)]
    pool = choices.pool([policy.pools[name] for name in team.pools])
    cpu, memory = choices.cpu(pool), choices.memory(pool)
    gpu, gpu_count = choices.gpus(pool)
    ssh = policy.ssh if request.ssh else None
    whole = _whole(cpu, memory, ssh if pool.ssh == "sidecar" else None)
    plan = ServerPlan(
        person=person,
        team=team,
        project=project,
        image=image,
        pool=pool,
        cpu=cpu,
        memory=memory,
        gpu=gpu,
        gpu_count=gpu_count,
        packages=request.packages,
        ssh=ssh,
        home_bytes=policy.home.size,
        home_class=policy.home.storage_class,
        home_mount=policy.home.mount,
        hourly_price=hourly_price(policy, *whole, gpu, gpu_count),
        currency=policy.currency,
        reasons=(),
    )
    check_quota(use_of(record_of(plan), person), plan.team, (uses or {}).get(team.name, ()))
    return replace(plan, reasons=(*choices.reasons, *_consequences(plan)))


def record_of(plan: ServerPlan) -> PlanRecord:
    """Return what is kept of a plan."""
    cpu, memory = plan.whole
    return PlanRecord(
        team=plan.team.name,
        project=plan.project,
        image=plan.image.name,
        pool=plan.pool.name,
        cpu=plan.cpu,
        memory=plan.memory,
        gpu=plan.gpu,
        gpu_count=plan.gpu_count,
        packages=plan.packages,
        ssh=plan.pool.ssh if plan.ssh else None,
        whole_cpu=cpu,
        whole_memory=memory,
        hourly_price=plan.hourly_price,
        currency=plan.currency,
    )


def use_of(plan: PlanRecord, person: Person) -> Use:
    """Return what an environment takes of its team's quota."""
    return Use(plan.team, person.name, person.environment, plan.whole_cpu, plan.whole_memory, plan.gpu_count)


def _whole(cpu: Decimal, memory: int, sidecar: Ssh | None) -> tuple[Decimal, int]:
    return (cpu + sidecar.cpu, memory + sidecar.memory) if sidecar else (cpu, memory)


def _consequences(plan: ServerPlan) -> Iterable[Reason]:
    same = plan.pool.qos == "guaranteed"
    yield Reason("qos", "Guaranteed: requests equal limits" if same else "Burstable: requests are half of limits")
    if plan.pool.taint:
        yield Reason("node", f"tolerates the taint {TAINT}={plan.pool.taint} and prefers such nodes")
    for label in ("team", "project"):
        if (strength := getattr(plan.team.affinity, label)) != "none":
            yield Reason("node", f"nodes labelled for the {label} are {strength}")
    if plan.pool.protect:
        yield Reason("protect", "drains and autoscalers leave it alone while it runs")
    if scratch := plan.pool.scratch:
        kept = "kept between sessions" if scratch.keep else "gone with the session"
        yield Reason("scratch", f"{format_memory(scratch.size)} at {scratch.path}, {kept}")
    if plan.packages:
        yield Reason("packages", f"{len(plan.packages)} installed before it starts")
    if plan.ssh:
        yield Reason("ssh", _where(plan.sidecar))
    yield Reason("home", f"{format_memory(plan.home_bytes)} at {plan.home_mount}, kept between sessions")
    yield Reason("price", f"{plan.hourly_price.normalize():f} {plan.currency} per hour")


def _where(sidecar: Ssh | None) -> str:
    if sidecar is None:
        return "sshd runs beside JupyterLab, so that a session sees its GPU and its memory"
    more = f"{format_cpu(sidecar.cpu)} CPU and {format_memory(sidecar.memory)}"
    return f"sshd runs in a container of its own with {more} more, and without the environment's GPU or memory"
