"""Whether one more environment fits, and the sentence that says why not: what is used, what is left, and by whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from swish_spawner.core.policy.sections.teams import PersonalQuota, Quota, Team
from swish_spawner.core.units import format_cpu, format_memory
from swish_spawner.errors import Denied

_MOST_NAMES: Final = 5


@dataclass(frozen=True, slots=True)
class Use:
    """What one environment takes while it runs or starts: cores, bytes, GPUs."""

    team: str
    user: str
    environment: str
    cpu: Decimal
    memory: int
    gpus: int


#: What runs or starts now, by team.
Uses = Mapping[str, Collection[Use]]


@dataclass(frozen=True, slots=True)
class _Resource:
    """One thing that a quota counts: its field in Quota, what one environment takes of it, and how it is written."""

    field: str
    taken: Callable[[Use], Decimal]
    text: Callable[[Decimal], str]


_RESOURCES: Final = (
    _Resource("environments", lambda _: Decimal(1), lambda n: f"{n} environment{'s' if n != 1 else ''}"),
    _Resource("cpu", lambda use: use.cpu, lambda n: f"{format_cpu(n)} CPU"),
    _Resource("memory", lambda use: Decimal(use.memory), lambda n: f"{format_memory(int(n)) if n else 0} of memory"),
    _Resource("gpus", lambda use: Decimal(use.gpus), lambda n: f"{n} GPU{'s' if n != 1 else ''}"),
)


def check_quota(wanted: Use, team: Team, uses: Iterable[Use]) -> None:
    """Accept one more environment, if the team's quota and the person's own hold it.

    Args:
        wanted: what it would take.
        team: whose quotas count.
        uses: what the team runs or starts now; `wanted` itself is left out of account.

    Raises:
        Denied: it does not fit; the sentence says what is used, what is left and who uses it.
    """
    others = [use for use in uses if use.environment != wanted.environment]
    _check(wanted, team.quota, others, f"Team {team.title}")
    own = [use for use in others if use.user == wanted.user]
    _check(wanted, team.per_user, own, f"Each person in team {team.title}")


def _check(wanted: Use, quota: Quota | PersonalQuota, others: Sequence[Use], who: str) -> None:
    for resource in _RESOURCES:
        most = getattr(quota, resource.field, None)
        more = resource.taken(wanted)
        used = sum(map(resource.taken, others), start=Decimal(0))
        if most is None or not more or used + more <= most:
            continue
        left = resource.text(max(Decimal(most) - used, Decimal(0)))
        text = resource.text
        raise Denied(
            f"{who} may use {text(Decimal(most))}: {text(used)} in use{_by(others, resource)}, {left} left, and this "
            f"asks for {text(more)}; ask for less, or stop an environment.",
            rule="quota",
        )


def _by(others: Sequence[Use], resource: _Resource) -> str:
    shares: Counter[str] = Counter()
    for use in others:
        shares[use.user] += resource.taken(use)  # type: ignore[assignment]  # a Counter of Decimals
    most = [f"{user} {resource.text(Decimal(share))}" for user, share in shares.most_common(_MOST_NAMES) if share]
    rest = len(shares) - _MOST_NAMES
    return f" ({', '.join(most)}{f' and {rest} more people' if rest > 0 else ''})" if most else ""
