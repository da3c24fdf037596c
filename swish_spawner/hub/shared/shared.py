"""What one hub has one of."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, MutableMapping
from typing import Any, Final, TypeVar

from swish_spawner.adapters.kubernetes.node_looks import NodeLooks
from swish_spawner.adapters.kubernetes.nodes import NodeView
from swish_spawner.adapters.kubernetes.watches.wakeups import WakeUps
from swish_spawner.hub.shared.policies import Policies
from swish_spawner.hub.shared.queue import StartQueue
from swish_spawner.hub.shared.uses import NodeWaits, QuotaUsage

#: Where it stands in the hub's settings.
KEY: Final = "swish_shared"
T = TypeVar("T")


class Shared:
    """What all of a hub have in common.

    Args:
        concurrent_starts: how many environments start at once; 0 is no limit.

    Attributes:
        policies: in force.
        uses: what runs or starts now.
        queue: of launches that wait for their turn.
        node_waits: how long environments lately waited for a node.
        nodes: what the nodes have room for.
        node_looks: whether the nodes answer on which starts take long.
        wakeups: of those who wait for news of a pod.
        spawns: the ids of all starts whose environment is there, or on its way. What carries another of this hub's is
            nobody's.
        over: those of starts that are over, by a person's word or because they failed, and whose pods may still be
            there.
        told: by user and server, the uid of a pod that the person was told of: it still runs, unknown to the hub.
    """

    def __init__(self, concurrent_starts: int = 0) -> None:
        self.policies = Policies()
        self.uses = QuotaUsage()
        self.queue = StartQueue(concurrent_starts)
        self.node_waits = NodeWaits()
        self.nodes = NodeView()
        self.node_looks = NodeLooks()
        self.wakeups = WakeUps()
        self.spawns: set[str] = set()
        self.over: set[str] = set()
        self.told: dict[tuple[str, str], str] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    def keep(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Do something that is the hub's, whoever waits for it; the event loop alone would let go of it."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        # whoever waits is told of an error; when all were cancelled, nobody is
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return task

    def __deepcopy__(self, memo: object) -> Shared:
        """Return the same: traitlets copies what stands in a configuration, and there is one for a hub."""
        return self


def shared_of(settings: MutableMapping[str, Any], concurrent_starts: int = 0) -> Shared:
    """Return what a hub's settings have; where somebody set others over them, it is made now.

    Args:
        settings: of the hub.
        concurrent_starts: the limit of the queue then.
    """
    if KEY not in settings:
        settings[KEY] = Shared(concurrent_starts)
    shared: Shared = settings[KEY]
    return shared
