"""A pool of the policy: a kind of nodes, and what an environment on it may ask for."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import Field

from swish_spawner.core.policy.sections.fields import (
    LEFT_OUT,
    Cpu,
    Different,
    Duration,
    Flag,
    Key,
    Maybe,
    Memory,
    Name,
    String,
    Table,
    Text,
    Whole,
    no_entries,
)

Amount = TypeVar("Amount", Decimal, int)


@dataclass(frozen=True, slots=True)
class Bounds(Generic[Amount]):
    """The least, the most and the usual amount of something."""

    min: Amount
    """The least that can be asked for."""
    max: Amount
    """The most that can be asked for."""
    default: Amount
    """What one gets who does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """A ready-made amount of CPU and memory."""

    name: Key = LEFT_OUT
    title: Text = LEFT_OUT
    """What the launch page calls it; left out, its name."""
    cpu: Cpu
    """Its CPU."""
    memory: Memory
    """Its memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scratch:
    """A large volume for data that need not be kept."""

    size: Memory
    """How large."""
    storage_class: Annotated[Maybe[Text], Field(alias="class")] = None
    """The StorageClass; left out, the cluster's default."""
    path: Annotated[String, Field(pattern="^/[a-z0-9/_-]+$")] = "/data"
    """Where it is mounted."""
    access: Literal["ReadWriteOnce", "ReadWriteMany"] = "ReadWriteOnce"
    """Whether one node or several may mount it at a time."""
    keep: Flag = False
    """Whether it outlives the environment's session; else it goes with the pod."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that the pool may grow to."""

    cpu: Maybe[Cpu] = None
    """Cores in all."""
    memory: Maybe[Memory] = None
    """Memory in all."""


@dataclass(frozen=True, slots=True)
class Nodes:
    """What the pool's nodes may be, for the autoscaler."""

    instance_types: Different[Text] = ()
    """The cloud's instance types."""
    capacity: Different[Literal["spot", "on-demand"]] = ("on-demand",)
    """Whether nodes may be spot, on-demand or both."""
    limits: Limits = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """A kind of nodes, and what an environment on it may ask for."""

    name: Key = LEFT_OUT
    title: Text = LEFT_OUT
    """What the launch page calls it; left out, its name."""
    description: Text = ""
    """One line below the title."""
    cpu: Bounds[Cpu]
    """CPU per environment."""
    memory: Bounds[Memory]
    """Memory per environment."""
    sizes: Table[Size] = field(default_factory=no_entries)
    """Ready-made choices on the launch page, by name."""
    gpus: Table[Annotated[Whole, Field(ge=1, le=16)]] = field(default_factory=no_entries)
    """The most GPUs per environment, by kind; a pool with any is chosen when a GPU is asked for."""
    above: Maybe[Memory] = None
    """The pool is chosen by itself for a memory request above this."""
    qos: Literal["guaranteed", "burstable"] = "guaranteed"
    """guaranteed makes requests equal limits, so that the kubelet evicts it last; burstable asks for half."""
    taint: Maybe[Name] = None
    """The pool's nodes carry the taint swish.io/workload=NAME:NoSchedule, and its pods tolerate it."""
    protect: Flag = False
    """Whether drains and autoscalers must leave a running environment alone."""
    scratch: Maybe[Scratch] = None
    shm: Maybe[Memory] = None
    """How large /dev/shm is; it counts towards the environment's memory. Left out, the runtime's 64Mi."""
    stop_grace: Duration = timedelta(seconds=30)
    """How long an environment may take to save its work when it is stopped."""
    ssh: Literal["sidecar", "notebook"] = LEFT_OUT
    """Where sshd runs: sidecar, a container of its own with its own CPU and memory; or notebook, beside JupyterLab,
    where a session sees the GPU and all of the memory, and can change what the log says of it. Left out, notebook for a
    pool with gpus or above, else sidecar."""
    nodes: Nodes = Nodes()
