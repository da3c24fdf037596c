"""What one hub has one of."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any, Final

from swish_spawner.adapters.kubernetes.node_looks import NodeLooks
from swish_spawner.adapters.kubernetes.nodes import NodeView
from swish_spawner.adapters.kubernetes.watches.wakeups import WakeUps
from swish_spawner.hub.shared.policies import Policies
from swish_spawner.hub.shared.queue import StartQueue
from swish_spawner.hub.shared.uses import NodeWaits, Uses

#: Where it stands in the hub's settings.
KEY: Final = "swish_shared"


class Shared:
    """What all of a hub have in common.

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
    """

    def __init__(self) -> None:
        self.policies = Policies()
        self.uses = Uses()
        self.queue = StartQueue()
        self.node_waits = NodeWaits()
        self.nodes = NodeView()
        self.node_looks = NodeLooks()
        self.wakeups = WakeUps()
        self.spawns: set[str] = set()
        self.over: set[str] = set()

    def __deepcopy__(self, memo: object) -> Shared:
        """Return the same: traitlets copies what stands in a configuration, and there is one for a hub."""
        return self


def shared_of(settings: MutableMapping[str, Any]) -> Shared:
    """Return what a hub's settings have; where nothing was configured, it is made now."""
    shared: Shared = settings[KEY] if KEY in settings else settings.setdefault(KEY, Shared())
    return shared
