"""Make the virtual environment that a requirements file asks for, once, in the user's cache.

    python3 .ci/venv.py [--path] requirements/dev.txt

Prints the folder of the environment. With --path it only says where it would be. The folder's name is a hash of the
requirements and of the Python version, so checkouts share it and a changed pin makes a new one. A stamp is written
last: an environment without it was interrupted and is made anew. Everything else that is said goes to stderr.

Only the standard library, and only what an old Python can parse: it has to live to say that it is too old.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys

OLDEST = (3, 11)
STAMP = "complete"


def cache_folder():
    """Return the folder for everything that can be made again."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.environ.get("SWISH_CACHE") or os.path.join(base, "swish")


def venv_folder(requirements):
    """Return where the environment for this requirements file and this Python lives."""
    with open(requirements, "rb") as file:
        content = file.read()
    python = "{} {}".format(sys.version, os.path.realpath(sys.executable))
    key = hashlib.sha256(content + python.encode()).hexdigest()[:16]
    return os.path.join(cache_folder(), "venv", key)


def install_ensurepip():
    """Install Debian's split-off part of Python's `venv`, where it is missing and we may."""
    try:
        import ensurepip  # noqa: F401
    except ImportError:
        name = "python{}.{}-venv".format(*sys.version_info[:2])
        if os.geteuid() != 0 or not shutil.which("apt-get"):
            sys.exit("error: this Python has no ensurepip. Install it, on Debian: apt-get install " + name)
        environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
        for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", name]):
            subprocess.run(["apt-get"] + command, env=environment, stdout=sys.stderr, check=True)


def build(folder, requirements):
    """Make the environment in its folder, and stamp it when nothing is left to do."""
    print("Installing {} (once)".format(os.path.relpath(requirements)), file=sys.stderr)
    shutil.rmtree(folder, ignore_errors=True)
    install_ensurepip()
    subprocess.run([sys.executable, "-m", "venv", folder], stdout=sys.stderr, check=True)
    pip = [os.path.join(folder, "bin", "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run(pip + ["--require-hashes", "-r", requirements], stdout=sys.stderr, check=True)
    with open(os.path.join(folder, STAMP), "w"):
        pass


def main(arguments):
    """Print the environment's folder, after making it where that was asked and needed."""
    if sys.version_info < OLDEST:
        found = "{}.{}".format(*sys.version_info[:2])
        sys.exit("error: Swish needs Python 3.11 or newer, this is {}. Try: make PYTHON=python3.12".format(found))
    requirements = arguments[-1]
    folder = venv_folder(requirements)
    if "--path" not in arguments:
        os.makedirs(os.path.dirname(folder), exist_ok=True)
        with open(folder + ".lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # two `make` at once: the second waits, then finds it made
            if not os.path.exists(os.path.join(folder, STAMP)):
                try:
                    build(folder, requirements)
                except subprocess.CalledProcessError as error:
                    sys.exit("error: `{}` failed; see above".format(" ".join(map(str, error.cmd))))
    print(folder)


if __name__ == "__main__":
    main(sys.argv[1:])
