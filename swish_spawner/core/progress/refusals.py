"""The API server's refusals of a pod or a claim, as sentences that say what the person can do."""

from __future__ import annotations

import re
from typing import Final

from swish_spawner.core.policy.sections.teams import Team
from swish_spawner.core.quoting import says
from swish_spawner.errors import Denied

#: What refuses, its rule, and what to do. The wordings are those of plugin/pkg/admission in kubernetes/kubernetes.
_RULES: Final = (
    (
        re.compile(r"(?:maximum|minimum) \S+ usage per|max limit to request ratio"),
        "limit_range",
        "This environment is larger or smaller than the cluster allows; choose another size, or ask an administrator.",
    ),
    (
        re.compile(r"exceeded quota|failed quota"),
        "quota",
        "A quota of the cluster is used up; ask for less, stop an environment, or ask an administrator.",
    ),
    (
        re.compile(r"ValidatingAdmissionPolicy|denied the request"),
        "admission",
        "A rule of this cluster refuses this environment; choose what the rule allows, or ask an administrator.",
    ),
    (
        re.compile(r"violates PodSecurity"),
        "pod_security",
        "This cluster's security rules refuse the environment as it is set up; ask an administrator.",
    ),
    (
        re.compile(r"cannot create resource|is being terminated|namespaces \"[^\"]*\" not found"),
        "installation",
        "Environments cannot be made where this installation makes them; ask an administrator.",
    ),
)
_EXCEEDED: Final = re.compile(
    r"exceeded quota: (?P<name>\S+), requested: (?P<asked>\S+), used: (?P<used>\S+), limited: (?P<most>\S+)"
)
_ANY: Final = "The cluster refuses this environment; make another choice, or ask an administrator."


def refusal(message: str, team: Team) -> Denied:
    """Translate the API server's refusal.

    Args:
        message: of its answer.
        team: for whom the object was to be made.

    Returns:
        The refusal as a sentence; its rule says what refused.
    """
    if (over := quota_refusal(message, team)) is not None:
        return over
    rule, sentence = next(
        ((rule, said) for pattern, rule, said in _RULES if pattern.search(message)), ("cluster", _ANY)
    )
    return Denied(f"{sentence}{says('Kubernetes', message, 400)}", rule=rule)


def quota_refusal(message: str, team: Team) -> Denied | None:
    """Translate the API server's refusal of a pod over a ResourceQuota.

    Args:
        message: the ``message`` of the API server's 403 answer.
        team: whose namespace it is.

    Returns:
        The refusal as a sentence, or None if the message is about something else.
    """
    found = _EXCEEDED.search(message)
    if found is None:
        return None
    return Denied(
        f"The cluster's quota for team {team.title} is used up: it allows {found['most']}, {found['used']} is in use, "
        f"and this asks for {found['asked']}; ask for less, or stop an environment.",
        rule="quota",
    )
