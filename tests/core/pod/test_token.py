"""The token of an environment is not in its pod."""

from __future__ import annotations

import copy
from typing import Any

from swish_spawner.core.pod.token import from_secret

POD: dict[str, Any] = {
    "spec": {
        "initContainers": [{"name": "packages"}],
        "containers": [
            {
                "name": "notebook",
                "env": [
                    {"name": "JPY_API_TOKEN", "value": "secret"},
                    {"name": "JUPYTERHUB_API_TOKEN", "value": "secret"},
                    {"name": "JUPYTERHUB_USER", "value": "ada"},
                ],
            },
            {"name": "theirs", "env": [{"name": "JUPYTERHUB_API_TOKEN", "value": "secret"}]},
            {"name": "own", "env": [{"name": "JUPYTERHUB_API_TOKEN", "valueFrom": {"secretKeyRef": {"name": "x"}}}]},
        ],
    }
}


def test_no_container_has_the_token_as_a_value() -> None:
    """Nor one that an administrator added."""
    assert "'secret'" not in str(from_secret(POD, "0123"))
    notebook, theirs, _ = from_secret(POD, "0123")["spec"]["containers"]
    source = {"secretKeyRef": {"name": "token-0123", "key": "token"}}
    assert [variable.get("valueFrom") for variable in notebook["env"]] == [source, source, None]
    assert theirs["env"][0]["valueFrom"] == source


def test_what_comes_from_elsewhere_stays() -> None:
    """By an administrator's own hook."""
    *_, own = from_secret(POD, "0123")["spec"]["containers"]
    assert own == POD["spec"]["containers"][2]


def test_the_pod_that_was_given_stays_as_it_is() -> None:
    """A start that is tried again begins with it."""
    before = copy.deepcopy(POD)
    from_secret(POD, "0123")
    assert before == POD
