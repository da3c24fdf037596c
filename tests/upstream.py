"""What of JupyterHub and KubeSpawner our code relies on, and whether it is still as it was when somebody last looked.

    python -m tests.upstream            say what has changed
    python -m tests.upstream --write    take down what is installed as looked at

`tests/data/upstream.toml` lists each method, attribute and function with a fingerprint of its source for each version.
Comments, docstrings, layout and the help of options are no part of it.
"""

from __future__ import annotations

import ast
import hashlib
import json
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

LIST: Final = Path(__file__).parent / "data" / "upstream.toml"
HEAD: Final = """\
# What our code relies on in JupyterHub and KubeSpawner: who relies on it and how, what to look at when it has changed,
# and fingerprints by version. `python -m tests.upstream --write` puts the fingerprints in; the rest is written by hand.
"""
DISTRIBUTIONS: Final = {"jupyterhub": "jupyterhub", "kubespawner": "jupyterhub-kubespawner"}
#: The fingerprint of what is not there.
ABSENT: Final = "absent"
#: Decorators by which traitlets knows that a method is about a trait.
_TRAIT_METHODS: Final = ("default", "validate", "observe")
#: What Python versions fill in differently, or what says nothing of what the code does.
_PASSED_OVER: Final = ("ctx", "kind", "type_comment", "type_params")

Fingerprints = Mapping[str, str]


@dataclass(frozen=True)
class Reliance:
    """Some code of ours that relies on upstream's.

    Attributes:
        relies: our code, and how it relies on it.
        check: what to look at when upstream's has changed.
        names: fingerprints by version of each, by its name like ``kubespawner.spawner:KubeSpawner.stop``.
    """

    relies: str
    check: str
    names: Mapping[str, Fingerprints]


def read_list(path: Path = LIST) -> list[Reliance]:
    """Return the list."""
    return [Reliance(**entry) for entry in tomllib.loads(path.read_text(encoding="utf-8"))["reliance"]]


def write_list(reliances: list[Reliance], path: Path = LIST) -> None:
    """Write the list with the fingerprints of what is installed; those of other versions stay."""
    lines = [HEAD]
    for one in reliances:
        lines += ["[[reliance]]", f"relies = {json.dumps(one.relies)}", f"check = {json.dumps(one.check)}"]
        lines += ["[reliance.names]"]
        for name, known in one.names.items():
            fingerprints = {**known, installed(name): fingerprint(name)}
            inside = ", ".join(f'"{key}" = "{value}"' for key, value in sorted(fingerprints.items()))
            lines.append(f'"{name}" = {{ {inside} }}')
        lines.append("")
    path.write_text("\n".join(lines), encoding="utf-8")


def installed(name: str) -> str:
    """Return the version that is installed of what a name belongs to, without its patch number."""
    return ".".join(version(DISTRIBUTIONS[name.split(".", maxsplit=1)[0]]).split(".")[:2])


def fingerprint(name: str) -> str:
    """Return a fingerprint of the source that is installed, or `ABSENT`."""
    module, _, path = name.partition(":")
    nodes = definitions(source(module), path.split("."))
    return digest(nodes) if nodes else ABSENT


@cache
def source(module: str) -> ast.Module:
    """Return a module's syntax tree."""
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        raise ValueError(f"there is no module {module}")
    return ast.parse(Path(spec.origin).read_text(encoding="utf-8"))


def definitions(tree: ast.Module | ast.ClassDef, path: list[str]) -> list[ast.AST]:
    """Return every statement of a module or class that defines a name, and what traitlets finds for it."""
    if len(path) > 1:
        inner = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == path[0]]
        return definitions(inner[0], path[1:]) if inner else []
    return [node for node in tree.body if path[0] in _defined(node)]


def _defined(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
        for call in node.decorator_list:
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in _TRAIT_METHODS:
                yield from (str(value.value) for value in call.args if isinstance(value, ast.Constant))
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    yield from (target.id for target in targets if isinstance(target, ast.Name))


def digest(nodes: list[ast.AST]) -> str:
    """Return a fingerprint of what some statements do."""
    return hashlib.sha256(repr([shape(node) for node in nodes]).encode()).hexdigest()[:16]


def shape(node: Any) -> Any:
    """Return a syntax tree as plain data, without what changes nothing."""
    if isinstance(node, list):
        return [shape(each) for each in node if not _says_nothing(each)]
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = [(name, value) for name, value in ast.iter_fields(node) if name not in _PASSED_OVER]
    return type(node).__name__, [(name, shape(value)) for name, value in fields if value not in (None, [])]


def _says_nothing(node: Any) -> bool:
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return is_text or (isinstance(node, ast.keyword) and node.arg == "help")


def is_as_known(name: str, known: Fingerprints) -> bool:
    """Say whether what is installed is what somebody has looked at: in this version, or else in any."""
    expected = known.get(installed(name))
    return fingerprint(name) in ([expected] if expected else known.values())


def changes(reliances: list[Reliance]) -> list[str]:
    """Return what to do about each name that has changed."""
    return [
        f"{name} is not as it was ({'.'.join([name.split('.')[0], installed(name)])}).\n"
        f"  relies on it:  {one.relies}\n"
        f"  check:         {one.check}\n"
        "  then:          python -m tests.upstream --write, with each of the two environments (see CONTRIBUTING.md)"
        for one in reliances
        for name, known in one.names.items()
        if not is_as_known(name, known)
    ]


def main(arguments: list[str]) -> int:
    """Say what has changed, or take it down."""
    reliances = read_list()
    found = changes(reliances)
    sys.stdout.write("".join(f"{text}\n" for text in found))
    if "--write" in arguments:
        write_list(reliances)
        return 0
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
