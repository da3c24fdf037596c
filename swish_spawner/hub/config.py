"""Put Swish into a JupyterHub configuration: one call, for our own config file and for anybody else's."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from jupyterhub.roles import get_default_roles
from traitlets.config.loader import LazyConfigValue
from traitlets.log import get_logger

from swish_spawner.core.policy.image_names import ImageNames
from swish_spawner.core.upkeep.sweep import Rules
from swish_spawner.errors import PolicyError
from swish_spawner.hub.files_page import HANDLERS as FILES
from swish_spawner.hub.launch.spawner import SwishSpawner
from swish_spawner.hub.schema_page import HANDLERS
from swish_spawner.hub.shared.shared import KEY, Shared
from swish_spawner.hub.sweep.page import PATH, sweep_handler
from swish_spawner.hub.sweep.sweeper import Sweeper
from swish_spawner.hub.sweep.world import HubWorld

#: What the web service asks of the hub: people with their groups and servers, where and how one enters these (in their
#: state), and to say that somebody who came by ssh is active.
_WEB_SCOPES: Final = ["list:users", "read:users", "read:servers", "admin:server_state", "users:activity"]
#: The first round comes after the hub has started (seconds).
_FIRST_SWEEP = 30


def configure(
    c: Any,
    *,
    policy_path: str,
    namespace: str,
    images: Mapping[str, Any] | None = None,
    sweeper_dry_run: bool = False,
) -> None:
    """Make a hub launch environments by the policy.

    Args:
        c: the traitlets Config object of a ``jupyterhub_config.py``.
        policy_path: where the policy file is; it must be good now, and is read again when it changes.
        namespace: the Kubernetes namespace that environments run in.
        images: ``registry``, ``tag`` and ``references`` for bare image names; other keys are left alone.
        sweeper_dry_run: whether the sweeper only reports the pods that are nobody's, and deletes none.

    Raises:
        SystemExit: the policy has problems; the text names all of them.
    """
    log: Any = get_logger()
    shared = Shared()
    try:
        # kept, so that the first launch does not stop everything else to read it
        shared.policies.read(policy_path, log)
    except PolicyError as error:
        raise SystemExit(f"{policy_path}: {error}") from error
    known = ImageNames.__dataclass_fields__
    c.JupyterHub.spawner_class = SwishSpawner
    c.JupyterHub.template_paths = [str(files("swish_spawner.hub").joinpath("templates"))]
    c.SwishSpawner.policy_path = policy_path
    c.SwishSpawner.namespace = namespace
    c.SwishSpawner.image_names = {key: value for key, value in (images or {}).items() if key in known}
    # JupyterHub would stop all environments when it is asked to end, as each upgrade does.
    c.JupyterHub.cleanup_servers = c.JupyterHub.get("cleanup_servers", False)
    # A slow API server must not make KubeSpawner give up on, and then replace, a pod that was in fact made.
    c.SwishSpawner.k8s_api_request_timeout = 15
    # A restart of the API server takes about a minute; what was asked for meanwhile is not lost.
    c.SwishSpawner.k8s_api_request_retry_timeout = 90
    # What ends as it starts is then said at once, where JupyterHub alone would wait for http_timeout.
    c.SwishSpawner.first_answer_seconds = 30
    # A request that is refused is refused within this second; a start that takes longer shows its progress meanwhile.
    c.JupyterHub.tornado_settings.update({"slow_spawn_timeout": 1, KEY: shared})
    # Launches over the limit wait their turn with us, where JupyterHub would answer 429.
    c.SwishSpawner.concurrent_starts = limit = c.JupyterHub.get("concurrent_spawn_limit", 100)
    shared.queue.limit, c.JupyterHub.concurrent_spawn_limit = limit, 0
    world = HubWorld()
    sweeper = Sweeper(world, Rules(), dry_run=sweeper_dry_run)
    c.JupyterHub.extra_handlers = [
        *_configured(c.JupyterHub, "extra_handlers"),
        *HANDLERS,
        *FILES,
        (PATH, sweep_handler(sweeper)),
    ]
    _run_in_hub(sweeper, world)


def _configured(section: Any, name: str) -> list[Any]:
    """Return a list that was set, or appended to, before."""
    value = section.get(name, [])
    return list(value.get_value([]) if isinstance(value, LazyConfigValue) else value)


def add_services(c: Any, tokens: Path, web: Mapping[str, str] | None = None) -> None:
    """Give each service of our own what it may do, beside the services and roles that are configured already.

    Args:
        c: the traitlets Config object of a ``jupyterhub_config.py``.
        tokens: a folder with ``admin-token``, with ``metrics-token`` where Prometheus is to read the metrics, and with
            ``web-token`` where the web service runs.
        web: the web service's name at the hub as ``service``, and the ``url`` that the proxy reaches it by; None where
            it does not run.
    """
    # all of the admin role's rights in a role of its own: to list members of `admin` would undo the hub's admin page
    (admin,) = (role for role in get_default_roles() if role["name"] == "admin")
    _add_service(c, "swish-admin", tokens / "admin-token", admin["scopes"])
    if (token := tokens / "metrics-token").exists():
        _add_service(c, "swish-metrics", token, ["read:metrics"])
    if web and (token := tokens / "web-token").exists():
        # people see only their own by it; that it may know who they are is no question to ask them
        pages = {"url": web["url"], "admin": False, "oauth_no_confirm": True}
        _add_service(c, web["service"], token, _WEB_SCOPES, **pages)
        _let_everybody(c, f"access:services!service={web['service']}")


def _let_everybody(c: Any, scope: str) -> None:
    """Give all users a scope; a role ``user`` of the administrator's own keeps what else it has."""
    roles = c.JupyterHub.get("load_roles", [])
    (usual,) = (role for role in get_default_roles() if role["name"] == "user")
    own = next((role for role in roles if role["name"] == "user"), usual)
    role = {**own, "scopes": [*own.get("scopes", usual["scopes"]), scope]}
    c.JupyterHub.load_roles = [*(other for other in roles if other["name"] != "user"), role]


def _add_service(c: Any, name: str, token: Path, scopes: list[str], **more: Any) -> None:
    service = {"name": name, "api_token": token.read_text(encoding="utf-8").strip(), **more}
    role = {"name": name, "scopes": scopes, "services": [name]}
    c.JupyterHub.services = [*c.JupyterHub.get("services", []), service]
    c.JupyterHub.load_roles = [*c.JupyterHub.get("load_roles", []), role]


def _run_in_hub(sweeper: Sweeper, world: HubWorld) -> None:
    """Let the sweeper do its rounds, and hold the namespaces, for as long as the hub runs.

    JupyterHub reads its configuration within the event loop that it then runs in. What only reads the configuration
    has no loop, or ends before the first round.
    """
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return
    loop.call_later(_FIRST_SWEEP, sweeper.begin)
    world.begin()
