"""jupyterhub-singleuser of the environments' images, with JupyterHub's own package, each time in a fresh Python."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "images" / "environment" / "server" / "jupyterhub_singleuser.py"
LOAD = f"""
import importlib.util, json, sys
spec = importlib.util.spec_from_file_location("script", {str(SCRIPT)!r})
script = importlib.util.module_from_spec(spec)
spec.loader.exec_module(script)
"""
#: A JupyterHub whose server would need its hub to be imported.
NEEDS_ITS_HUB = {
    "__init__.py": "",
    "orm.py": "class Base: pass\n",
    "log.py": "from .orm import Base\n\nclass Log(Base): pass\n",
    "services/__init__.py": "",
    "services/auth.py": "from ..log import Log\n",
}


def python(code: str, path: Path | None = None) -> tuple[object, str]:
    """Return what some code leaves in `found`, and what was complained of."""
    environment = {**os.environ, "PYTHONPATH": str(path or "")}
    command = [sys.executable, "-c", f"{LOAD}{code}\nprint(json.dumps(found))"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout), done.stderr


def test_the_server_s_part_is_imported_without_the_hub_s():
    """No database layer, no handlers; what the server does use is there, and nothing is complained of."""
    found, complaints = python("""
script.prepare()
ours = {"sqlalchemy", "alembic", "jupyterhub.orm", "jupyterhub.roles", "jupyterhub.handlers", "jupyterhub.app"}
found = [sorted(ours & sys.modules.keys()), "jupyterhub.services.auth" in sys.modules]
""")
    assert found == [[], True]
    assert complaints == ""


def test_a_person_s_code_has_the_real_modules():
    """SQLAlchemy and the hub's own modules are what they would be without this."""
    found, _ = python("""
script.prepare()
import sqlalchemy.orm, jupyterhub.orm, jupyterhub.handlers
found = [issubclass(jupyterhub.orm.User, jupyterhub.orm.Base), hasattr(jupyterhub.handlers, "BaseHandler"),
         isinstance(sqlalchemy, script.StandIn), sqlalchemy.orm.Session.__module__]
""")
    assert found == [True, True, False, "sqlalchemy.orm.session"]


def test_a_stand_in_hands_on():
    """What JupyterHub's package asks of it after all is the real thing, the first time and later."""
    found, _ = python("""
script.prepare()
import jupyterhub.scopes
first = jupyterhub.scopes.orm.User
import jupyterhub.orm
found = [isinstance(jupyterhub.scopes.orm, script.StandIn), first is jupyterhub.orm.User is jupyterhub.scopes.orm.User]
""")
    assert found == [True, True]


def test_who_looks_through_all_modules_loads_nothing():
    """As `inspect` does, which asks each module for its file."""
    found, _ = python("""
script.prepare()
import inspect
inspect.getmodule(script.prepare)
found = [hasattr(sys.modules["jupyterhub.scopes"].orm, "__file__"), "sqlalchemy" in sys.modules]
""")
    assert found == [False, False]


def test_a_slow_package_of_the_person_s_is_kept_out(tmp_path: Path):
    """Which jsonschema would import here when it is installed; it does without, and is as it is elsewhere."""
    (tmp_path / "rfc3987_syntax.py").write_text("raise RuntimeError('it was imported')")
    found, _ = python(
        "script.prepare()\nimport jsonschema\nfound = jsonschema.validate(1, {'type': 'integer'})", tmp_path
    )
    assert found is None


def test_a_jupyterhub_that_needs_its_hub_is_imported_whole(tmp_path: Path):
    """Slower, and complained of, but it starts."""
    for name, text in NEEDS_ITS_HUB.items():
        place = tmp_path / "jupyterhub" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    found, complaints = python(
        """
script.prepare()
import jupyterhub.log, jupyterhub.orm
found = [jupyterhub.log.Log.__base__ is jupyterhub.orm.Base, isinstance(jupyterhub.orm, script.StandIn)]
""",
        tmp_path,
    )
    assert found == [True, False]
    assert "JupyterHub is imported whole: " in complaints


def test_programs_of_the_person_s_packages_are_found_last():
    """A language server that they installed is found, and no program of the image is replaced by theirs."""
    found, _ = python("""
places = {"PATH": "/usr/bin", "PYTHONUSERBASE": "/home/p/base"}
script.find_programs(places)
found = places["PATH"]
""")
    assert found == "/usr/bin:/home/p/base/bin"


def test_folders_for_packages_are_there_before_a_kernel_starts(tmp_path: Path):
    """Of each of the image's Pythons: one that starts before its folder is there does not look into it."""
    places = {"PYTHONUSERBASE": str(tmp_path), "SWISH_PACKAGES_PYTHON": "/opt/python2/bin/python2.7"}
    python(f"script.make_room({places!r})\nfound = None")
    ours = f"python{sys.version_info.major}.{sys.version_info.minor}"
    assert {place.parent.name for place in tmp_path.glob("lib/*/site-packages")} == {ours, "python2.7"}


@pytest.mark.parametrize("places", [{}, {"PYTHONUSERBASE": "/dev/null"}])
def test_no_room_for_packages_is_no_reason_not_to_start(places: dict[str, str]):
    """A full volume, e.g., or one that may only be read."""
    assert python(f"script.make_room({places!r})\nfound = None") == (None, "")


def test_a_server_that_a_package_ends_starts_without_them(tmp_path: Path):
    """Once, and it says so."""
    done = run_server(tmp_path, "if not sys.flags.no_user_site:\n        raise OSError('theirs')\n    print('it runs')")
    assert done.returncode == 0
    assert done.stdout == "it runs\n"
    assert "starts once more, without the packages in PYTHONUSERBASE" in done.stderr


def test_a_server_that_cannot_start_ends(tmp_path: Path):
    """It is not tried for ever."""
    done = run_server(tmp_path, "raise OSError('ours')")
    assert done.returncode == 1
    assert done.stderr.count("starts once more") == 1


@pytest.mark.parametrize("status", [0, 1])
def test_a_server_that_ended_by_itself_is_not_started_again(tmp_path: Path, status: int):
    """It was stopped, or waited for a hub in vain."""
    done = run_server(tmp_path, f"print('it ran')\n    raise SystemExit({status})")
    assert (done.returncode, done.stdout, "starts once more" in done.stderr) == (status, "it ran\n", False)


def run_server(folder: Path, body: str) -> subprocess.CompletedProcess[str]:
    """Run the script with a server that does what a body says."""
    place = folder / "jupyterhub" / "singleuser.py"
    place.parent.mkdir()
    place.with_name("__init__.py").touch()
    place.write_text(f"import sys\n\ndef main():\n    {body}\n")
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run([sys.executable, SCRIPT], env=environment, capture_output=True, text=True, check=False)
