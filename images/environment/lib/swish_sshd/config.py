"""sshd's configuration, made from the settings and OpenSSH's version."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from swish_sshd.settings import Settings
from swish_sshd.variables import quote, set_env

Version = tuple[int, int]

_OLDEST: Final[Version] = (9, 2)
_KEX: Final = (
    "sntrup761x25519-sha512@openssh.com,curve25519-sha256,curve25519-sha256@libssh.org,"
    "diffie-hellman-group18-sha512,diffie-hellman-group16-sha512"
)
_KEX_SINCE: Final = (((9, 9), "mlkem768x25519-sha256,sntrup761x25519-sha512,"),)
_CIPHERS: Final = (
    "chacha20-poly1305@openssh.com,aes256-gcm@openssh.com,aes128-gcm@openssh.com,aes256-ctr,aes192-ctr,aes128-ctr"
)
_MACS: Final = "hmac-sha2-512-etm@openssh.com,hmac-sha2-256-etm@openssh.com,umac-128-etm@openssh.com"
_ED25519: Final = ("ssh-ed25519", "sk-ssh-ed25519@openssh.com")
_ECDSA: Final = tuple(f"ecdsa-sha2-nistp{bits}" for bits in (256, 384, 521))
_RSA: Final = ("rsa-sha2-512", "rsa-sha2-256")
_KEYS: Final = (*_ED25519, *_ECDSA, "sk-ecdsa-sha2-nistp256@openssh.com", *_RSA)
#: Whatever the environment itself listens on. What else its network reaches is a matter for the shell and the network's
#: policies; sshd is no way around either.
_LOCAL: Final = "localhost:* 127.0.0.1:* [::1]:*"


class ConfigError(Exception):
    """sshd refuses its configuration or its host key; the text is the last that it said."""


@dataclass(frozen=True)
class Place:
    """Where things are.

    Args:
        start: Folder with the host key, the settings and what else does not change.
        keys: Folder with the person's `authorized_keys`.
        user: Account that people log in as: the one that this runs as, since sshd cannot change it.
        sftp: Command that serves SFTP, as sshd gives it to the account's shell.
        lookup: Command that says which keys the gateway lets in; empty in an environment.
        variables: Variables of sessions.
    """

    start: Path
    keys: Path
    user: str
    sftp: str = ""
    lookup: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)


def make_config(settings: Settings, place: Place, version: Version = _OLDEST) -> tuple[str, ...]:
    """Return the lines of sshd's configuration.

    Everything that matters is said, so that neither the distribution's defaults nor the next version's change it.
    """
    own = _gateway(place) if settings.gateway else _environment(settings, place)
    return (*_common(settings, place, version), *own)


def _common(settings: Settings, place: Place, version: Version) -> Iterable[str]:
    newer = "".join(names for since, names in _KEX_SINCE if version >= since)
    yield from (
        f"HostKey {quote(str(place.start / 'host_key'))}",
        "PidFile none",
        # DEBUG1 is where tunnels and keep-alives are named. No line of it leaves this program as it is.
        "LogLevel DEBUG1",
        "UsePAM no",
        # a Secret's folder is writable for all, with the sticky bit: kubelet looks after it, not its mode
        "StrictModes no",
        "UseDNS no",
        "PermitRootLogin no",
        "PubkeyAuthentication yes",
        "HostbasedAuthentication no",
        "KbdInteractiveAuthentication no",
        "GSSAPIAuthentication no",
        f"PasswordAuthentication {_yes(settings.password and not settings.gateway)}",
        "PermitEmptyPasswords no",
        "LoginGraceTime 30",
        "MaxAuthTries 6",
        "ClientAliveInterval 60",
        "ClientAliveCountMax 3",
        "TCPKeepAlive yes",
        "X11Forwarding no",
        "AllowAgentForwarding no",
        "PermitTunnel no",
        "GatewayPorts no",
        "PermitUserEnvironment no",
        "PrintMotd no",
        "PrintLastLog no",
        "VersionAddendum none",
        "DebianBanner no",
        f"KexAlgorithms {newer}{_KEX}",
        f"Ciphers {_CIPHERS}",
        f"MACs {_MACS}",
        f"HostKeyAlgorithms {','.join(('ssh-ed25519', *_ECDSA, *_RSA))}",
    )
    if version >= (9, 1):
        yield "RequiredRSASize 3072"
    if version >= (9, 8):
        # counted per address: one bad client behind a gateway would keep everybody out. Our own limits know better.
        yield "PerSourcePenalties no"
    networks = (*settings.allow, *settings.gateways)
    yield from (f"AllowUsers {place.user}@{network}" for network in networks)
    if not networks:
        yield "DenyUsers *"


def _environment(settings: Settings, place: Place) -> Iterable[str]:
    cas, principals = place.start / "user_ca", place.start / "principals"
    certificates = cas.is_file() and principals.is_file()
    yield from (
        f"AuthorizedKeysFile {quote(str(place.keys / 'authorized_keys'))}",
        f"PubkeyAcceptedAlgorithms {','.join(_accepted(certificates))}",
        f"AllowTcpForwarding {'yes' if settings.remote_forwarding else 'local'}",
        f"AllowStreamLocalForwarding {'yes' if settings.remote_forwarding else 'local'}",
        f"PermitOpen {_LOCAL}",
        # one editor opens many sessions over its one connection
        "MaxSessions 64",
        "AcceptEnv COLORTERM TERM_PROGRAM TERM_PROGRAM_VERSION",
    )
    if certificates:
        yield f"TrustedUserCAKeys {quote(str(cas))}"
        yield f"AuthorizedPrincipalsFile {quote(str(principals))}"
    if place.sftp:
        yield f"Subsystem sftp {place.sftp}"
    if line := set_env(place.variables):
        yield line


def _gateway(place: Place) -> Iterable[str]:
    yield from (
        "AuthorizedKeysFile none",
        f"AuthorizedKeysCommand {place.lookup}",
        f"AuthorizedKeysCommandUser {place.user}",
        f"PubkeyAcceptedAlgorithms {','.join(_accepted(certificates=False))}",
        "AllowTcpForwarding local",
        "AllowStreamLocalForwarding no",
        # connections that are passed on, and no session: no shell, no command, no subsystem
        "MaxSessions 0",
        "PermitTTY no",
    )


def _accepted(certificates: bool) -> Iterable[str]:
    yield from _KEYS
    if certificates:
        yield from (f"{name.removesuffix('@openssh.com')}-cert-v01@openssh.com" for name in _KEYS)


def _yes(flag: bool) -> str:
    return "yes" if flag else "no"


def parse_version(text: str) -> Version:
    """Read OpenSSH's version from what `sshd -V` prints; the oldest that is supported when it is not there."""
    found = re.search(r"OpenSSH_(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else _OLDEST


def find_version(sshd: str) -> Version:
    """Ask sshd for its version."""
    done = subprocess.run([sshd, "-V"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return parse_version(done.stderr + done.stdout)


def sshd_command(sshd: str, lines: Iterable[str]) -> tuple[str, ...]:
    """Return the command that serves one connection by a configuration, without options that this sshd does not know.

    The configuration is in the command, and in no file: sessions have the user id that sshd has, and could change it.

    Raises:
        ConfigError: It refuses the rest, or the host key.
    """
    kept = list(lines)
    for _ in range(10):
        options = ("-f", "/dev/null", *(word for line in kept for word in ("-o", line)))
        done = subprocess.run(
            [sshd, "-t", *options], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        if done.returncode == 0:
            return (sshd, "-i", "-e", *options)
        unknown = re.search(r"(?:Bad configuration option:|Unsupported option) (\w+)", done.stderr)
        if not unknown:
            break
        kept = [line for line in kept if line.split()[0].lower() != unknown[1].lower()]
    said = [line for line in done.stderr.splitlines() if line.strip() and not line.startswith("debug")]
    raise ConfigError(said[-1].strip() if said else f"sshd -t: exit status {done.returncode}")
