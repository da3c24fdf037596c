"""Which pods are nobody's: ours, of no live start, and so for long enough that it can only be true.

A start whose request reached Kubernetes after it was given up, or a hub that was killed, may leave a pod that no server
of the hub knows. Every pod carries the id of the start that made it, and of the installation (`core.labels`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum


class Verdict(Enum):
    """What is found of a pod; its value is the reason, as the end of a sentence about the pod."""

    FOREIGN = "carries no stamp of this installation"
    UNSTAMPED = "does not say which start made it"
    LIVE = "is of a live start"
    NAMED = "has the name of a live server's pod"
    ENDING = "is being deleted"
    YOUNG = "is of no live start, but was made only just now"
    NEW = "is of no live start, but was not found so before"
    LOST = "has run, and is of no start that this hub knows of"
    DEAD = "is of no live start"


#: The pods that nobody has. All but the last are given time, one that is lost for ever: a hub whose database is new,
#: or of before, knows nothing of environments that people work in.
_NOBODYS = (Verdict.YOUNG, Verdict.NEW, Verdict.LOST, Verdict.DEAD)


@dataclass(frozen=True, slots=True)
class Desired:
    """What the hub knows.

    Attributes:
        installation: whose pods these are.
        spawn_ids: of every start whose environment is there or on its way.
        over: of starts that failed or were stopped, and whose pods were not seen to go.
        pods: the ``namespace/name`` of every live server's pod.
    """

    installation: str
    spawn_ids: Collection[str]
    pods: Collection[str]
    over: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Observed:
    """A pod, as Kubernetes has it.

    Attributes:
        key: ``namespace/name``.
        uid: of the pod.
        version: its resource version.
        created: when, with a timezone.
        ending: whether it has been asked to end.
        installation: its stamp, or empty.
        spawn_id: its stamp, or empty.
        server: ``user/server`` by its stamps, for people to read.
        worked: whether somebody may have worked in it (`core.ownership`).
    """

    key: str
    uid: str
    version: str
    created: datetime
    ending: bool
    installation: str
    spawn_id: str
    server: str
    worked: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """When to act.

    Attributes:
        age: what a pod is at least.
        apart: how far apart two looks are, in both of which it is nobody's.
        most: how many pods go in one round.
        fuse_count: up to this many pods that are nobody's, their share does not matter.
        fuse_share: with more of the installation's pods than this share, it is the hub's knowledge that is wrong.
    """

    age: timedelta = timedelta(minutes=5)
    apart: timedelta = timedelta(seconds=30)
    most: int = 20
    fuse_count: int = 5
    fuse_share: float = 0.5


@dataclass(frozen=True, slots=True)
class Finding:
    """A pod, and what is found of it."""

    pod: Observed
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Decision:
    """What a look has found, and what to do.

    Attributes:
        remove: the pods to delete, oldest first.
        nobodys: every pod that is nobody's, oldest first.
        known: when each of them was first found so, by uid; for the next look.
        pods: how many pods the installation has.
        fuse: why nothing is removed although something could be, or empty.
    """

    remove: tuple[Observed, ...]
    nobodys: tuple[Finding, ...]
    known: Mapping[str, datetime]
    pods: int
    fuse: str


def judge(desired: Desired, pod: Observed, known: Mapping[str, datetime], now: datetime, rules: Rules) -> Verdict:
    """Return what is to be found of a pod. Whatever speaks for it counts more than anything that speaks against it."""
    if (excuse := _excuse(desired, pod)) is not None:
        return excuse
    if now - pod.created < rules.age:
        return Verdict.YOUNG
    if pod.uid not in known or now - known[pod.uid] < rules.apart:
        return Verdict.NEW
    return Verdict.LOST if pod.worked and pod.spawn_id not in desired.over else Verdict.DEAD


def _excuse(desired: Desired, pod: Observed) -> Verdict | None:
    """Return why a pod is none of the sweeper's business, however old it is."""
    if pod.installation != desired.installation or not pod.installation:
        return Verdict.FOREIGN
    if not pod.spawn_id:
        return Verdict.UNSTAMPED
    if pod.spawn_id in desired.spawn_ids:
        return Verdict.LIVE
    if pod.key in desired.pods:
        return Verdict.NAMED
    return Verdict.ENDING if pod.ending else None


def decide(
    desired: Desired,
    observed: Collection[Observed],
    known: Mapping[str, datetime],
    now: datetime,
    rules: Rules,
) -> Decision:
    """Return what to remove now.

    Args:
        desired: what the hub knows, of the same moment as `observed` or later.
        observed: the pods.
        known: as the last decision has it.
        now: with a timezone.
        rules: when to act.
    """
    findings = [Finding(pod, judge(desired, pod, known, now, rules)) for pod in observed]
    ours = sum(finding.verdict is not Verdict.FOREIGN for finding in findings)
    nobodys = sorted((f for f in findings if f.verdict in _NOBODYS), key=lambda f: (f.pod.created, f.pod.key))
    fuse = ""
    if len(nobodys) > rules.fuse_count and len(nobodys) > rules.fuse_share * ours:
        fuse = f"{len(nobodys)} of {ours} pods would be nobody's: it is more likely that the hub has lost its database"
    dead = () if fuse else tuple(finding.pod for finding in nobodys if finding.verdict is Verdict.DEAD)
    since = {finding.pod.uid: known.get(finding.pod.uid, now) for finding in nobodys}
    return Decision(dead[: rules.most], tuple(nobodys), since, ours, fuse)
