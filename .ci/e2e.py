"""Run tests/e2e on a real cluster, and leave the cluster as it was found.

    python .ci/e2e.py [arguments of pytest]

A cluster that answers is used and left up. Where none does, one is booted, the last test takes it down and up again,
and it is taken down for good afterwards, so that no process is left. That says nothing unless it fails: the last thing
to read is pytest's summary.
"""

import os
import subprocess
import sys

LOCAL = [sys.executable, "-m", "local"]


def is_up() -> bool:
    """Return whether the hub of the cluster answers."""
    return subprocess.run([*LOCAL, "status"], capture_output=True, check=False).returncode == 0


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
    if is_up():
        return run_tests(arguments, booted=False)
    try:
        failed = subprocess.run([*LOCAL, "up"], check=False).returncode
        return failed or run_tests(arguments, booted=True)
    finally:
        if left := take_down():
            sys.exit(left)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
