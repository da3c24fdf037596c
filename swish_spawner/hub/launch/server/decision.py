"""What was decided for one start, and what follows: words for a refusal, names for metrics, values of traits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from swish_spawner.core.launch.plan import Person, ServerPlan, plan_server, record_of
from swish_spawner.core.launch.quota import Uses
from swish_spawner.core.launch.request import parse_request
from swish_spawner.core.pod.traits import MERGED, kubespawner_traits, merged
from swish_spawner.core.policy.values import Policy
from swish_spawner.core.progress.kinds import Circumstances
from swish_spawner.core.progress.refusals import refusal
from swish_spawner.core.reading import Document
from swish_spawner.core.record import PlanRecord
from swish_spawner.core.units import format_memory
from swish_spawner.errors import ClusterAway, ClusterRefused, LaunchFailed, UserError
from swish_spawner.hub.launch.telling.lookout import Lookout, Tell
from swish_spawner.hub.launch.telling.metrics import What, known
from swish_spawner.hub.shared.uses import NodeWaits

#: Said when Kubernetes gives no answer; what it gave instead is in the log.
CLUSTER_AWAY: Final = "Kubernetes does not answer at the moment. Nothing is lost; try again in a few minutes."


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision.

    Attributes:
        plan: what the person gets.
        what: the same for metrics.
    """

    plan: ServerPlan
    what: What

    @classmethod
    def of(cls, person: Person, options: object, policy: Policy, uses: Uses | None = None) -> Decision:
        """Decide what a person gets.

        Args:
            person: who launches, and which server.
            options: what was asked for, as the hub has it.
            policy: in force.
            uses: what counts towards quotas; None leaves them out.

        Raises:
            UserError: the policy refuses.
        """
        plan = plan_server(person, parse_request(options), policy, uses)
        return cls(plan, What(known(plan.pool.name, policy.pools), known(plan.image.name, policy.images)))

    @property
    def record(self) -> PlanRecord:
        """What is kept of it."""
        return record_of(self.plan)


def lookout(decision: Decision | None, tell: Tell, waits: NodeWaits, node: Callable[[str], Document | None]) -> Lookout:
    """Return who looks at the news of a start; of one that a hub before this one decided, little is known."""
    if decision is None:
        return Lookout(tell, "", waits, Circumstances(), node)
    plan = decision.plan
    # a pool whose nodes are described is one whose nodes are made as they are needed
    circumstances = Circumstances(plan.image.title, format_memory(plan.memory), bool(plan.pool.nodes.instance_types))
    return Lookout(tell, plan.pool.name, waits, circumstances, node)


def in_words(error: ClusterRefused | ClusterAway | UserError, decision: Decision | None) -> UserError:
    """Return what to say to the person whose start ended with an error."""
    if isinstance(error, ClusterAway):
        return LaunchFailed(CLUSTER_AWAY, kind="cluster_away", blame="cluster")
    if isinstance(error, ClusterRefused):
        return (
            refusal(str(error), decision.plan.team)
            if decision
            else LaunchFailed(str(error), kind="cluster", blame="cluster")
        )
    return error


def kind_of(error: BaseException, decision: Decision | None) -> str:
    """Return what kind of failure an error is, as a short slug for metrics."""
    told = in_words(error, decision) if isinstance(error, ClusterRefused | ClusterAway | UserError) else error
    return told.kind if isinstance(told, LaunchFailed) else getattr(told, "rule", "error")


class Traits:
    """The values of KubeSpawner's traits that a decision sets, together with the administrator's own."""

    def __init__(self) -> None:
        self._base: dict[str, Any] = {}
        self._applied: dict[str, Any] = {}

    def of(
        self, plan: ServerPlan, namespace: str, spawn_id: str, current: Callable[[str], Any]
    ) -> Iterator[tuple[str, Any]]:
        """Yield each trait's name with its value, to be set before the next is asked for.

        Args:
            plan: what was decided.
            namespace: the installation's, for teams without one of their own.
            spawn_id: of the start.
            current: gives a trait's value of now.
        """
        for name, value in kubespawner_traits(plan, namespace, spawn_id).items():
            yield name, self._merged(name, current(name), value) if name in MERGED else value

    def configured(self, name: str, current: Any) -> Any:
        """Return the administrator's own value of a trait, whatever we have set since."""
        return self._base.get(name, current)

    def _merged(self, name: str, current: Any, ours: Any) -> Any:
        """Go together with the administrator's value, which is the trait's own unless we were the last to set it."""
        if name not in self._base or current != self._applied[name]:
            self._base[name] = current
        self._applied[name] = merged(name, self._base[name], ours)
        return self._applied[name]
