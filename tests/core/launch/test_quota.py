"""One more environment fits its team's quota and its person's, or the sentence says what is in the way."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from swish_spawner.core.launch.quota import Use, check_quota
from swish_spawner.core.policy.values import Policy
from swish_spawner.errors import Denied

GIB = 2**30


def use(user: str, environment: str, cpu: int = 1, memory_gib: int = 1, gpus: int = 0) -> Use:
    """Something that runs in the team imaging: of 64 CPU, 300 GiB, 4 GPUs; 3 environments and 40 CPU each person."""
    return Use("imaging", user, environment, Decimal(cpu), memory_gib * GIB, gpus)


FITS: list[tuple[Use, list[Use], str]] = [
    (use("ada", "a"), [], "nothing runs"),
    (use("ada", "a", cpu=24), [use("ben", "b", cpu=40)], "up to the last core"),
    (use("ada", "a", cpu=40), [use("ada", "a", cpu=40)], "its own earlier start does not count"),
    (use("ada", "a"), [use("ben", "b", gpus=4)], "what is not asked for may be used up"),
]


@pytest.mark.parametrize(("wanted", "uses", "reason"), FITS, ids=[row[2] for row in FITS])
def test_it_fits(policy: Policy, wanted: Use, uses: list[Use], reason: str) -> None:
    """Nothing is raised."""
    check_quota(wanted, policy.teams["imaging"], uses)


FULL: list[tuple[Use, list[Use], str]] = [
    (
        use("ada", "a", cpu=25),
        [use("ben", "b", cpu=30), use("cy", "c", cpu=10)],
        (
            "Team Imaging may use 64 CPU: 40 CPU in use (ben 30 CPU, cy 10 CPU), 24 CPU left, and "
            "this asks for 25 CPU; ask for less, or stop an environment."
        ),
    ),
    (
        use("ada", "a", memory_gib=250),
        [use("ben", "b", memory_gib=51)],
        (
            "Team Imaging may use 300Gi of memory: 51Gi of memory in use (ben 51Gi of memory), 249Gi of memory left, "
            "and this asks for 250Gi of memory; ask for less, or stop an environment."
        ),
    ),
    (
        use("ada", "a", gpus=1),
        [use("ben", "b", gpus=4)],
        (
            "Team Imaging may use 4 GPUs: 4 GPUs in use (ben 4 GPUs), 0 GPUs left, and this asks for 1 GPU; "
            "ask for less, or stop an environment."
        ),
    ),
    (
        use("ada", "a"),
        [use("ada", "b"), use("ada", "c"), use("ada", "d")],
        (
            "Each person in team Imaging may use 3 environments: 3 environments in use (ada 3 environments), "
            "0 environments left, and this asks for 1 environment; ask for less, or stop an environment."
        ),
    ),
    (
        use("ada", "a", cpu=65),
        [],
        (
            "Team Imaging may use 64 CPU: 0 CPU in use, 64 CPU left, and this asks for 65 CPU; ask for less, "
            "or stop an environment."
        ),
    ),
]


@pytest.mark.claim("quotas")
@pytest.mark.parametrize(("wanted", "uses", "sentence"), FULL)
def test_it_does_not_fit(policy: Policy, wanted: Use, uses: list[Use], sentence: str) -> None:
    """The sentence says what is used, by whom, and what is left."""
    with pytest.raises(Denied) as caught:
        check_quota(wanted, policy.teams["imaging"], uses)
    assert caught.value.reason == sentence
    assert caught.value.rule == "quota"


def test_many_people_are_not_all_named(policy: Policy) -> None:
    """The five largest shares are, and the rest is counted."""
    uses = [use(f"user-{n}", f"e{n}", cpu=n) for n in range(1, 9)]
    with pytest.raises(Denied, match=r"user-8 8 CPU, .* and 3 more people"):
        check_quota(use("ada", "a", cpu=40), policy.teams["imaging"], uses)


def test_a_team_without_a_quota_has_no_end(policy: Policy) -> None:
    """Left out means no limit."""
    check_quota(replace(use("ada", "a", cpu=1000), team="genomics"), policy.teams["genomics"], [])
