"""swish-checkpoint, run for real: beside a small HTTP server that answers as Jupyter's does, in a home made here."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[2] / "images" / "environment" / "bin" / "swish_checkpoint.py"
TOKEN = "a-token-that-nobody-may-see"
PREFIX = "/user/ada/work/"


@dataclass
class Jupyter:
    """A server with some sessions; it notes what it was asked."""

    sessions: Any = field(default_factory=list)
    delay: float = 0.0
    refused: str = ""
    moved: bool = False
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    port: int = 0

    def answer(self, method: str, path: str) -> tuple[int, Any]:
        """Return status and content as Jupyter's REST API does."""
        time.sleep(self.delay)
        if self.moved:
            return 302, None
        if path == f"{PREFIX}api/sessions" and method == "GET":
            return 200, self.sessions
        if path.startswith(f"{PREFIX}api/contents/") and path.endswith("/checkpoints") and method == "POST":
            return (404, None) if self.refused and self.refused in path else (201, {"id": "checkpoint"})
        return 404, None


@pytest.fixture
def jupyter() -> Iterator[Jupyter]:
    """A running server."""
    state = Jupyter()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            state.asked.append((self.command, self.path, self.headers.get("Authorization", "")))
            status, content = state.answer(self.command, self.path)
            try:
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "/elsewhere")
                self.end_headers()
                self.wfile.write(json.dumps(content).encode())
            except OSError:
                return  # it did not wait

        do_GET = do_POST = _answer  # noqa: N815 - the names are http.server's

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.port = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield state
    server.shutdown()
    server.server_close()


@dataclass(frozen=True)
class Pod:
    """A container with a home, in which the hook runs."""

    home: Path
    console: Path

    @property
    def log(self) -> Path:
        """The person's log."""
        return self.home / ".swish" / "checkpoint.log"

    def write_own(self, text: str, mode: int = 0o755) -> None:
        """Give the person an executable of their own."""
        self.log.parent.mkdir(exist_ok=True)
        script = self.log.parent / "checkpoint"
        script.write_text(text)
        script.chmod(mode)

    def stop(self, port: int | None = None, grace: str = "20", **more: str) -> list[str]:
        """Run the hook as Kubernetes does, and return the lines in the container's log, without time and name."""
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.home), "SWISH_STOP_GRACE": grace, **more}
        if port:
            environment |= {
                "JUPYTERHUB_SERVICE_PREFIX": PREFIX,
                "JUPYTERHUB_SERVICE_URL": f"http://0.0.0.0:{port}{PREFIX}",
                "JUPYTERHUB_API_TOKEN": TOKEN,
                "http_proxy": "http://127.0.0.1:9",
            }
        command = [sys.executable, "-I", str(SCRIPT), str(self.console)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        told = self.console.read_text() if self.console.exists() else ""
        assert done.returncode == 0
        assert done.stdout + done.stderr == ""
        assert TOKEN not in told + (self.log.read_text() if self.log.is_file() else "")
        return [line.split(" swish-checkpoint: ", 1)[1] for line in told.splitlines()]


@pytest.fixture
def pod(tmp_path: Path) -> Pod:
    """A container with an empty home."""
    (tmp_path / "home").mkdir()
    return Pod(tmp_path / "home", tmp_path / "console")


def session(path: str, kind: str = "notebook") -> dict[str, Any]:
    """Return a session as Jupyter's REST API lists it."""
    return {"id": path, "path": path, "type": kind, "name": path, "kernel": {"id": "k", "name": "python3"}}


def test_every_open_notebook_gets_a_checkpoint(pod: Pod, jupyter: Jupyter) -> None:
    """The server is asked, by its own token, for a checkpoint of each notebook that is open, once each."""
    jupyter.sessions = [session("a.ipynb"), session("dir/b é%.ipynb"), session("a.ipynb"), session("c", kind="console")]
    lines = pod.stop(jupyter.port)
    assert lines == ["notebooks: checkpoint of a.ipynb", "notebooks: checkpoint of dir/b é%.ipynb"]
    assert jupyter.asked == [
        ("GET", f"{PREFIX}api/sessions", f"token {TOKEN}"),
        ("POST", f"{PREFIX}api/contents/a.ipynb/checkpoints", f"token {TOKEN}"),
        ("POST", f"{PREFIX}api/contents/dir/b%20%C3%A9%25.ipynb/checkpoints", f"token {TOKEN}"),
    ]


def test_a_notebook_that_is_gone_does_not_stop_the_others(pod: Pod, jupyter: Jupyter) -> None:
    """A refusal is one line, and the next notebook is kept all the same."""
    jupyter.sessions, jupyter.refused = [session("gone.ipynb"), session("here.ipynb")], "gone"
    lines = pod.stop(jupyter.port)
    assert lines == ["notebooks: no checkpoint of gone.ipynb (HTTP 404)", "notebooks: checkpoint of here.ipynb"]


def test_the_person_s_executable_runs_after_the_notebooks(pod: Pod, jupyter: Jupyter) -> None:
    """It runs in the home with the environment's variables, its output is in the log, and its exit status is told."""
    jupyter.sessions = [session("a.ipynb")]
    pod.write_own("#!/bin/sh\npwd\necho model=$MODEL\nexit 3\n")
    lines = pod.stop(jupyter.port, MODEL="best")
    assert lines[0] == "notebooks: checkpoint of a.ipynb"
    assert lines[1].startswith("checkpoint: exit status 3 after 0.")
    log = pod.log.read_text()
    assert f"{pod.home}\nmodel=best\n" in log
    assert all(line in log for line in lines)


def test_an_executable_that_does_not_end_is_stopped_in_time(pod: Pod, tmp_path: Path) -> None:
    """It, and what it started, has the grace period less five seconds, then it is asked to stop and then made to."""
    pod.write_own(f"#!/bin/sh\ntrap '' TERM\nsleep 300 &\necho $! > {tmp_path}/child\nwhile true; do sleep 1; done\n")
    started = time.monotonic()
    lines = pod.stop(grace="6.5")
    # by itself it would take five minutes; how busy the machine is, is no fact about it
    assert time.monotonic() - started >= 3.2
    (line,) = lines
    told = re.search(r"stopped, since it was not done after ([\d.]+) s$", line)
    assert told
    assert float(told[1]) >= 3
    child = int((tmp_path / "child").read_text())
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and _runs(child):
        time.sleep(0.05)
    assert not _runs(child)


def _runs(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def test_a_server_that_hangs_leaves_time_for_the_executable(pod: Pod, jupyter: Jupyter) -> None:
    """Notebooks have half of the time at most, so that the person's executable has the other half."""
    jupyter.sessions, jupyter.delay = [session("a.ipynb")], 30
    pod.write_own("#!/bin/sh\necho saved > saved\n")
    lines = pod.stop(jupyter.port, grace="7")
    assert lines[0] == "notebooks: the server does not say which are open (TimeoutError)"
    assert (pod.home / "saved").read_text() == "saved\n"


def test_time_that_is_up_is_said_for_each_notebook(pod: Pod, jupyter: Jupyter) -> None:
    """A notebook that there was no time for is named."""
    jupyter.sessions, jupyter.delay = [session(f"{number}.ipynb") for number in range(9)], 0.6
    lines = pod.stop(jupyter.port, grace="7")
    assert lines[0] == "notebooks: checkpoint of 0.ipynb"
    assert lines[-1] == "notebooks: no time left for 8.ipynb"
    assert len(lines) == 9


def test_without_a_server_the_executable_runs(pod: Pod) -> None:
    """A server that is gone already, which refuses connections, is one line."""
    pod.write_own("#!/bin/sh\necho saved > saved\n")
    lines = pod.stop(port=1)
    assert lines[0].startswith("notebooks: the server does not say which are open (")
    assert (pod.home / "saved").exists()


@pytest.mark.parametrize(
    "answer", [{"message": "no"}, "text", [1], [{"type": "notebook"}], [{"type": "notebook", "path": 3}]]
)
def test_an_answer_that_makes_no_sense_does_no_harm(pod: Pod, jupyter: Jupyter, answer: object) -> None:
    """Whatever the server says, the stop goes on and nothing but lines comes of it."""
    jupyter.sessions = answer
    pod.write_own("#!/bin/sh\necho saved > saved\n")
    assert pod.stop(jupyter.port)
    assert (pod.home / "saved").exists()


def test_the_token_goes_nowhere_else(pod: Pod, jupyter: Jupyter) -> None:
    """A redirect is not followed."""
    jupyter.moved = True
    assert pod.stop(jupyter.port) == ["notebooks: the server does not say which are open (HTTP 302)"]
    assert len(jupyter.asked) == 1


def test_a_script_that_is_not_executable_is_said(pod: Pod) -> None:
    """Somebody who forgot chmod reads so in the log."""
    pod.write_own("#!/bin/sh\ntouch ran\n", mode=0o644)
    (line,) = pod.stop()
    assert "not executable" in line
    assert not (pod.home / "ran").exists()


@pytest.mark.parametrize("text", ["no interpreter line", "#!/no/such/interpreter\n", ""])
def test_a_script_that_cannot_start_is_said(pod: Pod, text: str) -> None:
    """An executable that the kernel refuses is one line, and the stop goes on."""
    pod.write_own(text)
    (line,) = pod.stop()
    assert line.startswith("checkpoint: not done (")


@pytest.mark.parametrize("grace", ["", "soon", "1", "0", "-3", "nan", "inf"])
def test_any_grace_period_is_survived(pod: Pod, grace: str) -> None:
    """A period that is missing, short or no number still ends with exit status 0."""
    pod.write_own("#!/bin/sh\nexit 0\n")
    assert pod.stop(grace=grace)


def test_nothing_to_do_says_nothing(pod: Pod) -> None:
    """Without a server or an executable there is no line."""
    assert pod.stop() == []


def test_no_log_can_be_written(pod: Pod, jupyter: Jupyter) -> None:
    """A full or read-only home, and no console either, do not keep the environment from stopping."""
    (pod.home / ".swish").write_text("a file where a folder should be")
    pod.console.mkdir()
    command = [sys.executable, "-I", str(SCRIPT), str(pod.console)]
    environment = {"HOME": str(pod.home), "PATH": os.environ["PATH"]}
    assert subprocess.run(command, env=environment, check=False).returncode == 0


def test_the_log_does_not_grow_for_ever(pod: Pod) -> None:
    """A log of more than a mebibyte is put aside, once."""
    pod.write_own("#!/bin/sh\nexit 0\n")
    pod.log.write_text("x" * (2 << 20))
    pod.stop()
    assert pod.log.stat().st_size < 1000
    assert pod.log.with_suffix(".log.old").stat().st_size == 2 << 20
