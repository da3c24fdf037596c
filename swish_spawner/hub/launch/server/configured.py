"""What an administrator sets of our spawner, beside what KubeSpawner has, and the policy that this names."""

from __future__ import annotations

import hashlib
from typing import Any

from kubespawner import KubeSpawner
from traitlets import Dict, Integer, Unicode, default

from swish_spawner.core.policy.image_names import ImageNames
from swish_spawner.core.policy.values import Policy
from swish_spawner.hub.shared.shared import Shared, shared_of


class ConfiguredSpawner(KubeSpawner):  # type: ignore[misc]  # KubeSpawner has no types
    """A KubeSpawner with our settings, and what it has in common with all others of the hub."""

    policy_path = Unicode(
        "/etc/swish/policy/policy.yaml",
        help="""
        The policy file.

        It says which images, pools and teams there are; see the policy reference. A change takes effect with the next
        launch, without a restart; a bad change is refused, logged and counted, and the last good policy stays.

        .. versionadded:: 0.1
        """,
    ).tag(config=True)

    image_names = Dict(
        help="""
        How bare image names in the policy become references.

        Keys: ``registry`` and ``tag`` (text, put before and after the name) and ``references`` (whole references by
        name, which win). An image that the policy already names with a registry, tag or digest is used as it is.

        .. versionadded:: 0.1
        """,
    ).tag(config=True)

    installation = Unicode(
        help="""
        What tells this hub's pods from another's.

        Stamped on every pod; the sweeper removes only pods of its own installation. Unless set it is made from the
        hub's cookie secret, which has to be kept between restarts (as our chart and Zero to JupyterHub do).

        .. versionadded:: 0.1
        """,
    ).tag(config=True)

    concurrent_starts = Integer(
        0,
        min=0,
        help="""
        How many environments start at once; others wait for their turn. 0 is no limit.

        The hub configuration of our chart takes it from JupyterHub's own ``concurrent_spawn_limit``.

        .. versionadded:: 0.1
        """,
    ).tag(config=True)

    first_answer_seconds = Integer(
        0,
        min=0,
        help="""
        How long (in seconds) a pod that runs is watched until the environment in it takes connections.

        A container that ends again before that is then an answer in words. After this time, and with 0 at once,
        JupyterHub waits by itself, for ``http_timeout``. The hub configuration of our chart sets 30.

        .. versionadded:: 0.1
        """,
    ).tag(config=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.shared: Shared = shared_of(getattr(self.user, "settings", {}), self.concurrent_starts)

    @default("start_timeout")
    def _default_start_timeout(self) -> int:
        """A new node takes minutes, and a start that waits for one is no failure."""
        return 600

    @default("delete_pvc")
    def _default_delete_pvc(self) -> bool:
        """Files are deleted where a person asks for just that; a culler, too, removes servers."""
        return False

    @default("installation")
    def _default_installation(self) -> str:
        """Hubs that share a namespace have their own cookie secrets, and keep them."""
        return hashlib.sha256(b"swish" + self._cookie_secret).hexdigest()[:16]

    @property
    def policy(self) -> Policy:
        """The policy in force, with this installation's image references."""
        return self.shared.policies.in_force(self.policy_path, ImageNames(**self.image_names), self.log)

    @property
    def _cookie_secret(self) -> bytes:
        """What this hub alone knows, and keeps between restarts."""
        secret: bytes = getattr(self.user, "settings", {}).get("cookie_secret", b"")
        return secret
