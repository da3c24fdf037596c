"""Make the virtual environment that a requirements file asks for, once, in the user's cache.

    python3 .ci/venv.py [--path] requirements/dev.txt

Prints the folder of the environment. With --path it only says where it would be. The folder's name is a hash of the
requirements and of the Python version, so checkouts share it and a changed pin makes a new one. A stamp is written
last: an environment without it was interrupted and is made anew. Everything else that is said goes to stderr.

Only the standard library, and only what an old Python can parse: it has to live to say that it is too old.
"""

import argparse
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 11)
STAMP = "complete"


def cache_folder() -> Path:
    """Return the folder for everything that can be made again."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("SWISH_CACHE") or Path(base) / "swish").absolute()


def venv_folder(requirements: Path) -> Path:
    """Return where the environment for this requirements file and this Python lives."""
    python = "{} {}".format(sys.version, os.path.realpath(sys.executable))
    key = hashlib.sha256(requirements.read_bytes() + python.encode()).hexdigest()[:16]
    return cache_folder() / "venv" / key


def install_ensurepip() -> None:
    """Install Debian's split-off part of Python's `venv`, where it is missing and we may."""
    try:
        import ensurepip  # noqa: F401
    except ImportError:
        name = "python{}.{}-venv".format(*sys.version_info[:2])
        if os.geteuid() != 0 or not shutil.which("apt-get"):
            sys.exit("error: this Python has no ensurepip. Install it, on Debian: apt-get install " + name)
        environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
        for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", name]):
            subprocess.run(["apt-get", *command], env=environment, stdout=sys.stderr, check=True)


def build(folder: Path, requirements: Path) -> None:
    """Make the environment in its folder, and stamp it when nothing is left to do."""
    print("Installing {} (once)".format(requirements), file=sys.stderr)
    shutil.rmtree(str(folder), ignore_errors=True)
    install_ensurepip()
    subprocess.run([sys.executable, "-m", "venv", str(folder)], stdout=sys.stderr, check=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    # --no-deps: the list is whole, but for what nobody here needs (requirements/overrides.in); `check` says what lacks
    install = ["install", "--require-hashes", "--no-deps", "-r", str(requirements)]
    for command in (install, ["check"]):
        subprocess.run([*pip, *command], stdout=sys.stderr, check=True)
    (folder / STAMP).touch()


def ensure(folder: Path, requirements: Path) -> None:
    """Leave a complete environment in the folder, whoever makes it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two `make` at once: the second waits, then finds it made
        if not (folder / STAMP).exists():
            build(folder, requirements)


def main() -> None:
    """Print the environment's folder, after making it where that was asked and needed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--path", action="store_true", help="only say where it would be")
    parser.add_argument("requirements", type=Path, help="which packages, each with its hash")
    arguments = parser.parse_args()
    requirements = arguments.requirements
    if not requirements.is_file():
        parser.error("there is no file {}".format(requirements))
    folder = venv_folder(requirements)
    if not arguments.path:
        if sys.version_info < OLDEST:
            found = "{}.{}".format(*sys.version_info[:2])
            sys.exit("error: Swish needs Python 3.11 or newer, this is {}. Try: make PYTHON=python3.12".format(found))
        try:
            ensure(folder, requirements)
        except subprocess.CalledProcessError as error:
            sys.exit("error: `{}` failed; see above".format(" ".join(error.cmd)))
    print(folder)


if __name__ == "__main__":
    main()
