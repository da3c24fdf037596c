"""Installs a set of packages, unless it is there."""

# ruff: noqa: T201 - a command-line program prints

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from swish_packages import files
from swish_packages.installed import forget_halves, recorded
from swish_packages.job import Job
from swish_packages.stamp import Stamp

_PIP: Final = (
    *("install", "--user", "--no-input"),
    *("--disable-pip-version-check", "--no-warn-script-location", "--progress-bar", "off"),
)
#: Runs the pip of a folder, which is an argument. Packages are looked for as in a kernel: what belongs to Python, the
#: person's, the folder's. Named in PYTHONPATH, theirs would come before what belongs to Python.
_RUN_PIP: Final = """
import runpy, site, sys
image, others = sys.argv.pop(1), site.getsitepackages()
sys.path.insert(0, image)
import pip
del sys.path[0]
sys.path.insert(next((n for n, place in enumerate(sys.path) if place in others), len(sys.path)), image)
runpy.run_module("pip", run_name="__main__", alter_sys=True)
"""
#: What changed within these seconds may be a notebook's pip, which waits for nobody.
_AT_WORK: Final = 300.0


def install(job: Job) -> int:
    """Have pip install a set unless it is there already; returns pip's exit status.

    What another installation left half done is not taken for installed.
    """
    stamp = Stamp(job)
    if stamp.is_of_the_set():
        print("Packages: installed already.")
        return 0
    job.base.mkdir(parents=True, exist_ok=True)
    notice = "Packages: waiting for another environment of yours that installs packages into the same folder."
    with files.alone(job.base / ".swish-packages.lock", notice) as alone:
        if alone and stamp.is_of_the_set():
            print("Packages: installed meanwhile.")
            return 0
        # what another one is about to install is not whole either
        if alone:
            forget_halves(job.site, 0 if stamp.has_begun() else _AT_WORK)
        return _install(job, stamp)


def _install(job: Job, stamp: Stamp) -> int:
    started = time.monotonic()
    print(f"Packages: installing {', '.join(job.requirements)}", flush=True)
    stamp.begin()
    status = _pip(job)
    if status == 0:
        _own_programs(job)
        stamp.end()
        print(f"Packages: installed in {time.monotonic() - started:.1f} s.")
    return status


def _pip(job: Job) -> int:
    """Run pip to its end; returns its exit status."""
    # not isolated, as we are: then there would be no PYTHONUSERBASE
    pip = ["-P", "-c", _RUN_PIP, str(job.image)] if job.image else ["-m", "pip"]
    command = [str(job.python), *pip, *_PIP, "--", *job.requirements]
    # Debian's Python asks to be left alone, and is: with --user, nothing is written outside PYTHONUSERBASE
    environment = {**os.environ, "PIP_BREAK_SYSTEM_PACKAGES": "1", "PYTHONPATH": ""}
    # a stop is pip's to hear; one that comes before pip can be told waits for it
    stops: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: stops.append(number))
    # not in the home: Python looks for modules where it is started, and a file there might be named like one
    with subprocess.Popen(command, env=environment, cwd="/", stderr=subprocess.STDOUT) as running:
        signal.signal(signal.SIGTERM, lambda _number, _frame: running.terminate())
        if stops:
            running.terminate()
        status = running.wait()
    return status if status >= 0 else 128 - status


def _own_programs(job: Job) -> None:
    """Have what was installed run by the environment's Python: the one outside it does not see the image's packages."""
    if not job.image:
        return
    outside, inside = f"#!{job.python}\n".encode(), f"#!{sys.executable}\n".encode()
    found = {program.name for program in job.programs.glob("*") if _begins(program, outside)}
    # most sets have none, and records are long
    if not found:
        return
    for program in sorted(found & recorded(job.site, job.programs)):
        path = job.programs / program
        try:
            content = inside + files.read(path).removeprefix(outside)
            files.write(path, content, stat.S_IMODE(path.stat().st_mode))
        except OSError as error:
            print(f"Packages: {program} does not see the image's packages: {error}", flush=True)


def _begins(program: Path, words: bytes) -> bool:
    try:
        return files.read(program, len(words)) == words
    except OSError:
        return False
