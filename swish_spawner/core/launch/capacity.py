"""Whether a pool has room: what its nodes have, what runs on them, and what the policy lets it grow to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, auto
from typing import Any, Final

from swish_spawner.core.labels import GPU_RESOURCE, PROJECT, TAINT, TEAM, WORKLOAD
from swish_spawner.core.launch.taints import Terms, opens_a_pool, pool_toleration, tolerates
from swish_spawner.core.ownership import has_ended
from swish_spawner.core.policy.sections.pools import Pool
from swish_spawner.core.policy.sections.teams import Team
from swish_spawner.core.units import parse_quantity

Manifest = Mapping[str, Any]

#: Effects of taints that keep a pod from starting on a node; ``PreferNoSchedule`` does not.
_KEEPING: Final = ("NoSchedule", "NoExecute")


class PoolState(Enum):
    """What a pool has for one more environment of some size."""

    FREE = auto()
    NEW_NODE = auto()
    FULL = auto()
    #: Nobody looks at the nodes, and the policy says that the pool grows.
    GROWS = auto()
    #: Nobody looks at the nodes, and the pool has those that it has.
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class Amounts:
    """Cores, bytes and GPUs."""

    cpu: Decimal = Decimal(0)
    memory: int = 0
    gpus: int = 0

    def __add__(self, other: Amounts) -> Amounts:
        return Amounts(self.cpu + other.cpu, self.memory + other.memory, self.gpus + other.gpus)

    def most(self, other: Amounts) -> Amounts:
        """Return the larger of each."""
        return Amounts(max(self.cpu, other.cpu), max(self.memory, other.memory), max(self.gpus, other.gpus))

    def is_within(self, other: Amounts) -> bool:
        """Say whether there is no more of anything than in another."""
        return self.cpu <= other.cpu and self.memory <= other.memory and self.gpus <= other.gpus


@dataclass(frozen=True, slots=True)
class Node:
    """One node: what it can give in all, and what its pods have asked for; `is_open` is ready and not cordoned."""

    name: str
    allocatable: Amounts
    used: Amounts
    taints: tuple[Terms, ...]
    labels: Mapping[str, str]
    is_open: bool


@dataclass(frozen=True, slots=True)
class Seat:
    """What an environment needs of a node: its amounts, and what it tolerates and requires.

    Attributes:
        need: what it asks for.
        tolerations: all that its pod will have.
        labels: each label that a node must have, with the values that will do.
    """

    need: Amounts
    tolerations: tuple[Terms, ...] = ()
    labels: Mapping[str, Collection[str]] | None = None

    def is_on(self, node: Node) -> bool:
        """Say whether there is room for it on a node now."""
        keeping = [taint for taint in node.taints if taint.get("effect") in _KEEPING]
        return (
            node.is_open
            and (node.used + self.need).is_within(node.allocatable)
            and all(any(tolerates(toleration, taint) for toleration in self.tolerations) for taint in keeping)
            and all(node.labels.get(key) in values for key, values in (self.labels or {}).items())
        )


def needed(pool: Pool, most: Amounts) -> Amounts:
    """Return what an environment asks of a node that may use so much: half of it in a burstable pool."""
    return most if pool.qos == "guaranteed" else Amounts(most.cpu / 2, most.memory // 2, most.gpus)


def seat_of(pool: Pool, need: Amounts, teams: Sequence[Team], tolerations: Iterable[Terms]) -> Seat:
    """Return what an environment of a pool needs of a node, for a person who may choose among some teams.

    Args:
        pool: the pool.
        need: what it asks for.
        teams: those that may use the pool; a label is only required if all of them require it.
        tolerations: what an administrator configured for every pod.
    """
    ours = pool_toleration(pool)
    kept = tuple(toleration for toleration in tolerations if not opens_a_pool(toleration))
    labels: dict[str, Collection[str]] = {}
    if teams and all(team.affinity.team == "required" for team in teams):
        labels[TEAM] = {team.name for team in teams}
    if teams and all(team.affinity.project == "required" for team in teams):
        labels[PROJECT] = {project for team in teams for project in team.projects}
    return Seat(need, (*kept, *([ours] if ours else [])), labels)


def pool_state(pool: Pool, seat: Seat, nodes: Sequence[Node] | None) -> PoolState:
    """Say what a pool has for one more environment.

    Args:
        pool: the pool.
        seat: what the environment needs of a node.
        nodes: every node of the cluster; None where nobody may look.
    """
    if nodes is None:
        return PoolState.GROWS if pool.nodes.instance_types else PoolState.UNKNOWN
    if any(seat.is_on(node) for node in nodes):
        return PoolState.FREE
    return PoolState.NEW_NODE if can_grow(pool, seat.need, nodes) else PoolState.FULL


def can_grow(pool: Pool, need: Amounts, nodes: Iterable[Node]) -> bool:
    """Say whether a pool may get another node: the policy names kinds of nodes, and its limits are not reached."""
    own = sum((node.allocatable for node in nodes if _is_of(node, pool)), need)
    cpu, memory = pool.nodes.limits.cpu, pool.nodes.limits.memory
    return (
        bool(pool.nodes.instance_types) and (cpu is None or own.cpu <= cpu) and (memory is None or own.memory <= memory)
    )


def _is_of(node: Node, pool: Pool) -> bool:
    """Say whether a node is of a pool: tainted or labelled for it. One that says nothing is of none that grows."""
    if pool.taint is None:
        return node.labels.get(WORKLOAD) == "general"
    tainted = any(taint["key"] == TAINT and taint.get("value") == pool.taint for taint in node.taints)
    return tainted or node.labels.get(WORKLOAD) == pool.taint


def nodes_of(nodes: Iterable[Manifest], pods: Iterable[Manifest]) -> tuple[Node, ...]:
    """Read nodes, and what runs on them, from manifests.

    Args:
        nodes: as the API server has them.
        pods: of any node or none; those that have ended use nothing.
    """
    used: dict[str, Amounts] = defaultdict(Amounts)
    for pod in pods:
        name = pod["spec"].get("nodeName")
        if name and not has_ended(pod):
            used[name] += requests_of(pod)
    return tuple(_node(manifest, used[manifest["metadata"]["name"]]) for manifest in nodes)


def _node(manifest: Manifest, used: Amounts) -> Node:
    metadata, spec, status = manifest["metadata"], manifest.get("spec") or {}, manifest.get("status") or {}
    ready = {c["type"]: c["status"] for c in status.get("conditions") or ()}.get("Ready") == "True"
    return Node(
        name=metadata["name"],
        allocatable=_amounts(status.get("allocatable") or {}),
        used=used,
        taints=tuple(spec.get("taints") or ()),
        labels=metadata.get("labels") or {},
        is_open=ready and not spec.get("unschedulable"),
    )


def requests_of(pod: Manifest) -> Amounts:
    """Return what a pod asks of its node.

    Sidecars count with the containers, and of the other init containers only the largest
    (https://kubernetes.io/docs/concepts/workloads/pods/init-containers/#resource-sharing-within-containers).
    """
    spec = pod["spec"]
    inits = spec.get("initContainers") or ()
    sidecars = [container for container in inits if container.get("restartPolicy") == "Always"]
    together = sum(map(_requests, (*spec["containers"], *sidecars)), Amounts())
    first = Amounts()
    for container in inits:
        first = first.most(_requests(container))
    return together.most(first)


def _requests(container: Manifest) -> Amounts:
    resources = container.get("resources") or {}
    return _amounts({**(resources.get("limits") or {}), **(resources.get("requests") or {})})


def _amounts(quantities: Mapping[str, Any]) -> Amounts:
    cpu, memory, gpus = (parse_quantity(quantities.get(key, 0)) for key in ("cpu", "memory", GPU_RESOURCE))
    return Amounts(cpu, int(memory), int(gpus))
