"""What swish-sshd reads, and the configuration of sshd that it makes of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from swish_sshd.config import ConfigError, Place, make_config, parse_version, sshd_command
from swish_sshd.settings import Settings, SettingsError, parse_settings, plain_address, read_settings
from swish_sshd.variables import quote, session_variables

PLACE = Place(Path("/start"), Path("/keys"), "swish", sftp="serve", lookup="/lookup %f %t")
ALLOWED: dict[str, Any] = {"allow_cidrs": ["10.0.0.0/8", "2001:db8::/32"], "gateway_cidrs": ["10.1.0.0/16"]}


def lines(version: tuple[int, int] = (10, 0), place: Place = PLACE, **settings: Any) -> tuple[str, ...]:
    """Return the configuration for some settings."""
    return make_config(parse_settings({**ALLOWED, **settings}), place, version)


def test_settings_are_read(tmp_path: Path) -> None:
    """Each field of settings.json has its place, and what is left out has a default that lets nobody in."""
    (tmp_path / "settings.json").write_text(json.dumps({"environment": "lab", "port": 22222, "password": True}))
    found = read_settings(tmp_path)
    assert (found.environment, found.port, found.password, found.remote_forwarding) == ("lab", 22222, True, False)
    assert not found.allows(plain_address("127.0.0.1"))


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ([], "one JSON object"),
        ({"mode": "root"}, "mode has to be one of environment, gateway"),
        ({"port": 0}, "port has to be a whole number from 1 to 65535"),
        ({"port": True}, "port has to be"),
        ({"port": "22"}, "port has to be"),
        ({"team": 3}, "team has to be text"),
        ({"password": "no"}, "password has to be true or false"),
        ({"allow_cidrs": "10.0.0.0/8"}, "allow_cidrs has to be a list"),
        ({"gateway_cidrs": ["everywhere"]}, "gateway_cidrs has to name networks"),
        ({"allow_cidrs": [None]}, "allow_cidrs has to name networks"),
    ],
)
def test_a_field_that_breaks_its_rule_is_named(document: Any, problem: str) -> None:
    """The error says which field, and what it has to be."""
    with pytest.raises(SettingsError, match=problem):
        parse_settings(document)


@pytest.mark.parametrize("text", [None, "{", "\0"])
def test_a_file_that_is_no_settings_is_named(tmp_path: Path, text: str | None) -> None:
    """A file that is missing or no JSON is an error with its path."""
    if text is not None:
        (tmp_path / "settings.json").write_text(text)
    with pytest.raises(SettingsError, match=r"settings\.json: "):
        read_settings(tmp_path)


def test_ipv4_over_ipv6_is_ipv4() -> None:
    """An address that came in over IPv6 is in the networks of IPv4 that it is in."""
    settings = parse_settings(ALLOWED)
    assert settings.allows(plain_address("::ffff:10.2.3.4"))
    assert settings.allows(plain_address("2001:db8::1%eth0"))
    assert not settings.allows(plain_address("::ffff:11.2.3.4"))


@pytest.mark.claim("one-account", "networks-by-sshd")
def test_networks_are_enforced_by_sshd_too() -> None:
    """Each network of the people and of the gateway is in AllowUsers, with the one account that there is."""
    allowed = [line for line in lines() if line.startswith("AllowUsers")]
    assert allowed == [f"AllowUsers swish@{net}" for net in ("10.0.0.0/8", "2001:db8::/32", "10.1.0.0/16")]


@pytest.mark.claim("networks-by-sshd")
def test_without_networks_nobody_is_allowed() -> None:
    """No AllowUsers would mean everybody."""
    assert "DenyUsers *" in make_config(Settings(), PLACE)


@pytest.mark.claim("tunnels-stay-inside")
@pytest.mark.parametrize(("remote", "word"), [(False, "local"), (True, "yes")])
def test_tunnels(remote: bool, word: str) -> None:
    """Tunnels lead to what listens in the environment; the other way only where the policy says so."""
    found = lines(remote_forwarding=remote)
    assert f"AllowTcpForwarding {word}" in found
    assert "PermitOpen localhost:* 127.0.0.1:* [::1]:*" in found
    assert {"X11Forwarding no", "AllowAgentForwarding no", "GatewayPorts no", "PermitTunnel no"} <= set(found)


def test_options_that_an_old_sshd_does_not_know_are_left_out() -> None:
    """OpenSSH 9.2 would refuse what 9.8 needs so that one bad client keeps nobody else out."""
    assert "PerSourcePenalties no" in lines((10, 0))
    assert "PerSourcePenalties no" not in lines((9, 2))
    assert any("mlkem768x25519" in line for line in lines((10, 0)))
    assert not any("mlkem768x25519" in line for line in lines((9, 2)))


@pytest.mark.claim("algorithms")
def test_weak_algorithms_are_left_out() -> None:
    """No SHA-1, no NIST curve in the exchange of keys, no CBC, no key of RSA below 3072 bits."""
    text = "\n".join(line for line in lines() if line.startswith(("Kex", "Ciphers", "MACs")))
    assert not any(word in text for word in ("sha1", "nistp", "cbc", "group14", "md5", "3des"))
    assert "RequiredRSASize 3072" in lines((9, 2))


@pytest.mark.parametrize("password", [True, False])
def test_passwords_only_where_the_policy_says_so(password: bool) -> None:
    """A password never does at the gateway."""
    word = "yes" if password else "no"
    assert f"PasswordAuthentication {word}" in lines(password=password)
    assert "PasswordAuthentication no" in lines(password=password, mode="gateway")


def test_certificates_need_an_authority_and_principals(tmp_path: Path) -> None:
    """An authority is trusted for the names in `principals` alone; without that file, for nobody."""
    place = Place(tmp_path, tmp_path, "swish")
    (tmp_path / "user_ca").touch()
    assert not any("TrustedUserCAKeys" in line for line in lines(place=place))
    (tmp_path / "principals").touch()
    found = lines(place=place)
    assert f'TrustedUserCAKeys "{tmp_path}/user_ca"' in found
    assert any("ssh-ed25519-cert-v01@openssh.com" in line for line in found)


@pytest.mark.claim("gateway-passes-on")
def test_the_gateway_has_no_sessions() -> None:
    """At the gateway there are connections that it passes on, and nothing to log in to."""
    found = lines(mode="gateway", remote_forwarding=True)
    assert {"MaxSessions 0", "PermitTTY no", "AllowTcpForwarding local", "AuthorizedKeysFile none"} <= set(found)
    assert not any(line.startswith(("Subsystem", "SetEnv", "PermitOpen")) for line in found)


def test_the_hubs_tokens_are_not_in_sessions() -> None:
    """A session has the notebook's variables, but for the hub's and those that sshd sets itself."""
    kept = {"PATH": "/opt/swish/bin:/bin", "PIP_INDEX_URL": "https://a b", "CUDA_VERSION": "12", "MODEL": "best"}
    hub = {"JUPYTERHUB_API_TOKEN": "t", "JPY_API_TOKEN": "t", "JUPYTERHUB_USER": "ada", "JUPYTERHUB_OAUTH_SCOPES": "[]"}
    own = {"HOME": "/", "USER": "x", "SSH_AUTH_SOCK": "/x", "KUBERNETES_SERVICE_HOST": "10.0.0.1", "HUB_PORT": "tcp://"}
    odd = {"LINES": "a\nb", "A-B": "c", "LONG": "x" * 5000}
    assert session_variables({**kept, **hub, **own, **odd}) == kept


def test_words_are_quoted() -> None:
    """A quote or backslash in a value ends no word."""
    assert quote('A=b "c" \\d') == '"A=b \\"c\\" \\\\d"'


@pytest.mark.parametrize(
    ("text", "version"),
    [("OpenSSH_9.2, OpenSSL 3", (9, 2)), ("OpenSSH_10.0p2 Debian-7", (10, 0)), ("unknown option", (9, 2))],
)
def test_the_version_is_read(text: str, version: tuple[int, int]) -> None:
    """Of an sshd that does not say, the oldest is assumed."""
    assert parse_version(text) == version


def fake_sshd(folder: Path, text: str) -> str:
    """Make a command that answers as sshd does."""
    path = folder / "sshd"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_an_option_that_sshd_does_not_know_is_left_out(tmp_path: Path) -> None:
    """The option that is refused goes, and the rest is tried again."""
    refusal = 'echo "command-line: line 0: Bad configuration option: unknown" >&2; exit 1'
    sshd = fake_sshd(tmp_path, f'case "$*" in *Unknown*) {refusal};; esac')
    assert sshd_command(sshd, ["A 1", "Unknown 2", "B 3"]) == (
        sshd, "-i", "-e", "-f", "/dev/null", "-o", "A 1", "-o", "B 3",
    )  # fmt: skip


def test_sshd_reads_no_file_that_it_could_write(tmp_path: Path) -> None:
    """Sessions have its user id: what it can write, they can."""
    command = sshd_command(fake_sshd(tmp_path, "exit 0"), make_config(Settings(), PLACE))
    assert command[4] == "/dev/null"
    assert not list(tmp_path.rglob("*config*"))


def test_what_else_sshd_refuses_is_said(tmp_path: Path) -> None:
    """Its last words say what is wrong, such as a host key that is none."""
    sshd = fake_sshd(tmp_path, 'echo "debug1: x" >&2; echo "sshd: no hostkeys available -- exiting." >&2; exit 1')
    with pytest.raises(ConfigError, match="no hostkeys available"):
        sshd_command(sshd, make_config(Settings(), PLACE))
