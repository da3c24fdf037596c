"""swish-sshd: let people into an environment by SSH, and write down who came."""

# ruff: noqa: T201 - a command-line program prints

from __future__ import annotations

import argparse
import errno
import os
import pwd
import secrets
import shutil
import signal
import socket
import stat
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from swish_sshd.config import ConfigError, Place, Version, find_version, make_config, sshd_command
from swish_sshd.dying import keep_to_ourselves
from swish_sshd.events import Console, Events
from swish_sshd.files import Files
from swish_sshd.gateway_keys import Lookup
from swish_sshd.keys import KeysFile
from swish_sshd.listener import Listener
from swish_sshd.loop import Loop
from swish_sshd.port import Port
from swish_sshd.settings import Settings, SettingsError, read_settings
from swish_sshd.supervisor import detach, supervise
from swish_sshd.variables import quote, session_variables
from swish_sshd.watch import GatewayWatch, KeysWatch

_HERE: Final = Path(__file__).resolve().parent
_SFTP: Final = ("/usr/lib/openssh/sftp-server", "/usr/libexec/openssh/sftp-server", "/usr/lib/ssh/sftp-server")
_CONSOLE: Final = "/proc/1/fd/1"
#: Where programs are that we start; nobody but root writes there.
_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#: How long sessions may take to end when we are asked to stop (seconds).
_LAST_WORDS: Final = 6.0
#: A line for the operator is said again after this time, and not before (seconds).
_AGAIN: Final = 300.0


class Operator:
    """Lines for whoever reads the container's log; the same one not over and over."""

    def __init__(self) -> None:
        self._said: dict[str, float] = {}

    def __call__(self, text: str) -> None:
        """Say something."""
        now = time.monotonic()
        if now - self._said.get(text, -_AGAIN) >= _AGAIN:
            self._said = {line: at for line, at in self._said.items() if now - at < _AGAIN} | {text: now}
            print(f"swish-sshd: {text}", file=sys.stderr, flush=True)


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    found = argparse.ArgumentParser(prog="swish-sshd", description=__doc__)
    found.add_argument("--start", type=Path, required=True, help="folder with host_key and settings.json")
    found.add_argument("--keys", type=Path, default=Path("/nonexistent"), help="folder with authorized_keys")
    found.add_argument("--detach", action="store_true", help="in the background, with the output to process 1's")
    found.add_argument("--web", default="", help="the gateway's: address of the web service")
    found.add_argument(
        "--token-file", type=Path, default=Path("/nonexistent"), help="the gateway's: file with its token"
    )
    found.add_argument("--sshd", default="/usr/sbin/sshd", help="OpenSSH's server")
    found.add_argument("--temporary", type=Path, default=Path(tempfile.gettempdir()), help="folder to write to")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns once it was asked to stop, or at once with --detach."""
    options = parser().parse_args(arguments)
    if options.detach and not detach(_CONSOLE):
        return 0
    keep_to_ourselves()
    variables = session_variables(os.environ)
    # the container's leads to the person's home first, for their sessions
    os.environ["PATH"] = _PATH
    # before the first fork, so that all workers have it
    port = Port()
    return supervise(lambda: work(options, variables, port))


def work(options: argparse.Namespace, variables: Mapping[str, str], port: Port) -> int:
    """Be the worker: wait until all is there that is needed, then listen until asked to stop."""
    signal.signal(signal.SIGTERM, _exit)
    say, is_told = Operator(), False
    while True:
        try:
            ready = prepare(options, variables, port)
        except PortTakenError as error:
            say(f"waiting: port {error.settings.port} is taken")
            if not is_told:
                tell_of_port(error.settings)
            is_told = True
            time.sleep(1)
        except (SettingsError, ConfigError, OSError) as error:
            # a Secret that is not there yet: it may come, so there is no reason to end
            say(f"waiting: {error}")
            time.sleep(1)
        else:
            return Service(options, ready, say).run()


def _exit(*_: object) -> None:
    os._exit(0)


class PortTakenError(Exception):
    """Another program has our port."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.settings = settings


@dataclass(frozen=True)
class Ready:
    """All that has to be there before somebody can be let in.

    Args:
        settings: What is allowed.
        sshd: The command that serves one connection.
        files: The name of the socket that tells of files.
        folder: The gateway's, for answers that it has had.
        version: OpenSSH's.
        port: The socket to accept from.
    """

    settings: Settings
    sshd: Sequence[str]
    files: str
    folder: Path | None
    version: Version
    port: socket.socket


def prepare(options: argparse.Namespace, variables: Mapping[str, str], port: Port) -> Ready:
    """Get everything ready.

    Raises:
        SettingsError, ConfigError, OSError: Something is missing, or makes no sense.
        PortTakenError: Somebody else listens where we should.
    """
    settings = read_settings(options.start)
    if not (options.start / "host_key").is_file():
        raise SettingsError(f"{options.start / 'host_key'}: no such file")
    # of the network's own names, which nobody can take away or put another in the place of while we have it
    files = f"swish-sftp-{secrets.token_hex(16)}"
    folder = memory(options.temporary, settings.port) if settings.gateway else None
    lookup = lookup_command(options, folder) if folder else ""
    place = Place(options.start, options.keys, user_name(), sftp_command(files), lookup, variables)
    version = find_version(options.sshd)
    sshd = sshd_command(options.sshd, make_config(settings, place, version))
    try:
        return Ready(settings, sshd, files, folder, version, port.open(settings.port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortTakenError(settings) from error
        raise


def tell_of_port(settings: Settings) -> None:
    """Write into the record that somebody else listens: whoever comes meanwhile comes to them."""
    console = Console(1)
    Events(settings, console)("blocked", port=settings.port)
    console.close()


class Service:
    """All parts, put together, and running.

    Args:
        options: The command line.
        ready: What was waited for.
        say: Tells the operator something.
    """

    def __init__(self, options: argparse.Namespace, ready: Ready, say: Callable[[str], None]) -> None:
        self.say, settings = say, ready.settings
        self.loop = Loop(self._trouble)
        self.console = Console(1)
        self.events = Events(settings, self.console)
        self.listener = Listener(settings, self.loop, self.events, ready.sshd, say)
        self._watch(options, ready)
        self.loop.on_signal(signal.SIGCHLD, self.listener.reap)
        self.loop.on_signal(signal.SIGTERM, self._stop)
        self.loop.every(60, self._say_lost)
        self.listener.listen(ready.port)
        self.events("started", port=settings.port, openssh=".".join(map(str, ready.version)), mode=settings.mode)

    def _watch(self, options: argparse.Namespace, ready: Ready) -> None:
        if ready.folder:
            GatewayWatch(Lookup(options.web, options.token_file, ready.folder), self.listener)
            return
        Files(ready.files, self.loop, lambda: self.listener.connections)
        KeysWatch(KeysFile(options.keys / "authorized_keys"), self.listener)

    def run(self) -> int:
        """Listen until asked to stop."""
        self.loop.run()
        self.console.close()
        return 0

    def _stop(self) -> None:
        """End all sessions, tell of it, and return from `run`."""
        self.listener.close()
        for connection in list(self.listener.connections.values()):
            self.listener.end(connection, "stopped")
        self.loop.after(_LAST_WORDS, self.loop.stop)
        self._stop_when_done()

    def _stop_when_done(self) -> None:
        self.listener.reap()
        if not self.listener.connections:
            self.loop.stop()
        self.loop.after(0.05, self._stop_when_done)

    def _trouble(self, error: Exception) -> None:
        where = traceback.extract_tb(error.__traceback__)[-1]
        self.say(f"{type(error).__name__} in {Path(where.filename).name}:{where.lineno}: {error}")

    def _say_lost(self) -> None:
        if self.console.lost:
            self.say(f"{self.console.lost} events could not be written")


def user_name() -> str:
    """Return the account that this runs as.

    Raises:
        SettingsError: /etc/passwd has no line for it, without which sshd lets nobody in.
    """
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError as error:
        raise SettingsError(f"/etc/passwd has no line for the user id {os.getuid()} that this runs as") from error


def memory(temporary: Path, port: int) -> Path:
    """Make the gateway's folder, which only this user can look into, or find that of an earlier start.

    Raises:
        OSError: It cannot be made.
    """
    path = temporary / f"swish-ssh-{os.getuid()}-{port}"
    path.mkdir(mode=0o700, exist_ok=True)
    status = path.lstat()
    if status.st_uid != os.getuid() or not stat.S_ISDIR(status.st_mode) or status.st_mode & 0o077:
        return Path(tempfile.mkdtemp(prefix="swish-ssh-", dir=temporary))
    return path


def sftp_command(log: str) -> str:
    """Return the command of SFTP's subsystem; empty where there is no sftp-server."""
    server = next((path for path in _SFTP if os.access(path, os.X_OK)), shutil.which("sftp-server"))
    if server is None:
        return ""
    # VERBOSE names what is only looked at, so that its failure is not taken for that of what was done before
    return f"{sys.executable} -I -S {_HERE / 'sftp_server.py'} {log} {server} -e -l VERBOSE"


def lookup_command(options: argparse.Namespace, folder: Path) -> str:
    """Return the command that says which keys the gateway lets in."""
    # sshd wants the first word without quotes
    words = (
        sys.executable,
        "-I",
        "-S",
        str(_HERE / "gateway_keys.py"),
        options.web,
        str(options.token_file),
        str(folder),
    )
    return " ".join((words[0], *map(quote, words[1:]), "%f", "%t"))
