"""Whether a pool has room, from nodes, what runs on them, and the policy."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from swish_spawner.core.launch.capacity import (
    Amounts,
    Node,
    PoolState,
    can_grow,
    needed,
    nodes_of,
    pool_state,
    requests_of,
    seat_of,
)
from swish_spawner.core.policy.sections.pools import Limits, Nodes, Pool
from swish_spawner.core.policy.sections.teams import Strength
from swish_spawner.core.policy.values import Policy

GIB = 2**30
NOTHING = Amounts()
NEED = Amounts(Decimal(1), 2 * GIB)
HIGH = {"key": "swish.io/workload", "value": "high-memory", "effect": "NoSchedule"}
THEIRS = {"key": "example.org/theirs", "effect": "NoExecute"}
SOFT = {"key": "example.org/soft", "effect": "PreferNoSchedule"}


def node(cpu: str = "4", gib: int = 16, gpus: int = 0, used: Amounts = NOTHING, **more: Any) -> Node:
    """A node that is ready, unless told otherwise."""
    rest: dict[str, Any] = {"taints": (), "labels": {}, "is_open": True} | more
    return Node("node", Amounts(Decimal(cpu), gib * GIB, gpus), used, **rest)


FIXED = Nodes()
GROWING = Nodes(("m5.large",), ("spot",))
LIMITED = Nodes(("m5.large",), ("spot",), Limits(Decimal(8), 20 * GIB))
FULL = Amounts(Decimal(4), 4 * GIB)

STATES: list[tuple[str, Nodes, list[Node] | None, PoolState, str]] = [
    ("general", FIXED, [node()], PoolState.FREE, "an empty node"),
    ("general", FIXED, [node(used=FULL)], PoolState.FULL, "no CPU is left"),
    ("general", FIXED, [node(gib=1)], PoolState.FULL, "never enough memory"),
    ("general", FIXED, [node(used=FULL), node()], PoolState.FREE, "one of two"),
    ("general", FIXED, [node(is_open=False)], PoolState.FULL, "cordoned, or not ready"),
    ("general", FIXED, [node(taints=(HIGH,))], PoolState.FULL, "kept for another pool"),
    ("general", FIXED, [node(taints=(THEIRS,))], PoolState.FULL, "kept for something else"),
    ("general", FIXED, [node(taints=(SOFT,))], PoolState.FREE, "a taint that only prefers"),
    ("general", FIXED, [], PoolState.FULL, "no node at all"),
    ("general", GROWING, [], PoolState.NEW_NODE, "the first node"),
    ("general", GROWING, [node(used=FULL)], PoolState.NEW_NODE, "one more node"),
    ("general", GROWING, [node()], PoolState.FREE, "room comes first"),
    ("general", GROWING, None, PoolState.GROWS, "nobody may look, and it grows"),
    ("general", FIXED, None, PoolState.UNKNOWN, "nobody may look, and it does not grow"),
    ("high-memory", FIXED, [node(taints=(HIGH,))], PoolState.FREE, "its own taint"),
    ("high-memory", FIXED, [node(taints=(HIGH, THEIRS))], PoolState.FULL, "its own taint and another"),
    ("high-memory", FIXED, [node()], PoolState.FREE, "its nodes are preferred alone"),
]


@pytest.mark.parametrize(("name", "kind", "nodes", "expected", "reason"), STATES, ids=[row[4] for row in STATES])
def test_what_a_pool_has(
    policy: Policy, name: str, kind: Nodes, nodes: list[Node] | None, expected: PoolState, reason: str
) -> None:
    """The table says what a person is told."""
    pool = replace(policy.pools[name], nodes=kind)
    assert pool_state(pool, seat_of(pool, NEED, [], ()), nodes) is expected


def test_a_gpu_needs_a_node_that_has_one_free(policy: Policy) -> None:
    """GPUs are counted as CPU and memory are."""
    pool = policy.pools["general"]
    seat = seat_of(pool, replace(NEED, gpus=1), [], ())
    assert not seat.is_on(node())
    assert seat.is_on(node(gpus=1))
    assert not seat.is_on(node(gpus=1, used=Amounts(gpus=1)))


def test_what_an_administrator_configured_is_tolerated_but_for_pools(policy: Policy) -> None:
    """A toleration for every taint opens no pool, and so no node here."""
    pool = policy.pools["general"]
    assert seat_of(pool, NEED, [], [{"key": THEIRS["key"], "operator": "Exists"}]).is_on(node(taints=(THEIRS,)))
    assert not seat_of(pool, NEED, [], [{"operator": "Exists"}]).is_on(node(taints=(HIGH,)))


@pytest.mark.parametrize(
    ("strengths", "team", "expected"),
    [
        (["none"], None, True),
        (["preferred"], None, True),
        (["required"], None, False),
        (["required"], "imaging", True),
        (["required"], "genomics", False),
        (["required", "none"], None, True),
        (["required", "required"], "genomics", True),
    ],
)
def test_nodes_of_the_team(policy: Policy, strengths: list[Strength], team: str | None, expected: bool) -> None:
    """A label that all the person's teams require must be there, for any of them."""
    every = [policy.teams["imaging"], policy.teams["genomics"]]
    teams = [
        replace(team, affinity=replace(team.affinity, team=how)) for team, how in zip(every, strengths, strict=False)
    ]
    labels = {"swish.io/team": team} if team else {}
    assert seat_of(policy.pools["general"], NEED, teams, ()).is_on(node(labels=labels)) is expected


OWN: dict[str, Any] = {"labels": {"swish.io/workload": "general"}}
GROWTH: list[tuple[Nodes, list[Node], bool, str]] = [
    (FIXED, [], False, "the policy names no kind of node"),
    (GROWING, [node(**OWN)] * 99, True, "no limit"),
    (LIMITED, [], True, "far from the limit"),
    (LIMITED, [node(cpu="7", gib=8, **OWN)], True, "up to the limit"),
    (LIMITED, [node(cpu="8", gib=8, **OWN)], False, "beyond the limit of CPU"),
    (LIMITED, [node(cpu="1", gib=19, **OWN)], False, "beyond the limit of memory"),
    (LIMITED, [node(cpu="64", gib=512)], True, "nodes that are not the pool's"),
]


@pytest.mark.parametrize(("kind", "nodes", "expected", "reason"), GROWTH, ids=[row[3] for row in GROWTH])
def test_a_pool_grows_up_to_its_limits(
    policy: Policy, kind: Nodes, nodes: list[Node], expected: bool, reason: str
) -> None:
    """The limits hold for the pool's own nodes, as an autoscaler counts them."""
    assert can_grow(replace(policy.pools["general"], nodes=kind), NEED, nodes) is expected


def test_a_tainted_pools_nodes_are_known_by_the_taint(policy: Policy) -> None:
    """Whether or not they are labelled, too."""
    pool: Pool = replace(policy.pools["high-memory"], nodes=LIMITED)
    assert not can_grow(pool, NEED, [node(cpu="8", taints=(HIGH,))])
    assert not can_grow(pool, NEED, [node(cpu="8", labels={"swish.io/workload": "high-memory"})])
    assert can_grow(pool, NEED, [node(cpu="8", taints=({**HIGH, "value": "gpu"},))])


def test_a_burstable_pool_asks_for_half(policy: Policy) -> None:
    """Requests are what counts on a node."""
    assert needed(policy.pools["shared"], NEED) == Amounts(Decimal("0.5"), GIB)
    assert needed(policy.pools["general"], NEED) == NEED


def container(cpu: str, **more: Any) -> dict[str, Any]:
    """A container that asks for some CPU."""
    return {"name": "c", "resources": {"requests": {"cpu": cpu}}, **more}


ASKED: list[tuple[dict[str, Any], str, str]] = [
    ({"containers": [container("1"), container("500m")]}, "1.5", "containers together"),
    ({"containers": [container("1")], "initContainers": [container("3"), container("2")]}, "3", "the largest first"),
    ({"containers": [container("1")], "initContainers": [container("1", restartPolicy="Always")]}, "2", "a sidecar"),
    ({"containers": [{"name": "c"}]}, "0", "nothing said"),
    ({"containers": [{"name": "c", "resources": {"limits": {"cpu": "2"}}}]}, "2", "requests left out equal limits"),
]


@pytest.mark.parametrize(("spec", "cpu", "reason"), ASKED, ids=[row[2] for row in ASKED])
def test_what_a_pod_asks_of_its_node(spec: dict[str, Any], cpu: str, reason: str) -> None:
    """By Kubernetes' rule of containers, init containers and sidecars."""
    assert requests_of({"spec": spec}).cpu == Decimal(cpu)


def test_nodes_are_read_with_what_runs_on_them() -> None:
    """Pods that have ended, or have no node yet, use nothing."""
    allocatable = {"cpu": "3920m", "memory": "16374544Ki", "nvidia.com/gpu": "2", "pods": "110"}
    status = {"allocatable": allocatable, "conditions": [{"type": "Ready", "status": "True"}]}
    spec = {"containers": [container("920m")]}
    pods: list[dict[str, Any]] = [
        {"spec": {**spec, "nodeName": "one"}, "status": {"phase": "Running"}},
        {"spec": {**spec, "nodeName": "one"}, "status": {"phase": "Succeeded"}},
        {"spec": spec},
    ]
    manifests: list[dict[str, Any]] = [
        {"metadata": {"name": "one", "labels": {"a": "b"}}, "spec": {"taints": [HIGH]}, "status": status},
        {"metadata": {"name": "two"}, "spec": {"unschedulable": True}, "status": status},
        {"metadata": {"name": "three"}, "spec": {}},
    ]
    one, two, three = nodes_of(manifests, pods)
    assert one.allocatable == Amounts(Decimal("3.92"), 16374544 * 1024, 2)
    assert (one.used.cpu, one.taints, one.labels, one.is_open) == (Decimal("0.92"), (HIGH,), {"a": "b"}, True)
    assert (two.is_open, three.is_open) == (False, False)
    assert three.allocatable == Amounts()
