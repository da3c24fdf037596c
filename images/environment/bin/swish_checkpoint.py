#!/opt/swish/bin/python3 -I
"""swish-checkpoint [CONSOLE]: keep a person's work before their environment stops.

The container's preStop hook runs this; Kubernetes waits for it within the pod's grace period. The server that is
still running makes a checkpoint of each open notebook, then the person's own executable ~/.swish/checkpoint has what
is left of the time. Each step is one line on CONSOLE (the container's log) and in ~/.swish/checkpoint.log, where the
output of the person's executable goes too. Nothing that fails here keeps the environment from stopping: the exit
status is 0.

Environment: SWISH_STOP_GRACE, the grace period in seconds; JUPYTERHUB_SERVICE_PREFIX, JUPYTERHUB_SERVICE_URL and
JUPYTERHUB_API_TOKEN, as JupyterHub sets them.
"""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

_DEFAULT_GRACE: Final = 30.0
#: Of the grace period, what is left for the server itself to stop (seconds).
_MARGIN: Final = 5.0
#: Between asking an executable to stop and stopping it (seconds).
_LAST_WORDS: Final = 2.0
_ANSWER: Final = 10.0
_PORT: Final = 8888
_LOG_BYTES: Final = 1 << 20

Say = Callable[[str], None]


@dataclass(frozen=True)
class Deadline:
    """A point in time, by the monotonic clock (seconds)."""

    at: float

    @property
    def left(self) -> float:
        """Seconds until then; 0 when it has passed."""
        return max(0.0, self.at - time.monotonic())


class _Stay(HTTPRedirectHandler):
    """The token is for this server: do not carry it elsewhere."""

    def redirect_request(self, *_: Any) -> None:
        return None


@dataclass(frozen=True)
class Server:
    """The Jupyter server of this environment, asked with its own token.

    Args:
        base: Address of the server's root, with a slash at the end.
        token: Its own token; no message shows it.
    """

    base: str
    token: str

    def call(self, method: str, path: str, seconds: float) -> Any:
        """Return the server's answer, parsed.

        Raises:
            OSError: No answer in time, or a refusal (`HTTPError`).
            ValueError: The answer is not JSON.
        """
        headers = {"Authorization": f"token {self.token}"}
        body = b"{}" if method == "POST" else None
        request = Request(f"{self.base}api/{path}", data=body, headers=headers, method=method)  # noqa: S310 - http only
        opener = build_opener(ProxyHandler({}), _Stay())
        with opener.open(request, timeout=max(0.1, min(_ANSWER, seconds))) as answer:
            return json.load(answer)


def find_server(environment: Mapping[str, str]) -> Server | None:
    """Return the server that JupyterHub started in this container; None when there is none."""
    prefix, token = environment.get("JUPYTERHUB_SERVICE_PREFIX"), environment.get("JUPYTERHUB_API_TOKEN")
    if not prefix or not token:
        return None
    port = urlsplit(environment.get("JUPYTERHUB_SERVICE_URL", "")).port or _PORT
    return Server(f"http://127.0.0.1:{port}/{prefix.strip('/')}".rstrip("/") + "/", token)


def open_notebooks(sessions: Any) -> Iterator[str]:
    """Name the files of the notebooks among a server's sessions, each once."""
    paths = [entry["path"] for entry in sessions if entry.get("type") == "notebook" and entry.get("path")]
    # with real-time collaboration a path begins with the name of its drive
    yield from dict.fromkeys(path.removeprefix("RTC:").lstrip("/") for path in paths)


def keep_notebooks(server: Server, deadline: Deadline, say: Say) -> None:
    """Have the server make a checkpoint of every open notebook that there is time for."""
    try:
        paths = list(open_notebooks(server.call("GET", "sessions", deadline.left)))
    except (OSError, ValueError) as error:
        say(f"notebooks: the server does not say which are open ({_reason(error)})")
        return
    if not paths:
        say("notebooks: none is open")
    for path in paths:
        if not deadline.left:
            say(f"notebooks: no time left for {path}")
            continue
        try:
            server.call("POST", f"contents/{quote(path)}/checkpoints", deadline.left)
        except (OSError, ValueError) as error:
            say(f"notebooks: no checkpoint of {path} ({_reason(error)})")
        else:
            say(f"notebooks: checkpoint of {path}")


def run_own(script: Path, log: Path, deadline: Deadline, say: Say) -> None:
    """Run the person's executable until it ends or time is up; then it and all that it started are stopped."""
    if not script.exists():
        return
    if not os.access(script, os.X_OK):
        say(f"{script.name}: not executable, so it did not run (chmod +x {script})")
        return
    started = time.monotonic()
    with log.open("ab") as output:
        process = subprocess.Popen(
            [script], cwd=Path.home(), stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    try:
        status = process.wait(deadline.left)
    except subprocess.TimeoutExpired:
        say(f"{script.name}: stopped, since it was not done after {time.monotonic() - started:.1f} s")
        _end(process)
    else:
        say(f"{script.name}: exit status {status} after {time.monotonic() - started:.1f} s")


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_LAST_WORDS)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _reason(error: Exception) -> str:
    return f"HTTP {error.code}" if isinstance(error, HTTPError) else type(error).__name__


def budget(environment: Mapping[str, str]) -> float:
    """Return the seconds that may be used: the grace period but for a margin, and at least half of it."""
    try:
        grace = float(environment.get("SWISH_STOP_GRACE", ""))
    except ValueError:
        grace = _DEFAULT_GRACE
    if not 0 < grace < math.inf:
        grace = _DEFAULT_GRACE
    return max(grace - _MARGIN, grace / 2)


def teller(console: Path, log: Path) -> Say:
    """Return what writes one line, with the time, to the container's log and to the person's; neither has to work."""

    def say(text: str) -> None:
        line = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} swish-checkpoint: {text}\n"
        for path in (console, log):
            with suppress(OSError), path.open("a") as stream:
                stream.write(line)

    return say


@contextmanager
def going_on(step: str, say: Say) -> Iterator[None]:
    """Say what went wrong in a step, whatever it is: the next one and the stop go on."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - see above
        say(f"{step}: not done ({_reason(error)})")


def main() -> int:
    """Run the command; returns 0."""
    started = time.monotonic()
    whole = budget(os.environ)
    folder = Path.home() / ".swish"
    log = folder / "checkpoint.log"
    say = teller(Path(sys.argv[1] if len(sys.argv) > 1 else "/proc/1/fd/1"), log)
    with going_on("log", say):
        folder.mkdir(parents=True, exist_ok=True)
        if log.exists() and log.stat().st_size > _LOG_BYTES:
            log.replace(log.with_suffix(".log.old"))
    with going_on("notebooks", say):
        # half for the notebooks, so that a server that hangs leaves something for the person's executable
        if server := find_server(os.environ):
            keep_notebooks(server, Deadline(started + whole / 2), say)
    with going_on("checkpoint", say):
        run_own(folder / "checkpoint", log, Deadline(started + whole), say)
    return 0


if __name__ == "__main__":
    sys.exit(main())
