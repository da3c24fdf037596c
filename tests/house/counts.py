"""Counts of how the package is built, which a change may make smaller and not larger.

python -m tests.house [FOLDER]
"""

from __future__ import annotations

import ast
import re
import statistics
from collections import Counter
from collections.abc import Iterator
from configparser import ConfigParser
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

PACKAGE: Final = "swish_spawner"
#: What is ours and no test.
_OURS: Final = (PACKAGE, "images", "local", "benchmarks")
_NOQA: Final = re.compile(r"#\s*noqa(?::\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*)?(?P<rest>.*)")
_CONTAINERS: Final = {"set", "dict", "list", "deque", "defaultdict", "OrderedDict", "Counter"}
_MODULE: Final = re.compile(r"[\w.*]+")


@dataclass(frozen=True)
class Counts:
    """What is counted.

    Attributes:
        root_modules: modules that stand at the package's root.
        median_siblings: of the median module, those in its folder beside it.
        fullest_folder: modules of the folder that has most.
        largest_module: lines.
        largest_class: lines.
        contract_names: names of modules and rooms in the contracts of layers, those among them that are to come.
        singletons: objects that a process has one of and that change: an instance of a class of ours, or a container,
            that a module keeps.
        bare_noqa: rules that are switched off in a line without saying why.
        shared_names: names that several public classes have, of all that is ours and no test.
    """

    root_modules: int
    median_siblings: float
    fullest_folder: int
    largest_module: int
    largest_class: int
    contract_names: int
    singletons: int
    bare_noqa: int
    shared_names: int


def count(repository: Path) -> Counts:
    """Count.

    Args:
        repository: the checkout.
    """
    modules = {path: path.read_text(encoding="utf-8") for path in (repository / PACKAGE).rglob("*.py")}
    trees = {path: ast.parse(text) for path, text in modules.items()}
    folders = Counter(path.parent for path in modules if path.name != "__init__.py")
    siblings = [folders[path.parent] - 1 for path in modules if path.name != "__init__.py"]
    return Counts(
        root_modules=folders[repository / PACKAGE],
        median_siblings=statistics.median(siblings),
        fullest_folder=max(folders.values()),
        largest_module=max(len(text.splitlines()) for text in modules.values()),
        largest_class=max(map(_length, _classes(trees.values()))),
        contract_names=len(list(_contract_names(repository))),
        singletons=len(list(singletons(repository))),
        bare_noqa=sum(_is_bare(line) for text in modules.values() for line in text.splitlines()),
        shared_names=len(shared_names(repository)),
    )


def table(counts: Counts) -> str:
    """Return the counts, a line each."""
    return "\n".join(f"{getattr(counts, field.name):>6}  {field.name}" for field in fields(counts))


def singletons(repository: Path) -> Iterator[str]:
    """Yield module and name of each object that a process has one of and that changes."""
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in (repository / PACKAGE).rglob("*.py")}
    changing = {found.name for found in _classes(trees.values()) if not _is_frozen(found)}
    for path, tree in sorted(trees.items()):
        for name, value in _assignments(tree):
            if _changes(value, changing):
                yield f"{path.relative_to(repository)}: {name}"


def shared_names(repository: Path) -> list[str]:
    """Return the names that several classes have; what is private to a module does not count."""
    paths = [path for folder in _OURS for path in sorted((repository / folder).rglob("*.py"))]
    names = Counter(found.name for found in _classes(ast.parse(path.read_text(encoding="utf-8")) for path in paths))
    return sorted(name for name, times in names.items() if times > 1 and not name.startswith("_"))


def _classes(trees: object) -> list[ast.ClassDef]:
    return [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]  # type: ignore[attr-defined]


def _length(found: ast.ClassDef) -> int:
    return (found.end_lineno or found.lineno) - found.lineno + 1


def _is_frozen(found: ast.ClassDef) -> bool:
    return any("frozen=True" in ast.unparse(decorator) for decorator in found.decorator_list)


def _assignments(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and node.value:
            yield ast.unparse(node.target), node.value
        elif isinstance(node, ast.Assign):
            yield ast.unparse(node.targets[0]), node.value


def _changes(value: ast.expr, classes: set[str]) -> bool:
    """Say whether a module's value is an object that changes, as its making tells; a table that is filled does not."""
    if isinstance(value, ast.Call):
        made = value.func.value if isinstance(value.func, ast.Subscript) else value.func
        name = ast.unparse(made).rpartition(".")[2]
        return name in classes or (name in _CONTAINERS and not value.args and not value.keywords)
    return isinstance(value, (ast.Dict, ast.List)) and not ast.unparse(value).strip("[]{}")


def _contract_names(repository: Path) -> Iterator[str]:
    contracts = ConfigParser()
    contracts.read(repository / "setup.cfg", encoding="utf-8")
    for section in contracts.values():
        for key in ("layers", "exhaustive_ignores"):
            yield from _MODULE.findall(section.get(key, ""))


def _is_bare(line: str) -> bool:
    found = _NOQA.search(line)
    return found is not None and not found["rest"].strip(" -")
