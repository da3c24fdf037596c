"""What is taken of a request: what is asked for where the policy allows it, or else its default, each with a reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from swish_spawner.core.launch.request import AUTO, ServerRequest
from swish_spawner.core.policy.sections.pools import Amount, Bounds, Pool
from swish_spawner.core.policy.sections.teams import Team
from swish_spawner.core.policy.values import Policy
from swish_spawner.core.units import format_cpu, format_memory
from swish_spawner.errors import Denied


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule of the policy, and what it did to this plan."""

    rule: str
    effect: str


def teams_of(groups: Iterable[str], policy: Policy) -> tuple[Team, ...]:
    """Return the teams that members of these JupyterHub groups are in, in the policy's order."""
    members = frozenset(groups)
    return tuple(team for team in policy.teams.values() if team.groups & members)


def refuse_unavailable(request: ServerRequest, policy: Policy) -> None:
    """Accept a request that asks for nothing that is switched off in this installation.

    Raises:
        Denied: it does.
    """
    if request.ssh and not policy.ssh.enabled:
        raise Denied("ssh is switched off in this installation; launch without it.", rule="ssh")
    if request.packages and not policy.packages.enabled:
        raise Denied("Packages cannot be installed at launch here; use pip in a terminal.", rule="packages")


class Choices:
    """Chooses, one thing after the other; each method raises `Denied` where what is asked for is not open.

    Args:
        request: well-formed, not yet trusted.

    Attributes:
        reasons: why each was chosen, in the order of the choices.
    """

    def __init__(self, request: ServerRequest) -> None:
        self._request = request
        self.reasons: list[Reason] = []

    def team(self, teams: Iterable[Team]) -> Team:
        """Choose among the teams that the person is in."""
        own = {team.name: team for team in teams}
        if not own:
            sentence = "You are in no team that may launch here; ask an administrator to add you to one."
            raise Denied(sentence, rule="team")
        return own[self._one_of("team", self._request.team, tuple(own))]

    def project(self, team: Team) -> str:
        """Choose among a team's projects."""
        return self._one_of("project", self._request.project, team.projects)

    def image(self, team: Team) -> str:
        """Choose among the images that a team may use, by name."""
        return self._one_of("image", self._request.image, team.images)

    def pool(self, pools: Sequence[Pool]) -> Pool:
        """Choose among the pools that the team may use; ``auto`` goes by the GPU and the memory that are asked for."""
        if self._request.pool != AUTO:
            name = self._one_of("pool", self._request.pool, tuple(pool.name for pool in pools))
            return next(pool for pool in pools if pool.name == name)
        pool, why = _fitting_pool(self._request, pools)
        self._because("pool", f"{pool.name}, since {why}")
        return pool

    def cpu(self, pool: Pool) -> Decimal:
        """Choose cores within a pool's bounds."""
        return self._within("cpu", self._request.cpu, pool.cpu, pool)

    def memory(self, pool: Pool) -> int:
        """Choose bytes within a pool's bounds."""
        return self._within("memory", self._request.memory, pool.memory, pool)

    def gpus(self, pool: Pool) -> tuple[str | None, int]:
        """Choose a kind of GPU, and how many; None and 0 where the pool has none and none is asked for."""
        request = self._request
        if request.gpu is None and request.gpu_count is None and not pool.gpus:
            return None, 0
        kind = self._one_of("gpu", request.gpu, tuple(pool.gpus))
        count, most = request.gpu_count or 1, pool.gpus[kind]
        if count > most:
            raise Denied(f"gpu_count: {count} is more than the {most} that pool {pool.name} gives.", rule="gpu_count")
        self._because("gpu_count", str(count))
        return kind, count

    def _because(self, rule: str, effect: str) -> None:
        self.reasons.append(Reason(rule, effect))

    def _one_of(self, rule: str, wanted: str | None, allowed: tuple[str, ...]) -> str:
        """Take what is wanted if it is allowed, or else the first; a refusal names only what this person may have."""
        if wanted is None and allowed:
            self._because(rule, f"{allowed[0]}, the first of {', '.join(allowed)}")
            return allowed[0]
        if wanted is None or wanted not in allowed:
            sentence = f"{rule}: {wanted!r} is not open to you; choose one of {', '.join(allowed) or 'none'}."
            raise Denied(sentence, rule=rule)
        self._because(rule, f"{wanted}, as asked")
        return wanted

    def _within(self, rule: str, wanted: Amount | None, bounds: Bounds[Amount], pool: Pool) -> Amount:
        if wanted is None:
            self._because(rule, f"{_text(rule, bounds.default)}, the default of pool {pool.name}")
            return bounds.default
        if not bounds.min <= wanted <= bounds.max:
            least, most = _text(rule, bounds.min), _text(rule, bounds.max)
            given = f"{_text(rule, wanted)} is outside what pool {pool.name} gives"
            raise Denied(f"{rule}: {given}; ask for {least} to {most}.", rule=rule)
        self._because(rule, f"{_text(rule, wanted)}, as asked")
        return wanted


def _fitting_pool(request: ServerRequest, pools: Sequence[Pool]) -> tuple[Pool, str]:
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


def _text(rule: str, amount: Decimal | int) -> str:
    return format_cpu(Decimal(amount)) if rule == "cpu" else format_memory(int(amount))
