"""Run tests/e2e on a real cluster, and leave the cluster as it was found.

    python .ci/e2e.py [arguments of pytest]

A cluster that answers is used and left up. Where there is none, one is booted, the last test takes it down and up
again, and it is taken down for good afterwards, so that no process is left. That says nothing unless it fails: the last
thing to read is pytest's summary. A cluster that is there but does not answer, or is on its way, is somebody's: it is
brought up, and left up.
"""

import json
import os
import subprocess
import sys

LOCAL = [sys.executable, "-m", "local"]


def state() -> str:
    """Return the state of the cluster: up, down or degraded."""
    done = subprocess.run([*LOCAL, "status"], capture_output=True, text=True, check=False)
    try:
        return str(json.loads(done.stdout)["state"])
    except (ValueError, KeyError):
        sys.exit(f"error: status printed no JSON object\n{done.stdout}{done.stderr}")


def run_tests(arguments: list[str], *, booted: bool) -> int:
    """Return pytest's exit code."""
    environment = {**os.environ, **({"SWISH_E2E_BOOTED": "1"} if booted else {})}
    command = [sys.executable, "-m", "pytest", *(arguments or ["tests/e2e"])]
    return subprocess.run(command, env=environment, check=False).returncode


def take_down() -> int:
    """Return the exit code of `local down`, after its output if it failed."""
    done = subprocess.run([*LOCAL, "down"], capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stdout, done.stderr, sep="", file=sys.stderr)
    return done.returncode


def main(arguments: list[str]) -> int:
    """Return zero when the tests passed and the cluster is as it was found."""
    found = state()
    ours = found == "down"
    try:
        failed = 0 if found == "up" else subprocess.run([*LOCAL, "up"], check=False).returncode
        return failed or run_tests(arguments, booted=ours)
    finally:
        if ours and (left := take_down()):
            sys.exit(left)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
