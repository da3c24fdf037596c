"""The ways into an environment by ssh, and for each the exact lines that people type, paste or click."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from swish_spawner.core.record import SshRecord

SSH_PORT: Final = 22
#: Where ``kubectl port-forward`` listens on the person's own computer.
_FORWARDED: Final = 2222


@dataclass(frozen=True, slots=True)
class ServiceAddress:
    """Where a Service can be reached.

    Attributes:
        cluster_ip: within the cluster; empty for none.
        node_port: on every node, or None.
        load_balancer: addresses or host names of its load balancer; empty while there is none.
    """

    cluster_ip: str = ""
    node_port: int | None = None
    load_balancer: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Way:
    """One way into an environment.

    Attributes:
        title: what it is called.
        note: when it works, as a sentence; empty for always.
        environment: the name that the lines give the environment in ``~/.ssh/config``.
        login: the login name.
        host: where to, as one types it.
        port: of it.
        jump: the host to go through, with login name and maybe port; empty for none.
        before: a command that has to run meanwhile; empty for none.
        ready: whether it works by now; the note says what is missing.
    """

    title: str
    note: str
    environment: str
    login: str
    host: str
    port: int = SSH_PORT
    jump: str = ""
    before: str = ""
    ready: bool = True

    def command(self, program: str) -> str:
        """Return what to type for ``ssh`` or ``sftp``."""
        flag = "-P" if program == "sftp" else "-p"
        return " ".join([program, *self._options(flag), f"{self.login}@{self.host}"])

    def rsync(self, folder: str) -> str:
        """Return what to type to copy a folder there, which continues where it was broken off."""
        options = self._options("-p")
        shell = f"--rsh='ssh {' '.join(options)}' " if options else ""
        return f"rsync --archive --partial --progress {shell}FOLDER/ {self.login}@{self.host}:{folder}/FOLDER/"

    def config(self) -> str:
        """Return the lines for ``~/.ssh/config``."""
        lines = [
            f"Host {self.environment}",
            f"    HostName {self.host}",
            *([f"    Port {self.port}"] if self.port != SSH_PORT else []),
            f"    User {self.login}",
            *([f"    ProxyJump {self.jump}"] if self.jump else []),
            f"    HostKeyAlias {self.environment}",
            "    ServerAliveInterval 30",
            *(_of_the_jump(self.jump) if self.jump else []),
        ]
        return "\n".join(lines)

    def code(self, folder: str) -> str:
        """Return what opens a folder in VS Code, once the lines are in ``~/.ssh/config``."""
        return f"code --remote ssh-remote+{self.environment} {folder}"

    def code_link(self, folder: str) -> str:
        """Return the link that does the same."""
        return f"vscode://vscode-remote/ssh-remote+{self.environment}{folder}"

    @property
    def known_as(self) -> tuple[str, ...]:
        """Each name that ssh looks the host key up by."""
        return (named(self.host, self.port), self.environment)

    def document(self, folder: str) -> dict[str, Any]:
        """Return it as plain JSON data."""
        lines = {
            "ssh": self.command("ssh"),
            "sftp": self.command("sftp"),
            "rsync": self.rsync(folder),
            "config": self.config(),
            "code": self.code(folder),
            "code_link": self.code_link(folder),
        }
        return {
            "title": self.title,
            "note": self.note,
            "ready": self.ready,
            # a name that is asked for before it is there is missed for longer
            "host": self.host if self.ready else "",
            "port": self.port,
            "login": self.login,
            "jump": self.jump,
            "before": self.before,
            "lines": lines if self.ready else {},
        }

    def _options(self, port_flag: str) -> list[str]:
        port = [port_flag, str(self.port)] if self.port != SSH_PORT else []
        return [*port, *(["-J", self.jump] if self.jump else [])]


def _of_the_jump(jump: str) -> list[str]:
    """Return what may be said of the host to go through: a key that is chosen above is not offered to it."""
    host = jump.partition("@")[2].partition(":")[0]
    return [f"Host {host}", "    # for a key of another name, here and above:", "    # IdentityFile ~/.ssh/YOUR_KEY"]


def named(host: str, port: int) -> str:
    """Return how ``known_hosts`` names a host: with its port unless that is 22."""
    return host if port == SSH_PORT else f"[{host}]:{port}"


def known_hosts(ways: tuple[Way, ...], host_key: str) -> str:
    """Return the line of ``known_hosts`` for every name that an environment is reached by."""
    names = dict.fromkeys(name for way in ways if way.ready for name in way.known_as)
    return f"{','.join(names)} {host_key}" if names else ""


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of an environment's address now.

    Attributes:
        service: where its Service is reached; None if that cannot be known.
        resolves: whether its public name leads there.
    """

    service: ServiceAddress | None = None
    resolves: bool = False


def ways_into(ssh: SshRecord, seen: Seen, gateway_port: int) -> tuple[Way, ...]:
    """Return the ways into an environment, the plainest first.

    Args:
        ssh: what is kept of how it is entered.
        seen: what is known of its address now.
        gateway_port: where the shared gateway listens.
    """
    direct = _by_name(ssh, seen) if ssh.host else _without_name(ssh, seen)
    gateway = [_by_gateway(ssh, gateway_port)] if ssh.gateway else []
    if ssh.service_type == "ClusterIP" and not ssh.host and gateway:
        return tuple(gateway)
    return (direct, *gateway)


def _by_name(ssh: SshRecord, seen: Seen) -> Way:
    host, service = ssh.host or "", seen.service or ServiceAddress()
    port = service.node_port if ssh.service_type == "NodePort" else SSH_PORT
    ready = seen.resolves and port is not None
    notes = {"ClusterIP": "Where your network reaches the cluster's own addresses, for example by its VPN."}
    note = notes.get(ssh.service_type, "") if ready else "Its name is being made, and shown here once it works."
    return _way(ssh, "By its name", note, host, port or SSH_PORT, ready=ready)


def _without_name(ssh: SshRecord, seen: Seen) -> Way:
    service = seen.service or ServiceAddress()
    if ssh.service_type == "LoadBalancer":
        ready = bool(service.load_balancer)
        note = "" if ready else "Its load balancer is being made, and its address shown here once it is there."
        return _way(ssh, "By its address", note, (*service.load_balancer, "")[0], ready=ready)
    if ssh.service_type == "NodePort":
        ready = service.node_port is not None
        note = "For NODE put the address of any node of the cluster; your administrator knows one."
        note = note if ready else "Its port is not known yet."
        return _way(ssh, "By a node's port", note, "NODE", service.node_port or SSH_PORT, ready=ready)
    return _by_kubectl(ssh)


def _by_kubectl(ssh: SshRecord) -> Way:
    service, namespace = ssh.service, ssh.namespace
    before = f"kubectl --namespace {namespace} port-forward service/{service} {_FORWARDED}:{ssh.port}"
    note = "If you may use kubectl here. Keep this command running in a terminal of its own:"
    return _way(ssh, "With kubectl", note, "localhost", _FORWARDED, before=before)


def _by_gateway(ssh: SshRecord, port: int) -> Way:
    jump = f"{ssh.login}@{ssh.gateway}" + (f":{port}" if port != SSH_PORT else "")
    return _way(ssh, "Through the gateway", "", ssh.inside, ssh.port, jump=jump)


def _way(ssh: SshRecord, title: str, note: str, host: str, port: int = SSH_PORT, **more: Any) -> Way:
    return Way(title, note, ssh.environment, ssh.login, host, port, **more)
