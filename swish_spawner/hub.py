"""Put Swish into a JupyterHub configuration: one call, for our own config file and for anybody else's."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from traitlets.log import get_logger

from swish_spawner.core.image_names import ImageNames
from swish_spawner.errors import PolicyError
from swish_spawner.in_force import policy_file
from swish_spawner.spawner import SwishSpawner


def configure(c: Any, *, policy_path: str, namespace: str, images: Mapping[str, Any] | None = None) -> None:
    """Make a hub launch environments by the policy.

    Args:
        c: the traitlets Config object of a ``jupyterhub_config.py``.
        policy_path: where the policy file is; it must be good now, and is read again when it changes.
        namespace: the Kubernetes namespace that environments run in.
        images: ``registry``, ``tag`` and ``references`` for bare image names; other keys are left alone.

    Raises:
        SystemExit: the policy has problems; the text names all of them.
    """
    log: Any = get_logger()
    try:
        # kept, so that the first launch does not stop everything else to read it
        policy_file(policy_path, log)
    except PolicyError as error:
        raise SystemExit(f"{policy_path}: {error}") from error
    known = ImageNames.__dataclass_fields__
    c.JupyterHub.spawner_class = SwishSpawner
    c.JupyterHub.template_paths = [str(files("swish_spawner").joinpath("templates/hub"))]
    c.SwishSpawner.policy_path = policy_path
    c.SwishSpawner.namespace = namespace
    c.SwishSpawner.image_names = {key: value for key, value in (images or {}).items() if key in known}
    # A slow API server must not make KubeSpawner give up on, and then replace, a pod that was in fact made.
    c.SwishSpawner.k8s_api_request_timeout = 15
    # A restart of the API server takes about a minute; what was asked for meanwhile is not lost.
    c.SwishSpawner.k8s_api_request_retry_timeout = 90
    # A request that is refused is refused within this second; a start that takes longer shows its progress meanwhile.
    c.JupyterHub.tornado_settings.update({"slow_spawn_timeout": 1})
