#!/opt/swish/bin/python3 -I
"""swish-packages REQUIREMENT...: install what was asked for at a launch, before the server starts.

An init container runs this, as the person and with their home mounted. pip installs into PYTHONUSERBASE, a folder on
the person's volume that the environment's kernel looks into. A stamp there names the set that was installed last, so
that the next start with the same set is a matter of milliseconds. When pip fails, its exit status is ours and its last
words are the last that are printed: they become what the person is told.

Environment: PYTHONUSERBASE, the folder; SWISH_PACKAGES_PYTHON, the Python to install for, unless it is this one.
"""

# ruff: noqa: T201 - a command-line program prints

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

_PIP: Final = (
    *("-m", "pip", "install", "--user", "--no-input"),
    *("--disable-pip-version-check", "--no-warn-script-location", "--progress-bar", "off"),
)


class UsageError(Exception):
    """What was asked for makes no sense; the text says why in one sentence."""


@dataclass(frozen=True)
class Job:
    """A set of packages, and where it goes.

    Args:
        requirements: What pip is asked for, sorted, each once.
        base: Python's user base, which need not be there yet.
        python: The Python to install for.
        path: Where it looks for packages beside its own, as PYTHONPATH; may be empty.
    """

    requirements: tuple[str, ...]
    base: Path
    python: Path
    path: str

    @property
    def stamp(self) -> Path:
        """The file that names the set that was installed last."""
        return self.base / ".swish-packages"

    @property
    def key(self) -> str:
        """The set's name: another one for other requirements, in whatever order, or for another version of Python."""
        return hashlib.sha256("\0".join((self.python.resolve().name, *self.requirements)).encode()).hexdigest()

    @property
    def done(self) -> bool:
        """Whether this very set was installed last."""
        try:
            return self.stamp.read_text() == self.key
        except (OSError, ValueError):
            return False


def read_job(arguments: Sequence[str], environment: Mapping[str, str]) -> Job:
    """Say what is to be done.

    Raises:
        UsageError: There is nothing to install or nowhere to, or an argument is not a requirement.
    """
    for argument in arguments:
        if argument.startswith("-"):
            raise UsageError(f"{argument!r} is not a package: options of pip are not allowed.")
        if not argument.strip():
            raise UsageError("An empty text is not a package.")
    if not arguments:
        raise UsageError("Name at least one package, as in: swish-packages flask==3.0.3")
    base = Path(environment.get("PYTHONUSERBASE", ""))
    if not base.is_absolute():
        raise UsageError("PYTHONUSERBASE has to be an absolute path: packages are installed there.")
    requirements = tuple(sorted(set(arguments)))
    if other := environment.get("SWISH_PACKAGES_PYTHON"):
        return Job(requirements, base, Path(other), path="")
    # In a virtual environment pip replaces nothing that is outside of it, neither the person's packages nor ours by
    # theirs. So it runs outside, and sees what a kernel sees: the person's packages, and behind them the environment's.
    theirs = sysconfig.get_path("purelib", "posix_user", {"userbase": str(base)})
    return Job(requirements, base, Path(sys.executable).resolve(), f"{theirs}:{sysconfig.get_path('purelib')}")


def install(job: Job) -> int:
    """Have pip install a set unless it is there already; returns pip's exit status.

    The stamp goes before pip comes, and comes back when pip was done, so that an interrupted installation is not taken
    for a whole one.
    """
    if job.done:
        print("Packages: installed already.")
        return 0
    job.base.mkdir(parents=True, exist_ok=True)
    with _alone(job.base / ".swish-packages.lock"):
        started = time.monotonic()
        job.stamp.unlink(missing_ok=True)
        print(f"Packages: installing {', '.join(job.requirements)}", flush=True)
        status = _pip(job)
        if status == 0:
            _own_programs(job)
            job.stamp.write_text(job.key)
            print(f"Packages: installed in {time.monotonic() - started:.1f} s.")
        return status


def _pip(job: Job) -> int:
    """Run pip to its end; returns its exit status."""
    command = [str(job.python), *_PIP, "--", *job.requirements]
    # Debian's Python asks to be left alone, and is: with --user, nothing is written outside PYTHONUSERBASE
    environment = {**os.environ, "PIP_BREAK_SYSTEM_PACKAGES": "1", "PYTHONPATH": job.path}
    # a stop is pip's to hear; one that comes before pip can be told waits for it
    stops: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: stops.append(number))
    # not in the home: `python -m` looks for modules where it is started, and a file there might be named like one
    with subprocess.Popen(command, env=environment, cwd="/", stderr=subprocess.STDOUT) as pip:
        signal.signal(signal.SIGTERM, lambda _number, _frame: pip.terminate())
        if stops:
            pip.terminate()
        status = pip.wait()
    return status if status >= 0 else 128 - status


def _own_programs(job: Job) -> None:
    """Have what was installed run by the environment's Python: the one outside it does not see the image's packages."""
    outside, inside = f"#!{job.python}\n".encode(), f"#!{sys.executable}\n".encode()
    for program in (job.base / "bin").glob("*") if job.path else ():
        if program.is_file() and (text := program.read_bytes()).startswith(outside):
            # pip would call one installed that we were killed in the middle of
            partial = program.with_name(f".{program.name}.partial")
            partial.write_bytes(inside + text.removeprefix(outside))
            shutil.copymode(program, partial)
            partial.replace(program)


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Wait until no other environment of the same person installs into the same folder."""
    with lock.open("w") as stream:
        # a volume without locks is no reason not to install
        with suppress(OSError):
            fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _stop(number: int, _frame: object) -> NoReturn:
    # process 1 of a container is only stopped by signals that it asks for
    sys.exit(128 + number)


def main() -> int:
    """Run the command; returns pip's exit status, or 2 for arguments that make no sense."""
    signal.signal(signal.SIGTERM, _stop)
    try:
        return install(read_job(sys.argv[1:], os.environ))
    except UsageError as error:
        print(f"swish-packages: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"swish-packages: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


if __name__ == "__main__":
    sys.exit(main())
