#!/opt/swish/bin/python3 -I
"""swish-packages REQUIREMENT...: install what was asked for at a launch, before the server starts.

An init container runs this, as the person and with their home mounted. pip installs into PYTHONUSERBASE, a folder on
the person's volume that the environment's kernel looks into. A stamp there names the set that was installed last, so
that the next start with the same set is a matter of milliseconds. When pip fails, its exit status is ours and its last
words are the last that are printed: they become what the person is told.

Environment: PYTHONUSERBASE, the folder; SWISH_PACKAGES_PYTHON, the Python to install for, unless it is this one.

What it does is in the package `swish_packages`, in the folder `lib` beside this one's.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
sys.dont_write_bytecode = True

from swish_packages.install import install  # noqa: E402 - found by the line above
from swish_packages.job import UsageError, read_job  # noqa: E402


def _stop(number: int, _frame: object) -> NoReturn:
    # process 1 of a container is only stopped by signals that it asks for
    sys.exit(128 + number)


def main() -> int:
    """Run the command; returns pip's exit status, or 2 for arguments that make no sense."""
    signal.signal(signal.SIGTERM, _stop)
    try:
        return install(read_job(sys.argv[1:], os.environ))
    except UsageError as error:
        print(f"swish-packages: {error}", file=sys.stderr)  # noqa: T201 - a command-line program prints
        return 2
    except OSError as error:
        print(f"swish-packages: {error}", file=sys.stderr)  # noqa: T201
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


if __name__ == "__main__":
    sys.exit(main())
