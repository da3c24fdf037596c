"""A method of JupyterHub's or KubeSpawner's that our code relies on has not changed since somebody looked at it."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import pytest
from kubespawner import KubeSpawner
from traitlets import HasTraits

from swish_spawner.adapters.kubernetes.watches.events import EventWatch
from swish_spawner.adapters.kubernetes.watches.pods import PodWatch
from swish_spawner.adapters.kubernetes.watches.watch import Watch
from swish_spawner.hub.launch.spawner import SwishSpawner
from tests.conftest import ROOT
from tests.upstream import ABSENT, Reliance, changes, definitions, digest, fingerprint, installed, read_list, write_list

RELIANCES = read_list()
NAMES = {name for one in RELIANCES for name in one.names}
#: What traitlets itself puts into each class.
BOOKKEEPING = set(vars(type("_", (HasTraits,), {})))
STOP = "kubespawner.spawner:KubeSpawner.stop"


@pytest.mark.claim("versions")
def test_nothing_that_we_rely_on_has_changed() -> None:
    """What fails here was changed upstream: the text says who relies on it, what to check, and what to do then."""
    assert not changes(RELIANCES), "\n".join(changes(RELIANCES))


def test_all_that_we_rely_on_is_there() -> None:
    """A name that upstream does not have guards nothing, unless it is taken down that a version lacks it."""
    known = {name: prints.get(installed(name)) for one in RELIANCES for name, prints in one.names.items()}
    assert [name for name in NAMES if fingerprint(name) == ABSENT != known[name]] == []


@pytest.mark.claim("versions")
def test_the_readme_names_the_versions() -> None:
    """Those that somebody has looked at, and that the tests run with."""
    looked_at: dict[str, set[str]] = {}
    for name, prints in ((name, prints) for one in RELIANCES for name, prints in one.names.items()):
        looked_at.setdefault(name.partition(".")[0], set()).update(prints)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (said,) = re.findall(r"works with JupyterHub (\S+) and (\S+) and KubeSpawner (\d+\.\d+)\.", readme)
    assert said == (*sorted(looked_at["jupyterhub"]), *looked_at["kubespawner"])


def test_every_override_is_on_the_list() -> None:
    """What we put in the place of upstream's is there because of how upstream's is."""
    listed = {name.rpartition(".")[2] for name in NAMES}
    ours = SwishSpawner.__mro__[: SwishSpawner.__mro__.index(KubeSpawner)]
    overrides = {name for one in ours for name in vars(one)} & set(dir(KubeSpawner))
    assert overrides - set(dir(object)) - BOOKKEEPING - listed == set()


@pytest.mark.parametrize("watch", [PodWatch, EventWatch])
async def test_a_watch_has_what_is_read_of_a_reflector(watch: type[Watch]) -> None:
    """By KubeSpawner's own source."""
    text = inspect.getsource(KubeSpawner)
    read = set(re.findall(r"(?:previous|current|pod|event)?_?reflector\.(\w+)", text))
    other = {"events"} if watch is PodWatch else {"pods"}
    assert {"first_load_future", "start", "stop", "pods", "events"} <= read
    assert {name for name in read - other if not hasattr(watch(None, "swish"), name)} == set()


def test_a_change_is_noticed_and_says_what_to_do() -> None:
    """The name, who relies on it, what to check and how to go on."""
    (text,) = changes([Reliance("engine.stop replaces it", "Is a pod still gone?", {STOP: {installed(STOP): "other"}})])
    assert all(words in text for words in (STOP, "engine.stop replaces it", "Is a pod still gone?", "--write"))


SAME = [
    ("a comment", "def f():\n    return 1  # more\n"),
    ("a docstring", 'def f():\n    """Return one."""\n    return 1\n'),
    ("the layout", "def f( ):\n\n    return (1)\n"),
]


@pytest.mark.parametrize(("why", "text"), SAME, ids=[row[0] for row in SAME])
def test_what_changes_nothing_is_no_change(why: str, text: str) -> None:
    """Comments, docstrings and layout are passed over."""
    assert shape_of(text) == shape_of("def f():\n    return 1\n")


def test_another_statement_is_a_change() -> None:
    """What the code does counts."""
    assert shape_of("def f():\n    return 2\n") != shape_of("def f():\n    return 1\n")


def shape_of(text: str) -> str:
    """Return the fingerprint of a function f."""
    return digest(definitions(ast.parse(text), ["f"]))


def test_writing_takes_down_what_is_installed(tmp_path: Path) -> None:
    """Fingerprints of other versions stay as they are."""
    path = tmp_path / "upstream.toml"
    write_list([Reliance("a", "b", {STOP: {"0.1": "old", installed(STOP): "stale"}})], path)
    (one,) = read_list(path)
    assert one.names[STOP] == {"0.1": "old", installed(STOP): fingerprint(STOP)}
