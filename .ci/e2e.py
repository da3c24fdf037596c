"""Run tests/e2e on a real cluster, and leave the cluster as it was found.

    python .ci/e2e.py [arguments of pytest]

Without arguments all of them are run, stage by stage: tests/e2e/stages.py says what runs beside what.

A cluster that answers is used and left up. Where there is none, one is booted, the last test takes it down and up
again, and it is taken down for good afterwards, so that no process is left. That says nothing unless it fails: the last
thing to read is pytest's summary. A cluster that is there but does not answer, or is on its way, is somebody's: it is
brought up, and left up.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.e2e.stages import PLACE, STAGES, STATUS, arguments
from tests.times import VARIABLE, together

LOCAL = [sys.executable, "-m", "local"]


def look() -> str:
    """Return what `status` prints: a JSON object, in which there are secrets."""
    return subprocess.run([*LOCAL, "status"], stdout=subprocess.PIPE, text=True, check=False).stdout


def state(said: str) -> str:
    """Return the state of the cluster: up, down or degraded."""
    try:
        return str(json.loads(said)["state"])
    except (ValueError, KeyError):
        sys.exit(f"error: status printed no JSON object\n{said}")


def call(argv: list[str], environment: dict[str, str] | None = None) -> int:
    """Return a command's exit code; a SIGTERM of ours interrupts it, and ends us once it has ended."""
    with subprocess.Popen(argv, env=environment) as process:
        stopped: list[int] = []

        def stop(number: int, _frame: object) -> None:
            stopped.append(number)
            process.send_signal(signal.SIGINT)

        before = signal.signal(signal.SIGTERM, stop)
        try:
            code = process.wait()
        finally:
            signal.signal(signal.SIGTERM, before)
    if stopped:
        sys.exit(128 + signal.SIGTERM)
    return code


def run_pytest(words: list[str], environment: dict[str, str]) -> int:
    """Return pytest's exit code."""
    return call([sys.executable, "-m", "pytest", *words], environment)


def run_stages(environment: dict[str, str]) -> int:
    """Run all tests, stage by stage, and take back what they changed together; returns the first bad exit code."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**environment, PLACE: folder}
        codes, times = [], []
        try:
            for number, stage in enumerate(STAGES):
                times.append(Path(folder) / f"times-{number}.json")
                codes.append(run_pytest(arguments(stage), {**environment, VARIABLE: str(times[-1])}))
        finally:
            codes.append(call([sys.executable, "-m", "tests.e2e.policy", folder], environment))
        if place := environment.get(VARIABLE):
            Path(place).write_text(together(times))
    return next((code for code in codes if code), 0)


def run_tests(words: list[str], said: str, *, booted: bool) -> int:
    """Return the first bad exit code of pytest's."""
    with tempfile.NamedTemporaryFile("w") as file:  # which only we may read
        file.write(said)
        file.flush()
        environment = {**os.environ, STATUS: file.name, **({"SWISH_E2E_BOOTED": "1"} if booted else {})}
        return run_pytest(words, environment) if words else run_stages(environment)


def take_down() -> int:
    """Return the exit code of `local down`, after its output if it failed; nothing but a kill keeps it from its end."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    done = subprocess.run([*LOCAL, "down"], capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stdout, done.stderr, sep="", file=sys.stderr)
    return done.returncode


def refuse_what_is_not_there(words: list[str]) -> None:
    """End, before a cluster is booted for it, a run of a file that there is none of."""
    for word in words:
        place = Path(word.partition("::")[0])
        if not word.startswith("-") and place.suffix == ".py" and not place.exists():
            there = ", ".join(sorted(path.name for path in Path("tests/e2e").glob("test_*.py")))
            sys.exit(f"error: there is no {place}; in tests/e2e are {there}")


def main(words: list[str]) -> int:
    """Return zero when the tests passed and the cluster is as it was found."""
    refuse_what_is_not_there(words)
    # what runs in the background is begun with interrupts ignored, and hands that on
    signal.signal(signal.SIGINT, signal.default_int_handler)
    said = look()
    found = state(said)
    ours = found == "down"
    try:
        if found == "up":
            return run_tests(words, said, booted=False)
        return call([*LOCAL, "up"]) or run_tests(words, look(), booted=ours)
    finally:
        if ours and (left := take_down()):
            sys.exit(left)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
