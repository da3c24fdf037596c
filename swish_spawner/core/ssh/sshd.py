"""How sshd gets into an environment: the container or hook that runs it, what it is told, and what people are told.

``swish-sshd`` of the environment's image reads two folders: `START`, a Secret of this start with the host key and the
settings, and `KEYS`, the person's public keys, which the web service changes while the environment runs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from swish_spawner.core.launch.plan import ServerPlan
from swish_spawner.core.policy.sections.fields import Network
from swish_spawner.core.policy.sections.ssh import Ssh
from swish_spawner.core.record import SshRecord
from swish_spawner.core.ssh.keys import fingerprint, key_id, secret_name, shard
from swish_spawner.core.ssh.names import service_name
from swish_spawner.core.units import format_cpu

CONTAINER: Final = "ssh"
PORT: Final = 2222
PUBLIC_PORT: Final = 22
#: The one login name of every environment: the images' user.
LOGIN: Final = "swish"
START: Final = "/etc/swish/ssh/start"
KEYS: Final = "/etc/swish/ssh/keys"
#: By its whole path: the container's PATH leads to the person's home first.
_COMMAND: Final = ("/usr/local/bin/swish-sshd", "--start", START, "--keys", KEYS)
#: What a postStart hook fails ends the container, and sshd must not be able to.
_BESIDE: Final = f"{' '.join((_COMMAND[0], '--detach', *_COMMAND[1:]))} || true"
#: The file of the start's Secret that lies over /etc/passwd where a password will do.
_ACCOUNTS: Final = "passwd"
#: Where programs write what is only there a while, and where that is in its volume.
TEMPORARY: Final[Mapping[str, str]] = MappingProxyType({"/tmp": "tmp", "/var/tmp": "var-tmp"})  # noqa: S108 - a mount
#: The first start and the first keys come by two volumes of these names, and a third is for what is only there a while.
_START_VOLUME, _KEYS_VOLUME, _TEMPORARY_VOLUME = "ssh-start", "ssh-keys", "ssh-temporary"


@dataclass(frozen=True, slots=True)
class HostKey:
    """An environment's host key in OpenSSH's formats, and where a password will do, the password with its hash."""

    private: str = field(repr=False)
    public: str
    password: str | None = field(default=None, repr=False)
    password_hash: str | None = field(default=None, repr=False)

    @property
    def fingerprint(self) -> str:
        """The public key's SHA-256, as ssh prints it."""
        return fingerprint(self.public.split()[1])


def start_secret_name(spawn_id: str) -> str:
    """Return the name of the Secret of one start."""
    return f"ssh-{spawn_id}"


def ssh_volumes(plan: ServerPlan, spawn_id: str) -> dict[str, Any]:
    """Return the volumes of sshd, by trait key; none for an environment without ssh."""
    if plan.ssh is None:
        return {}
    start = {"secretName": start_secret_name(spawn_id), "defaultMode": 0o440}
    person = plan.person.name
    keys = {
        "secretName": secret_name(shard(person)),
        "defaultMode": 0o440,
        # somebody without any key has no file yet, and an installation without the web service no Secret
        "optional": True,
        "items": [{"key": key_id(person), "path": "authorized_keys"}],
    }
    volumes: dict[str, Any] = {
        "swish-ssh-start": {"name": _START_VOLUME, "secret": start},
        "swish-ssh-keys": {"name": _KEYS_VOLUME, "secret": keys},
    }
    if plan.sidecar:
        # without a limit: a pod that goes over one is ended
        volumes["swish-ssh-temporary"] = {"name": _TEMPORARY_VOLUME, "emptyDir": {}}
    return volumes


def ssh_mounts(plan: ServerPlan) -> list[dict[str, Any]]:
    """Return what the container that runs sshd mounts beyond the environment's own volumes."""
    if plan.ssh is None:
        return []
    mounts: list[dict[str, Any]] = [
        {"name": _START_VOLUME, "mountPath": START, "readOnly": True},
        {"name": _KEYS_VOLUME, "mountPath": KEYS, "readOnly": True},
    ]
    if plan.ssh.password:
        # sshd without root's rights finds a password nowhere else
        mounts.append({"name": _START_VOLUME, "mountPath": "/etc/passwd", "subPath": _ACCOUNTS, "readOnly": True})
    return mounts


def temporary_mounts(plan: ServerPlan) -> list[dict[str, Any]]:
    """Return what the sidecar mounts where sessions may write beside the home: its own file system is read-only."""
    places = TEMPORARY if plan.sidecar else {}
    return [{"name": _TEMPORARY_VOLUME, "mountPath": path, "subPath": part} for path, part in places.items()]


def sidecar_resources(plan: ServerPlan) -> dict[str, dict[str, str]]:
    """Return what the sidecar asks for; requests equal limits, so that the pod stays Guaranteed."""
    if plan.sidecar is None:
        return {}
    amounts = {"cpu": format_cpu(plan.sidecar.cpu), "memory": str(plan.sidecar.memory)}
    return {"limits": amounts, "requests": dict(amounts)}


def sidecar(plan: ServerPlan, environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the container that runs sshd beside the environment's own.

    It starts before that and never ends by itself. It has no probe: what is wrong with it neither keeps an environment
    from starting nor ends one.

    Args:
        plan: of an environment with a sidecar.
        environment: variables by name.
    """
    return {
        "name": CONTAINER,
        "image": plan.image.image,
        "command": list(_COMMAND),
        "restartPolicy": "Always",
        "ports": [{"name": CONTAINER, "containerPort": PORT}],
        "env": [{"name": name, "value": value} for name, value in environment.items()],
        "resources": sidecar_resources(plan),
        "securityContext": {"readOnlyRootFilesystem": True},
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }


def beside(theirs: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the postStart hook that starts sshd in the environment's own container, before a configured one."""
    if theirs is None:
        return {"exec": {"command": ["sh", "-c", _BESIDE]}}
    if "exec" not in theirs:
        return dict(theirs)
    return {"exec": {"command": ["sh", "-c", f'{_BESIDE}; exec "$@"', "start", *theirs["exec"]["command"]]}}


def start_files(plan: ServerPlan, key: HostKey) -> dict[str, str]:
    """Return the files of a start's Secret, by name."""
    if plan.ssh is None:
        return {}
    files = {
        "host_key": key.private,
        "host_key.pub": f"{key.public}\n",
        "settings.json": json.dumps(settings(plan), sort_keys=True),
    }
    if plan.ssh.user_cas:
        files["user_ca"] = "".join(f"{authority} {name}\n" for name, authority in plan.ssh.user_cas.items())
        files["principals"] = f"{plan.person.name}\n"
    if plan.ssh.password:
        # the first line is the images' own
        account = f"{LOGIN}:{key.password_hash}:1000:100::{plan.home_mount}:/bin/bash\n"
        files[_ACCOUNTS] = f"root:*:0:0:root:/root:/usr/sbin/nologin\n{account}"
    return files


def settings(plan: ServerPlan) -> dict[str, Any]:
    """Return what ``swish-sshd`` is told, as plain JSON data."""
    if plan.ssh is None:
        return {}
    return {
        "mode": "environment",
        "environment": plan.person.environment,
        "team": plan.team.name,
        "user": plan.person.name,
        "port": PORT,
        "allow_cidrs": _texts(plan.ssh.allow_cidrs),
        "gateway_cidrs": _texts(plan.ssh.gateway_cidrs),
        "remote_forwarding": plan.ssh.remote_forwarding,
        "password": plan.ssh.password,
    }


def _texts(networks: tuple[Network, ...]) -> list[str]:
    return [str(network) for network in networks]


def host_name(plan: ServerPlan) -> str | None:
    """Return the public host name of an environment, or None where the policy names no domain."""
    domain = plan.ssh.domain if plan.ssh else None
    return f"{plan.person.environment}.{domain}" if domain else None


def ssh_record(plan: ServerPlan, ssh: Ssh, namespace: str, key: HostKey) -> SshRecord:
    """Return how an environment is entered, for the web service to tell.

    Args:
        plan: of an environment with ssh.
        ssh: what the policy says of that.
        namespace: of the environment.
        key: its host key.
    """
    return SshRecord(
        environment=plan.person.environment,
        team=plan.team.name,
        login=LOGIN,
        service=service_name(plan.person.environment),
        namespace=namespace,
        service_type=ssh.service,
        host=host_name(plan),
        port=PUBLIC_PORT,
        gateway=ssh.gateway,
        where=plan.pool.ssh,
        host_key=key.public,
        fingerprint=key.fingerprint,
        password=key.password if ssh.password else None,
    )
