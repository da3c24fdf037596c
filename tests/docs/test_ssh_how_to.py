"""What the how-to page about ssh says to type works, as it is written there."""

from __future__ import annotations

import re
import shlex
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from benchmarks.processes import free_port
from swish_spawner.core.ssh.ways import Way
from swish_spawner.core.ssh_log.words import _REASONS
from tests.docs.repository import ROOT
from tests.images import ssh_lab
from tests.images.ssh_lab import Lab, lab

PAGE: Final = (ROOT / "docs" / "how-to" / "connect-with-ssh.md").read_text(encoding="utf-8")
NAME: Final = "alice--lab"
#: Every line that uses the short name.
COMMANDS: Final = sorted(set(re.findall(rf"^ {{4}}((?:ssh|scp|sftp|rsync) .*\b{NAME}\b(?!\.).*)$", PAGE, re.MULTILINE)))
COPYING: Final = [line for line in COMMANDS if line.startswith(("scp", "rsync", "sftp")) or line.endswith("nproc")]
TUNNELS: Final = [line for line in COMMANDS if line.startswith("ssh -N")]
# by anybody else it would be in their own home
needs_root = pytest.mark.skipif(not ssh_lab.ROOT, reason="only root gives the listener a home of its own")
needs_ssh = pytest.mark.skipif(bool(ssh_lab.missing()), reason=ssh_lab.missing() or "all is here")


@pytest.fixture(scope="module")
def box() -> Iterator[Lab]:
    """An environment of the page's name, in a configuration as on the page, with all that its lines name."""
    with lab() as made:
        made.start()
        known = made.folder / "known"
        known.write_text(f"{NAME} {(made.folder / 'start' / 'host_key.pub').read_text()}")
        (made.folder / "config").write_text(
            f"Host {NAME}\n    HostName 127.0.0.1\n    Port {made.port}\n    User {ssh_lab.USER}\n"
            f"    HostKeyAlias {NAME}\n    ServerAliveInterval 30\n    IdentityFile {made.folder}/ada\n"
            f"    IdentitiesOnly yes\n    UserKnownHostsFile {known}\n"
        )
        yield made


@pytest.fixture
def here(box: Lab, tmp_path: Path) -> Iterator[Path]:
    """A folder on the person's own computer; there and in the environment is what the lines copy."""
    (tmp_path / "data").mkdir()
    (tmp_path / "results.csv").write_text("1\n")
    (tmp_path / "data" / "a").write_text("a")
    names = "results data results.csv"
    assert box.ssh(f"rm -rf {names}; mkdir results; echo 2 > results/b").returncode == 0
    yield tmp_path
    box.ssh(f"rm -rf {names}")


def typed(box: Lab, line: str) -> list[str]:
    """Return the words of a line, with the configuration of this test instead of one's own."""
    program, *words = shlex.split(line)
    config = ["-F", str(box.folder / "config")]
    return [program, *(["-e", shlex.join(["ssh", *config])] if program == "rsync" else config), *words]


def test_the_page_has_each_kind_of_line() -> None:
    """Otherwise what follows would try nothing."""
    assert {line.split()[0] for line in COPYING} == {"ssh", "scp", "sftp", "rsync"}
    assert {line.split()[2] for line in TUNNELS} == {"-L", "-D"}


@needs_root
@needs_ssh
@pytest.mark.parametrize("line", COPYING)
def test_a_line_works_as_it_is_written(box: Lab, here: Path, line: str) -> None:
    """It ends well."""
    done = box.run(typed(box, line), cwd=here)
    assert done.returncode == 0, done.stderr


@needs_root
@needs_ssh
def test_what_is_copied_arrives(box: Lab, here: Path) -> None:
    """The first line sends, and others bring back, where the page says."""
    for line in COPYING:
        box.run(typed(box, line), cwd=here)
    assert (here / "results" / "b").read_text() == "2\n"
    assert box.ssh("cat results.csv data/a").stdout == "1\na"


@needs_ssh
@pytest.mark.parametrize("line", TUNNELS)
def test_a_tunnel_opens(box: Lab, line: str) -> None:
    """The port of the line listens on the person's computer; another number here, since that one may be taken."""
    port = str(free_port())
    line = re.sub(r"(-L |-D )\d+", rf"\g<1>{port}", line)
    with subprocess.Popen(typed(box, line), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE) as client:
        box.wait_for(lambda: answers(int(port)))
        client.terminate()


def answers(port: int) -> bool:
    """Whether somebody listens."""
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize(
    "way",
    [
        Way("", "", NAME, "swish", f"{NAME}.dev.example.org"),
        Way("", "", NAME, "swish", f"env-{NAME}.swish.svc", jump="swish@ssh.example.org"),
    ],
    ids=["name", "gateway"],
)
def test_the_lines_are_those_of_environments(way: Way) -> None:
    """The command and the configuration are what the page Environments gives for such a way."""
    assert f"    {way.command('ssh')}\n" in PAGE
    assert "\n".join(f"    {line}" for line in way.config().splitlines()) in PAGE


@pytest.mark.parametrize("words", _REASONS.values())
def test_each_reason_of_the_log_has_an_answer(words: str) -> None:
    """Whatever somebody is refused for, the page says what to do."""
    assert words in PAGE.split("## When it does not work")[1].split("## For administrators")[0]
