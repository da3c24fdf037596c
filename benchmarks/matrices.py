"""Run whole what `make test` runs a fixed sample of: every kill, every bad log-in, every session and every gigabyte.

python -m benchmarks.matrices

It needs the cluster that `make up` made, and takes about ten minutes. The tests are the same; how much of a matrix each
runs is decided in tests/scale.py.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Final

from local.settings import REPO
from tests.scale import VARIABLE

#: The modules that have a sample in them.
SAMPLED: Final = (
    "tests/images/test_sshd.py",
    "tests/images/test_sshd_attempts.py",
    "tests/images/test_sshd_flood.py",
    "tests/e2e/test_hub_restart.py",
    "tests/e2e/test_large_files.py",
    "tests/e2e/test_ssh.py",
)


def main(arguments: list[str]) -> int:
    """Return pytest's exit code."""
    command = [sys.executable, "-m", "pytest", *(arguments or SAMPLED)]
    return subprocess.run(command, env={**os.environ, VARIABLE: "1"}, cwd=REPO, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
