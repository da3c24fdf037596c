"""An environment's own token for the hub: whoever may read pods may not therefore speak for the person."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Final

#: The variables in which JupyterHub gives it.
_NAMES: Final = ("JUPYTERHUB_API_TOKEN", "JPY_API_TOKEN")
#: The item of the Secret.
ITEM: Final = "token"


def token_secret_name(spawn_id: str) -> str:
    """Return the name of the Secret with the token of one start."""
    return f"token-{spawn_id}"


def from_secret(pod: Mapping[str, Any], spawn_id: str) -> dict[str, Any]:
    """Return a pod whose containers take the token from the Secret of its start; the one given is left as it is."""
    result = copy.deepcopy(dict(pod))
    spec, source = result["spec"], {"name": token_secret_name(spawn_id), "key": ITEM}
    for container in (*(spec.get("initContainers") or ()), *spec["containers"]):
        for variable in container.get("env") or ():
            if variable["name"] in _NAMES and variable.get("value"):
                del variable["value"]
                variable["valueFrom"] = {"secretKeyRef": source}
    return result
