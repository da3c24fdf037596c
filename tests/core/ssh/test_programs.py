"""What we write is read by OpenSSH itself as it is meant."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from swish_spawner.core.ssh.gateway import gateway_line
from swish_spawner.core.ssh.keys import parse_public_key
from swish_spawner.core.ssh.ways import Seen, ServiceAddress, known_hosts, ways_into
from tests.core.ssh.test_keys import ED25519, SK_ECDSA, SK_ED25519, TAKEN
from tests.core.ssh.test_ways import NAMED
from tests.core.test_record import HOST

pytestmark = pytest.mark.skipif(not shutil.which("ssh"), reason="no ssh is installed")
WAYS = ways_into(
    replace(NAMED, service_type="NodePort", gateway="ssh.example.org", host_key=ED25519),
    Seen(ServiceAddress(node_port=30022), resolves=True),
    2200,
)


def run(*command: str) -> str:
    """Return what a command prints."""
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout


def settings(*arguments: str) -> dict[str, str]:
    """Return what ssh would do."""
    lines = run("ssh", "-G", *arguments).splitlines()
    return {name: value for name, _, value in (line.partition(" ") for line in lines)}


@pytest.mark.parametrize(
    ("way", "host", "port", "jump"),
    [(0, HOST, "30022", None), (1, "env-ada--lab.imaging.svc", "22", "swish@ssh.example.org:2200")],
)
def test_the_configuration_and_the_command_say_the_same(
    tmp_path: Path, way: int, host: str, port: str, jump: str | None
) -> None:
    """Host, port, login and the host to go through."""
    config = tmp_path / "config"
    config.write_text(WAYS[way].config())
    typed = WAYS[way].command("ssh").split()[1:]
    for found in (settings("-F", str(config), "ada--lab"), settings("-F", "none", *typed)):
        assert (found["hostname"], found["port"], found["user"], found.get("proxyjump")) == (host, port, "swish", jump)
    assert settings("-F", str(config), "ada--lab")["hostkeyalias"] == "ada--lab"


@pytest.mark.parametrize("name", [f"[{HOST}]:30022", "env-ada--lab.imaging.svc", "ada--lab"])
def test_a_host_key_is_found_by_every_name(tmp_path: Path, name: str) -> None:
    """So ssh asks nothing."""
    file = tmp_path / "known_hosts"
    file.write_text(known_hosts(WAYS, ED25519) + "\n")
    assert ED25519.split()[1] in run("ssh-keygen", "-F", name, "-f", str(file))


@pytest.mark.parametrize("line", [line for line, _ in TAKEN])
def test_fingerprints_are_the_same(tmp_path: Path, line: str) -> None:
    """As ssh-keygen, and so sshd's log, has them; also behind the options that the gateway puts before it."""
    file = tmp_path / "key.pub"
    for text in (line, gateway_line(line, [NAMED])):
        file.write_text(f"{text}\n")
        assert run("ssh-keygen", "-l", "-f", str(file)).split()[1] == parse_public_key(line).fingerprint


def test_the_table_has_keys_of_security_keys() -> None:
    """They are made by hand here, since no test has the hardware."""
    assert {SK_ED25519, SK_ECDSA} < {line for line, _ in TAKEN}
