"""swish-packages, run for real: pip, a virtual environment as in the images, packages made here, and no network."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from swish_packages.installed import distributions, forget_halves
from swish_packages.job import Job, read_job
from swish_packages.stamp import Stamp

SCRIPT = Path(__file__).parents[2] / "images" / "environment" / "bin" / "swish_packages.py"


#: Takes pip a while to compile.
SLOW = "".join(f"def f{n}(a, b):\n    return [x * {n} for x in range(a) if x % (b + 1)]\n\n" for n in range(8_000))


def make_wheel(folder: Path, name: str, version: str, requires: str = "", slow: bool = False) -> None:
    """Write a wheel of one module, which imports what it requires, and of one command; both tell the version."""
    info = f"{name}-{version}.dist-info"
    uses = f"import {requires}\n" if requires else ""
    needs = f"Requires-Dist: {requires}\n" if requires else ""
    files = {
        f"{name}.py": f"{uses}VERSION = {version!r}\n\ndef main():\n    print(VERSION)\n{SLOW if slow else ''}",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py2.py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{name}-version = {name}:main\n",
    }
    with zipfile.ZipFile(folder / f"{name}-{version}-py2.py3-none-any.whl", "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)
        wheel.writestr(f"{info}/RECORD", "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"]))


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of wheels, the only place where pip looks."""
    folder = tmp_path_factory.mktemp("wheels")
    make_wheel(folder, "swishthing", "1.0")
    make_wheel(folder, "swishthing", "2.0")
    make_wheel(folder, "swishother", "1.0")
    make_wheel(folder, "swishbroken", "1.0", requires="nowhere-to-be-found")
    make_wheel(folder, "swishuser", "1.0", requires="swishother")
    return folder


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory, wheels: Path) -> Path:
    """The Python of a virtual environment like the images', that has swishother 1.0."""
    folder = tmp_path_factory.mktemp("venv")
    # pip is the one of the Python behind it, which it sees
    subprocess.run([sys.executable, "-m", "venv", "--system-site-packages", "--without-pip", folder], check=True)
    python = folder / "bin" / "python3"
    pip = [str(python), "-m", "pip", "install", "-q", "--no-index", "--find-links", str(wheels)]
    subprocess.run([*pip, "swishother==1.0"], check=True)
    return python


@dataclass(frozen=True)
class Home:
    """A person's home, and swish-packages with it mounted."""

    path: Path
    python: Path
    environment: Mapping[str, str]

    @property
    def base(self) -> Path:
        """Python's user base there."""
        return self.path / ".swish" / "packages" / "python3"

    @property
    def site(self) -> Path:
        """Where packages go to."""
        return self.base / "lib" / self.python.resolve().name / "site-packages"

    @property
    def stamp(self) -> Path:
        """The file that names the set that was installed last."""
        return self.base / ".swish-packages"

    def command(self, *requirements: str) -> list[str]:
        """Return the command that installs some requirements."""
        return [str(self.python), "-I", str(SCRIPT), *requirements]

    def run(self, *requirements: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run that command to its end."""
        told = {**self.environment, **environment}
        return subprocess.run(
            self.command(*requirements), env=told, cwd=self.path, capture_output=True, text=True, check=False
        )

    def python_says(self, code: str) -> str:
        """Return what a Python of the environment prints."""
        command = [str(self.python), "-c", code]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=True).stdout.strip()

    def files(self) -> set[str]:
        """Name all files of the home."""
        return {str(path.relative_to(self.path)) for path in self.path.rglob("*") if path.is_file()}


def make_home(path: Path, python: Path, wheels: Path) -> Home:
    """Make a folder with some work in it a home."""
    (path / "work.txt").write_text("a person's work")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(path),
        "PYTHONUSERBASE": str(path / ".swish" / "packages" / "python3"),
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheels),
        "PIP_CONFIG_FILE": os.devnull,
        # to look for conflicts takes longer than all else, where Python has many packages; 0 is how pip spells "do not"
        "PIP_NO_WARN_CONFLICTS": "0",
    }
    return Home(path, python, environment)


@pytest.fixture
def home(tmp_path: Path, python: Path, wheels: Path) -> Home:
    """A home in which nothing was installed."""
    return make_home(tmp_path, python, wheels)


#: What was installed where something was.
SET = ("swishthing==1.0", "swishother")
Installed = tuple[Home, subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def installed_once(tmp_path_factory: pytest.TempPathFactory, python: Path, wheels: Path) -> Installed:
    """A home into which the set was installed, not to be changed, and what was said."""
    home = make_home(tmp_path_factory.mktemp("installed"), python, wheels)
    done = home.run(*SET)
    assert done.returncode == 0, done.stdout + done.stderr
    return home, done


@pytest.fixture
def installed(tmp_path: Path, installed_once: Installed, python: Path, wheels: Path) -> Home:
    """A home of one's own into which the set was installed before."""
    shutil.copytree(installed_once[0].path, tmp_path, symlinks=True, dirs_exist_ok=True)
    return make_home(tmp_path, python, wheels)


@pytest.fixture(scope="session")
def cluttered(tmp_path_factory: pytest.TempPathFactory, python: Path, wheels: Path) -> Installed:
    """A home in which whatever has a name that we or pip look for is something else, and what was said there."""
    home = make_home(tmp_path_factory.mktemp("cluttered"), python, wheels)
    for name in ("pip.py", "hashlib.py", "subprocess.py"):
        (home.path / name).write_text("raise SystemExit('from the home')")
    home.site.mkdir(parents=True)
    (home.site / "pathlib.py").write_text("raise SystemExit('an old one')")
    programs = home.base / "bin"
    (programs / "folder").mkdir(parents=True)
    (programs / "own").write_text(f"#!{python.resolve()}\nprint('by hand')\n")
    (programs / "link").symlink_to(programs / "own")
    os.mkfifo(programs / "pipe")
    os.mkfifo(home.base / ".swish-packages.lock")
    home.stamp.symlink_to(home.path / "work.txt")
    return home, home.run("swishthing==1.0")


def test_a_package_is_installed_for_the_kernel_s_python(installed: Home) -> None:
    """What was asked for can be imported where PYTHONUSERBASE is the same, and its programs lie in its bin."""
    assert installed.python_says("import swishthing; print(swishthing.VERSION)") == "1.0"
    program = [installed.base / "bin" / "swishthing-version"]
    assert subprocess.check_output(program, env=installed.environment, text=True) == "1.0\n"


def test_a_program_sees_the_image_s_packages(home: Home) -> None:
    """As a language server does that needs what JupyterLab needs too."""
    assert home.run("swishuser").returncode == 0
    program = [home.base / "bin" / "swishuser-version"]
    assert subprocess.check_output(program, env=home.environment, text=True) == "1.0\n"


def test_a_program_is_changed_in_one_piece(installed: Home) -> None:
    """Who is killed meanwhile leaves the one that pip wrote, or the one that sees the image's packages."""
    program = installed.base / "bin" / "swishthing-version"
    first, rest = program.read_bytes().split(b"\n", 1)
    assert first == f"#!{installed.python}".encode()
    pips = b"#!%s\n%s" % (os.fsencode(installed.python.resolve()), rest)
    program.write_bytes(pips)
    as_it_was = installed.path / "as-it-was"
    as_it_was.hardlink_to(program)
    installed.stamp.unlink()
    assert installed.run("swishthing==1.0").returncode == 0
    assert program.read_bytes() == b"%s\n%s" % (first, rest)
    assert os.access(program, os.X_OK)
    assert as_it_was.read_bytes() == pips


def test_progress_is_printed(installed_once: Installed) -> None:
    """The log says what is being installed, then what pip does, then how long it took."""
    lines = installed_once[1].stdout.splitlines()
    assert lines[0] == "Packages: installing swishother, swishthing==1.0"
    assert any(line.startswith("Successfully installed swishthing-1.0") for line in lines)
    assert lines[-1].startswith("Packages: installed in ")


def test_the_same_set_is_not_installed_again(installed: Home) -> None:
    """A second start with it, in another order, does not call pip."""
    again = installed.run("swishother", "swishthing==1.0", "swishother")
    assert (again.returncode, again.stdout) == (0, "Packages: installed already.\n")


def test_a_set_is_the_same_in_another_order(tmp_path: Path) -> None:
    """And with one of them named twice."""
    told = {"PYTHONUSERBASE": str(tmp_path)}
    first, again, other = (read_job(names.split(), told) for names in ("b a", "a b a", "a b c"))
    assert first.requirements == ("a", "b")
    assert first.key == again.key != other.key


def test_another_set_is_installed(installed: Home) -> None:
    """Another version than last time is installed, and so is the first one when it is asked for again."""
    for version in ("2.0", "1.0"):
        assert installed.run(f"swishthing=={version}").returncode == 0
        assert installed.python_says("import swishthing; print(swishthing.VERSION)") == version


def test_another_python_is_another_set(installed: Home, tmp_path: Path) -> None:
    """An image with a newer Python installs anew: the old one's packages are not for it."""
    newer = tmp_path / "python9.9"
    newer.write_text("#!/bin/sh\nexit 9\n")
    newer.chmod(0o755)
    assert installed.run(*SET, SWISH_PACKAGES_PYTHON=str(newer)).returncode == 9


def test_the_image_s_own_version_can_be_replaced(home: Home, wheels: Path) -> None:
    """A package that the image has too, in another version, is installed beside it, where kernels look first."""
    make_wheel(wheels, "swishother", "3.0")
    done = home.run("swishother==3.0")
    assert done.returncode == 0, done.stdout
    (site,) = home.base.glob("lib/python*/site-packages")
    code = f"import sys; sys.path.insert(0, {str(site)!r}); import swishother; print(swishother.VERSION)"
    assert home.python_says(code) == "3.0"
    assert home.python_says("import swishother; print(swishother.VERSION)") == "1.0"


@pytest.mark.parametrize(
    ("requirements", "sentence"),
    [
        (["swishthing", "--index-url=http://evil.example"], "options of pip are not allowed"),
        (["-r/etc/passwd"], "options of pip are not allowed"),
        (["--", "swishthing"], "options of pip are not allowed"),
        ([" "], "An empty text is not a package"),
        ([], "Name at least one package"),
    ],
)
def test_what_is_no_package_is_refused(home: Home, requirements: list[str], sentence: str) -> None:
    """An argument that pip would take for an option is refused with one sentence, and nothing is written."""
    done = home.run(*requirements)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert home.files() == {"work.txt"}


@pytest.mark.parametrize("base", ["", "packages"])
def test_nowhere_to_install_is_refused(home: Home, base: str) -> None:
    """Without an absolute PYTHONUSERBASE nothing is installed, since it would go where the kernel does not look."""
    done = home.run("swishthing", PYTHONUSERBASE=base)
    assert done.returncode == 2
    assert "PYTHONUSERBASE" in done.stderr


def test_what_the_person_took_away_is_installed_again(installed: Home) -> None:
    """Although the set was installed last, a package of it is not there any more."""
    pip = [str(installed.python.resolve()), "-m", "pip", "uninstall", "-q", "-y", "swishthing"]
    subprocess.run(pip, env={**installed.environment, "PIP_BREAK_SYSTEM_PACKAGES": "1"}, check=True)
    assert installed.run(*SET).returncode == 0
    assert installed.python_says("import swishthing; print(swishthing.VERSION)") == "1.0"
    assert installed.run(*SET).stdout == "Packages: installed already.\n"


def test_what_the_person_added_is_no_reason_to_install_again(installed: Home) -> None:
    """All that the set brought is there."""
    (installed.site / "theirs-1.0.dist-info").mkdir()
    assert installed.run(*SET).stdout == "Packages: installed already.\n"


def test_the_next_image_s_packages_are_a_reason_to_install_again(tmp_path: Path) -> None:
    """Pip left out what the image of yesterday had, and what fits with it only."""
    image = tmp_path / "image"
    stamp = Stamp(Job(("pandas<3",), tmp_path, Path(sys.executable), image))
    (image / "pandas-2.3.dist-info").mkdir(parents=True)
    stamp.end()
    assert stamp.is_of_the_set()
    (image / "pandas-2.3.dist-info").rename(image / "pandas-3.0.dist-info")
    assert not stamp.is_of_the_set()


def test_a_package_may_have_any_name_and_a_record_of_either_kind(home: Home) -> None:
    """A folder is named in bytes, and the pip of Python 2 has records of another kind."""
    home.site.mkdir(parents=True)
    odd = [b"\xff-1.0.dist-info", b"a\nb-1.0.dist-info", b"old-1.0.egg-info"]
    for name in odd:
        (home.site / os.fsdecode(name)).mkdir()
    stamp = Stamp(read_job(["a"], {"PYTHONUSERBASE": str(home.base), "SWISH_PACKAGES_PYTHON": str(home.python)}))
    stamp.end()
    assert stamp.is_of_the_set()
    (home.site / os.fsdecode(odd[2])).rmdir()
    assert not stamp.is_of_the_set()


def test_a_package_that_was_stopped_half_way_is_installed_again(home: Home, wheels: Path) -> None:
    """Pip calls it there before it has its programs."""
    make_wheel(wheels, "swishlong", "1.0", slow=True)
    with subprocess.Popen(home.command("swishlong"), env=home.environment, stdout=subprocess.DEVNULL) as running:
        while not (home.site / "swishlong.py").exists():
            assert running.poll() is None
            time.sleep(0.01)
        running.terminate()
    assert running.returncode == 128 + signal.SIGTERM
    assert not list(home.base.glob("bin/*"))
    assert home.run("swishlong").returncode == 0
    program = [home.base / "bin" / "swishlong-version"]
    assert subprocess.check_output(program, env=home.environment, text=True) == "1.0\n"


def test_what_a_notebook_s_pip_left_half_done_is_installed_again(installed: Home) -> None:
    """Pip would call it there."""
    record, lines = record_of(installed.site, "swishthing-1.0")
    record.write_text("".join(line for line in lines if "INSTALLER" not in line))
    (installed.site / "swishthing.py").write_text("VERSION = 'half'")
    os.utime(record.parent, (time.time() - 600,) * 2)
    assert installed.run("swishthing==1.0").returncode == 0
    assert installed.python_says("import swishthing; print(swishthing.VERSION)") == "1.0"


def record_of(site: Path, package: str) -> tuple[Path, list[str]]:
    """Return a package's record, and its lines."""
    record = site / f"{package}.dist-info" / "RECORD"
    return record, record.read_text().splitlines(keepends=True)


def test_only_halves_are_forgotten(tmp_path: Path) -> None:
    """Neither one of which another package's removal took a file along, nor what a notebook's pip may be at work on."""
    for name, written in {"whole": "INSTALLER", "half": "half.py", "new": "new.py"}.items():
        record = tmp_path / f"{name}-1.dist-info"
        record.mkdir()
        (record / "RECORD").write_text(f"tests/__init__.py,,\n{name}-1.dist-info/{written},,\n")
        if name != "new":
            os.utime(record, (time.time() - 600,) * 2)
    (tmp_path / "none-1.dist-info").mkdir()
    forget_halves(tmp_path, age=300)
    assert distributions(tmp_path) == {"whole-1.dist-info", "new-1.dist-info", "none-1.dist-info"}
    forget_halves(tmp_path, age=0)
    assert distributions(tmp_path) == {"whole-1.dist-info"}


def test_what_the_person_put_there_is_no_reason_to_fail(cluttered: Installed) -> None:
    """Neither modules that are named like pip's or Python's, where Python looks, nor what is no file."""
    home, done = cluttered
    assert (done.returncode, done.stderr) == (0, "")
    assert (home.base / "bin" / "swishthing-version").read_text().startswith(f"#!{home.python}\n")


def test_what_pip_did_not_write_is_not_changed(cluttered: Installed) -> None:
    """Though it begins as what pip writes does."""
    home, _ = cluttered
    assert (home.base / "bin" / "own").read_text() == f"#!{home.python.resolve()}\nprint('by hand')\n"
    assert (home.base / "bin" / "link").is_symlink()


def test_nothing_is_written_through_a_link(cluttered: Installed) -> None:
    """One that is named like the file in which we keep what was installed leads to a person's work."""
    home, _ = cluttered
    assert (home.path / "work.txt").read_text() == "a person's work"
    assert home.run("swishthing==1.0").stdout == "Packages: installed already.\n"


def test_what_cannot_be_remembered_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is no reason to fail."""
    (tmp_path / ".swish-packages").mkdir()
    Stamp(read_job(["a"], {"PYTHONUSERBASE": str(tmp_path)})).begin()
    assert capsys.readouterr().out.startswith("Packages: the next start does not know of this one: ")
    assert [path.name for path in tmp_path.iterdir()] == [".swish-packages"]


@pytest.mark.parametrize("requirement", ["swishnothing==7", "swishbroken", "not a requirement", "swishthing==9"])
def test_a_failure_is_pip_s(installed: Home, requirement: str) -> None:
    """What pip says is the last that is said, its exit status is ours, and the home is as it was."""
    before = installed.files()
    done = installed.run("swishthing==2.0", requirement)
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].startswith(("ERROR:", "Hint:"))
    assert not done.stderr
    assert installed.files() == before
    assert installed.python_says("import swishthing; print(swishthing.VERSION)") == "1.0"


def test_after_a_failure_the_next_start_installs(installed: Home) -> None:
    """Neither the failed set nor the one before is taken for installed."""
    assert installed.run(*SET, "swishnothing").returncode == 1
    assert "Packages: installing" in installed.run(*SET).stdout


def test_a_volume_that_cannot_be_written_is_said(home: Home) -> None:
    """A home in the way is one sentence and not a traceback."""
    (home.path / ".swish").write_text("a file where a folder should be")
    done = home.run("swishthing")
    assert done.returncode == 1
    assert done.stderr.startswith("swish-packages: ")
    assert "Traceback" not in done.stderr


def test_a_stop_stops_pip(home: Home, tmp_path: Path) -> None:
    """Asked to stop, it stops pip too and says so by its exit status."""
    slow = tmp_path / "slow"
    slow.write_text("#!/bin/sh\necho started $$\nexec sleep 600\n")
    slow.chmod(0o755)
    environment = {**home.environment, "SWISH_PACKAGES_PYTHON": str(slow)}
    with subprocess.Popen(home.command("swishthing"), env=environment, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout
        pid = next(int(line.split()[1]) for line in running.stdout if line.startswith("started"))
        running.terminate()
        assert running.wait(timeout=20) == 128 + signal.SIGTERM
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_environments_of_one_person_wait_for_each_other(home: Home) -> None:
    """Two that start at once both come up, and what was installed is whole."""

    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(
            home.command("swishthing==1.0"), env=home.environment, stdout=subprocess.PIPE, text=True
        )

    with start() as first, start() as second:
        assert [first.communicate(timeout=120)[1], second.communicate(timeout=120)[1]] == [None, None]
    assert (first.returncode, second.returncode) == (0, 0)
    assert home.python_says("import swishthing; print(swishthing.VERSION)") == "1.0"
