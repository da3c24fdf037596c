"""The house gets no worse: what was once small stays so."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from tests.house.counts import Counts, count, shared_names, singletons, table

ROOT = Path(__file__).parents[2]
#: The most that there may be of each; whoever makes one smaller lowers it here.
BOUNDS = Counts(
    root_modules=3,
    median_siblings=4,
    fullest_folder=11,
    largest_module=304,
    largest_class=250,
    contract_names=55,
    singletons=0,
    bare_noqa=2,
    shared_names=12,
)


@pytest.fixture(scope="module")
def counted() -> Counts:
    """The counts of this checkout."""
    return count(ROOT)


@pytest.mark.parametrize("name", [field.name for field in fields(Counts)])
def test_a_count_does_not_grow(counted: Counts, name: str) -> None:
    """`python -m tests.house` prints them all."""
    assert getattr(counted, name) <= getattr(BOUNDS, name), table(counted)


@pytest.mark.parametrize("name", [field.name for field in fields(Counts)])
def test_a_bound_follows_what_is_counted(counted: Counts, name: str) -> None:
    """Or what was won would be lost again without anybody's word."""
    assert getattr(BOUNDS, name) <= 1.1 * getattr(counted, name)


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A checkout with one module."""
    (tmp_path / "swish_spawner").mkdir()
    (tmp_path / "setup.cfg").write_text("[a]\nlayers =\n    (a) | (to_come)\n    b | errors\n", encoding="utf-8")
    return tmp_path


def module(house: Path, text: str, name: str = "a") -> None:
    """Write a module."""
    (house / "swish_spawner" / f"{name}.py").write_text(text, encoding="utf-8")


def test_names_in_contracts_are_counted(house: Path) -> None:
    """With and without brackets: a room that comes was named before, and its coming changes no count."""
    module(house, "class A: ...\n")
    assert count(house).contract_names == 4


@pytest.mark.parametrize(
    ("text", "are"),
    [
        ("class A: ...\nX = A()\n", 1),
        ("@dataclass(frozen=True)\nclass A: ...\nX = A()\n", 0),
        ("X: Final[dict[str, int]] = {}\n", 1),
        ("X = {'a': 1}\n", 0),
        ("X = set[str]()\n", 1),
        ("X = frozenset()\n", 0),
        ("def f():\n    x = {}\n", 0),
    ],
)
def test_what_one_process_has_one_of_is_counted(house: Path, text: str, are: int) -> None:
    """What changes: an object of ours, or what is filled later."""
    module(house, text)
    assert len(list(singletons(house))) == are


@pytest.mark.parametrize(
    ("line", "are"),
    [("x = 1  # noqa: E501", 1), ("x = 1  # noqa", 1), ("x = 1  # noqa: E501 - since", 0), ("x = 1", 0)],
)
def test_rules_switched_off_without_a_reason_are_counted(house: Path, line: str, are: int) -> None:
    """A reason stands behind it."""
    module(house, f"class A: ...\n{line}\n")
    assert count(house).bare_noqa == are


def test_a_name_that_two_classes_have_is_counted(house: Path) -> None:
    """Wherever they are, but for those that are private to their modules."""
    (house / "local").mkdir()
    (house / "local" / "b.py").write_text("class Use: ...\nclass State: ...\nclass _Raw: ...\n", encoding="utf-8")
    module(house, "class Use: ...\nclass PoolState: ...\nclass _Raw: ...\n")
    assert count(house).shared_names == 1


@pytest.fixture(scope="module")
def shared() -> list[str]:
    """The names in this checkout that several classes have."""
    return shared_names(ROOT)


@pytest.mark.parametrize("name", ["Use", "Uses", "Entrance", "State", "Settings", "SettingsError", "Cluster", "Phase"])
def test_a_name_that_meant_two_things_means_one(shared: list[str], name: str) -> None:
    """So whoever looks for it finds what it is."""
    assert name not in shared


def test_a_module_in_a_full_folder_has_siblings(house: Path) -> None:
    """The folder's own file is none of them."""
    for name in ("a", "b", "c", "__init__"):
        module(house, "class A:\n    x = 1\n", name)
    found = count(house)
    assert (found.root_modules, found.median_siblings, found.fullest_folder) == (3, 2, 3)
    assert (found.largest_module, found.largest_class) == (2, 2)
