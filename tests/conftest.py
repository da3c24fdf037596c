"""Shared by all tests: the shipped policy, and a wider one that uses every part of the file's shape."""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import settings

from swish_spawner.core.launch.plan import Person
from swish_spawner.core.policy.parsing import parse_policy
from swish_spawner.core.policy.values import Policy
from tests.times import Times

ROOT = Path(__file__).parents[1]
SHIPPED_POLICY = ROOT / "hub_config" / "policy.yaml"
WIDE_POLICY = ROOT / "tests" / "data" / "policy-wide.yaml"


#: Folders whose modules take long.
_LONG = ("images", "web", "spawner", "benchmarks")

# No timed assertion decides a test: a machine that others use is slow now and then.
settings.register_profile("swish", deadline=None)
settings.load_profile("swish")


def pytest_configure(config: pytest.Config) -> None:
    """Say at the end of a run where the time went."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Times())


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Share the tests among processes where all are run; whoever names some has them in one, without that start."""
    return 3 if config.args == config.getini("testpaths") else 0


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Say which tests go together, unless the command says it."""
    if config.getoption("dist") != "loadscope":
        return None
    from tests.sharing import ByModule  # only where there is xdist

    return ByModule(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the folders whose modules take long, so that no process is left with one at the end.

    They take turns: the modules of one folder want the same of the machine.
    """
    turns: Counter[str] = Counter()
    places: dict[Path, tuple[int, int]] = {}
    for path in dict.fromkeys(item.path for item in items if item.path.parent.name in _LONG):
        folder = path.parent.name
        places[path] = (turns[folder], _LONG.index(folder))
        turns[folder] += 1
    items.sort(key=lambda item: places.get(item.path, (len(places), 0)))


@pytest.fixture(scope="session")
def read_once() -> dict[str, Any]:
    """The wide policy as plain data; not to be changed."""
    document: dict[str, Any] = yaml.load(WIDE_POLICY.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return document


@pytest.fixture
def wide_document(read_once: dict[str, Any]) -> dict[str, Any]:
    """A fresh copy of the wide policy as plain data."""
    return deepcopy(read_once)


@pytest.fixture(scope="session")
def policy(read_once: dict[str, Any]) -> Policy:
    """The wide policy."""
    return parse_policy(deepcopy(read_once))


@pytest.fixture
def ada() -> Person:
    """A person who is in both teams of the wide policy."""
    return Person(name="ada", groups=frozenset({"imaging", "genomics-staff"}), server="", environment="ada")
