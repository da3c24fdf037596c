"""Words and values that follow from a decision, and from none."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest

from swish_spawner.core.launch.plan import Person
from swish_spawner.core.policy.values import Policy
from swish_spawner.errors import ClusterAway, ClusterRefused, Denied, LaunchFailed
from swish_spawner.hub.launch.server.decision import CLUSTER_AWAY, Decision, Traits, in_words, kind_of


@pytest.fixture
def decision(policy: Policy, ada: Person) -> Decision:
    """A decision about somebody who asks for nothing in particular."""
    return Decision.of(ada, {}, policy)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ClusterAway("timed out"), "cluster_away"),
        (ClusterRefused("no"), "cluster"),
        (Denied("no", rule="pool"), "pool"),
        (LaunchFailed("no", kind="image_pull", blame="cluster"), "image_pull"),
        (RuntimeError("no"), "error"),
    ],
)
def test_each_failure_has_a_kind(decision: Decision, error: Exception, kind: str) -> None:
    """With a decision, and without one after a hub's restart."""
    assert (kind_of(error, decision), kind_of(error, None)) == (kind, kind)


def test_who_waits_is_told_in_words(decision: Decision) -> None:
    """Not what the client library said of it."""
    assert in_words(ClusterAway("HTTPSConnectionPool"), decision).args == (CLUSTER_AWAY,)


def test_metrics_know_only_names_of_the_policy(decision: Decision) -> None:
    """So nobody can make a series."""
    assert (decision.what.pool, decision.what.image) == (decision.plan.pool.name, decision.plan.image.name)


def test_an_administrators_value_is_known_beneath_ours(decision: Decision) -> None:
    """Also after ours was set over it, and set again."""
    theirs = {"one": {"key": "theirs"}}
    traits, values = Traits(), defaultdict[str, Any](dict, tolerations=theirs, start_timeout=600)
    for _ in range(2):
        values.update(traits.of(decision.plan, "swish", "5eed", values.__getitem__))
        assert traits.configured("tolerations", values["tolerations"]) == theirs
