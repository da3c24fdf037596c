"""What a person gets: (person, request, policy) to a ServerPlan that explains itself, or a refusal in one sentence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

from swish_spawner.core.labels import TAINT
from swish_spawner.core.launch.quota import Use, Uses, check_quota
from swish_spawner.core.launch.request import AUTO, ServerRequest
from swish_spawner.core.policy.values import Amount, Bounds, Image, Policy, Pool, Ssh, Team
from swish_spawner.core.record import PlanRecord
from swish_spawner.core.units import format_cpu, format_memory
from swish_spawner.errors import Denied

GIB: Final = Decimal(2**30)
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
class Reason:
    """One rule of the policy, and what it did to this plan."""

    rule: str
    effect: str


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
    reasons: list[Reason] = []
    _refuse_unavailable(request, policy)
    team = _team(person, request, policy, reasons)
    project = _choice("project", request.project, team.projects, reasons)
    image = policy.images[_choice("image", request.image, team.images, reasons)]
    pools = [policy.pools[name] for name in team.pools]
    pool = _pool(request, pools, reasons)
    cpu = _amount("cpu", request.cpu, pool.cpu, pool, reasons)
    memory = _amount("memory", request.memory, pool.memory, pool, reasons)
    gpu, gpu_count = _gpus(request, pool, reasons)
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
    return replace(plan, reasons=(*reasons, *_consequences(plan)))


def use_of(plan: PlanRecord, person: Person) -> Use:
    """Return what an environment takes of its team's quota."""
    return Use(plan.team, person.name, person.environment, plan.whole_cpu, plan.whole_memory, plan.gpu_count)


def teams_of(groups: Iterable[str], policy: Policy) -> tuple[Team, ...]:
    """Return the teams that members of these JupyterHub groups are in, in the policy's order."""
    members = frozenset(groups)
    return tuple(team for team in policy.teams.values() if team.groups & members)


def hourly_price(policy: Policy, cpu: Decimal, memory: int, gpu: str | None, gpu_count: int) -> Decimal:
    """Return the exact price of an hour, unrounded: cores, GiB of memory and GPUs, without disk."""
    prices = policy.prices
    price = prices.cpu_core_hour * cpu + prices.memory_gib_hour * Decimal(memory) / GIB
    return price + (prices.gpu_hour.get(gpu, Decimal(0)) * gpu_count if gpu else 0)


def _whole(cpu: Decimal, memory: int, sidecar: Ssh | None) -> tuple[Decimal, int]:
    return (cpu + sidecar.cpu, memory + sidecar.memory) if sidecar else (cpu, memory)


def _refuse_unavailable(request: ServerRequest, policy: Policy) -> None:
    if request.ssh and not policy.ssh.enabled:
        raise Denied("ssh is switched off in this installation; launch without it.", rule="ssh")
    if request.packages and not policy.packages.enabled:
        raise Denied("Packages cannot be installed at launch here; use pip in a terminal.", rule="packages")


def _team(person: Person, request: ServerRequest, policy: Policy, reasons: list[Reason]) -> Team:
    teams = {team.name: team for team in teams_of(person.groups, policy)}
    if not teams:
        raise Denied("You are in no team that may launch here; ask an administrator to add you to one.", rule="team")
    name = _choice("team", request.team, tuple(teams), reasons)
    return teams[name]


def _choice(rule: str, wanted: str | None, allowed: tuple[str, ...], reasons: list[Reason]) -> str:
    """Take what is wanted if it is allowed, or else the first; a refusal names only what this person may have."""
    if wanted is None and allowed:
        reasons.append(Reason(rule, f"{allowed[0]}, the first of {', '.join(allowed)}"))
        return allowed[0]
    if wanted is None or wanted not in allowed:
        raise Denied(f"{rule}: {wanted!r} is not open to you; choose one of {', '.join(allowed) or 'none'}.", rule=rule)
    reasons.append(Reason(rule, f"{wanted}, as asked"))
    return wanted


def _pool(request: ServerRequest, pools: list[Pool], reasons: list[Reason]) -> Pool:
    if request.pool != AUTO:
        name = _choice("pool", request.pool, tuple(pool.name for pool in pools), reasons)
        return next(pool for pool in pools if pool.name == name)
    pool, why = _fitting_pool(request, pools)
    reasons.append(Reason("pool", f"{pool.name}, since {why}"))
    return pool


def _fitting_pool(request: ServerRequest, pools: list[Pool]) -> tuple[Pool, str]:
    if request.gpu is not None or request.gpu_count is not None:
        for pool in pools:
            if request.gpu in pool.gpus or (request.gpu is None and pool.gpus):
                return pool, "a GPU is asked for"
        raise Denied(f"gpu: {request.gpu or 'a GPU'} is in no pool that your team may use.", rule="gpu")
    above = [pool for pool in pools if pool.above is not None and (request.memory or 0) > pool.above]
    if above and request.memory is not None:
        pool = max(above, key=lambda pool: pool.above or 0)
        return pool, f"{format_memory(request.memory)} is above {format_memory(pool.above or 0)}"
    for pool in pools:
        if pool.above is None and not pool.gpus:
            return pool, "nothing asked for needs another"
    raise Denied("pool: none of your team's pools takes this by itself; name one.", rule="pool")


def _amount(rule: str, wanted: Amount | None, bounds: Bounds[Amount], pool: Pool, reasons: list[Reason]) -> Amount:
    if wanted is None:
        reasons.append(Reason(rule, f"{_text(rule, bounds.default)}, the default of pool {pool.name}"))
        return bounds.default
    if not bounds.min <= wanted <= bounds.max:
        least, most = _text(rule, bounds.min), _text(rule, bounds.max)
        sentence = f"{rule}: {_text(rule, wanted)} is outside what pool {pool.name} gives; ask for {least} to {most}."
        raise Denied(sentence, rule=rule)
    reasons.append(Reason(rule, f"{_text(rule, wanted)}, as asked"))
    return wanted


def _text(rule: str, amount: Decimal | int) -> str:
    return format_cpu(Decimal(amount)) if rule == "cpu" else format_memory(int(amount))


def _gpus(request: ServerRequest, pool: Pool, reasons: list[Reason]) -> tuple[str | None, int]:
    if request.gpu is None and request.gpu_count is None and not pool.gpus:
        return None, 0
    kind = _choice("gpu", request.gpu, tuple(pool.gpus), reasons)
    count, most = request.gpu_count or 1, pool.gpus[kind]
    if count > most:
        raise Denied(f"gpu_count: {count} is more than the {most} that pool {pool.name} gives.", rule="gpu_count")
    reasons.append(Reason("gpu_count", str(count)))
    return kind, count


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
