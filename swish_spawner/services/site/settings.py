"""What the web service is told: by JupyterHub's variables for services, and by the chart's files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import yaml

from swish_spawner.errors import SwishError


class ServiceSettingsError(SwishError):
    """The service cannot start as it is told; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """How this service runs.

    Attributes:
        hub_api: URL of the hub's REST API, as pods reach it.
        token: of this service at the hub.
        base_url: the path below which everything is served; begins and ends with a slash.
        prefix: the path of this service; begins and ends with a slash.
        address: where to listen; empty is everywhere.
        port: where to listen.
        namespace: the installation's own.
        policy: the policy file.
        gateway_port: where people reach the shared gateway.
        gateway: a folder with the ``token`` that the gateway shows and its ``host_key.crt``; both may be missing.
        state: a folder that outlives this process.
    """

    hub_api: str
    token: str = field(repr=False)
    base_url: str
    prefix: str
    address: str
    port: int
    namespace: str
    policy: Path
    gateway_port: int
    gateway: Path
    state: Path

    @property
    def hub_url(self) -> str:
        """The path of the hub's own pages; ends with a slash."""
        return f"{self.base_url}hub/"

    @property
    def ssh_log(self) -> Path:
        """The folder of the ssh log."""
        return self.state / "ssh-log"


def read_service_settings(environment: Mapping[str, str]) -> ServiceSettings:
    """Return the settings of this process.

    Args:
        environment: the variables that JupyterHub or the chart sets, and, for tests, ``SWISH_CONFIG_DIR``,
            ``SWISH_POLICY_DIR``, ``SWISH_GATEWAY_DIR`` and ``SWISH_STATE_DIR``.

    Raises:
        ServiceSettingsError: something is missing.
    """

    def folder(name: str, usual: str) -> Path:
        return Path(environment.get(f"SWISH_{name}_DIR", usual))

    def needed(name: str) -> str:
        if not (value := environment.get(name, "").strip()):
            raise ServiceSettingsError(f"{name} is not set; the chart's Deployment of web sets it")
        return value

    config = _config(folder("CONFIG", "/etc/swish/config") / "config.yaml")
    listen = urlparse(environment.get("JUPYTERHUB_SERVICE_URL") or "http://:8082")
    base_url = environment.get("JUPYTERHUB_BASE_URL") or "/"
    return ServiceSettings(
        hub_api=needed("JUPYTERHUB_API_URL").rstrip("/"),
        token=needed("JUPYTERHUB_API_TOKEN"),
        base_url=base_url,
        prefix=environment.get("JUPYTERHUB_SERVICE_PREFIX") or f"{base_url}services/swish/",
        address=listen.hostname or "",
        port=listen.port or 8082,
        namespace=config["environments"]["namespace"],
        policy=folder("POLICY", "/etc/swish/policy") / "policy.yaml",
        gateway_port=config.get("ssh", {}).get("gatewayPort", 22),
        gateway=folder("GATEWAY", "/etc/swish/gateway"),
        state=folder("STATE", "/var/lib/swish"),
    )


def _config(path: Path) -> dict[str, Any]:
    try:
        config: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        config["environments"]["namespace"]
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise ServiceSettingsError(
            f"{path} cannot be used: {error!r}; the chart's ConfigMap of the hub has it"
        ) from error
    return config
