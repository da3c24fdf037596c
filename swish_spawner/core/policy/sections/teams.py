"""A team of the policy: who pays, who belongs together, and what they may use."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from swish_spawner.core.policy.sections.fields import (
    LEFT_OUT,
    Cpu,
    Different,
    Key,
    Maybe,
    Memory,
    Money,
    Name,
    Set,
    String,
    Text,
    Whole,
)

Strength = Literal["none", "preferred", "required"]


@dataclass(frozen=True, slots=True)
class Quota:
    """The most that a team's environments may use together; what is left out has no limit."""

    cpu: Maybe[Cpu] = None
    """Cores in all."""
    memory: Maybe[Memory] = None
    """Memory in all."""
    gpus: Maybe[Annotated[Whole, Field(ge=0)]] = None
    """GPUs in all."""


@dataclass(frozen=True, slots=True)
class PersonalQuota:
    """The most that one person's environments in a team may use together; what is left out has no limit."""

    environments: Maybe[Annotated[Whole, Field(ge=1)]] = None
    """How many at a time."""
    cpu: Maybe[Cpu] = None
    """Cores in all."""
    memory: Maybe[Memory] = None
    """Memory in all."""
    gpus: Maybe[Annotated[Whole, Field(ge=0)]] = None
    """GPUs in all."""


@dataclass(frozen=True, slots=True)
class TeamBudget:
    """What the team means to spend."""

    month: Money
    """In a calendar month."""


@dataclass(frozen=True, slots=True)
class NodeAffinity:
    """Whether environments go to nodes that are labelled for the team or the project."""

    team: Strength = "none"
    """Nodes labelled swish.io/team."""
    project: Strength = "none"
    """Nodes labelled swish.io/project."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """Who pays and who belongs together."""

    name: Key = LEFT_OUT
    title: Text = LEFT_OUT
    """What the launch page calls it; left out, its name."""
    groups: Annotated[Set[Text], Field(min_length=1)]
    """The JupyterHub groups whose members are in the team."""
    leads: Different[Annotated[String, Field(pattern=r"^[^@\s]+@[^@\s]+$")]] = ()
    """Mail addresses that get the team's statement; a user of that name sees who entered its environments."""
    lead_groups: Set[Text] = frozenset()
    """The JupyterHub groups whose members see who entered the team's environments."""
    projects: Annotated[Different[Name], Field(min_length=1)] = ("default",)
    """What the team's costs are split by; the first is the default."""
    pools: Different[Name] = LEFT_OUT
    """The pools it may use; left out, all."""
    images: Different[Name] = LEFT_OUT
    """The images it may use; left out, all."""
    namespace: Maybe[Annotated[String, Field(pattern="^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]] = None
    """The namespace of the team's environments; left out, the installation's."""
    quota: Quota = Quota()
    budget: Maybe[TeamBudget] = None
    per_user: PersonalQuota = PersonalQuota()
    affinity: NodeAffinity = NodeAffinity()
    idle: Name = "standard"
    """The idle ladder that its environments stand on."""


def is_lead(team: Team, person: str, groups: Iterable[str]) -> bool:
    """Say whether somebody leads a team: by name, or as a member of one of its leads' groups."""
    return person in team.leads or not team.lead_groups.isdisjoint(groups)
