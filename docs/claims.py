"""What the pages claim, and the tests that show it: docs/reference/claims.md, and what is wrong with it.

A sentence that claims a right, a limit or a guarantee is followed by `<!-- claim: some-slug -->`, and each test that
would fail if it were broken has `@pytest.mark.claim("some-slug")`. Tests are read and never imported.
"""

from __future__ import annotations

import ast
import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
#: The pages whose every claim has a mark.
PAGES: Final = (
    "README.md",
    "docs/topics/ssh-security.md",
    "docs/topics/ssh-log.md",
    "docs/topics/faults.md",
    "docs/topics/files.md",
    "docs/topics/sweeper.md",
)
#: Where the table of them lies.
PAGE: Final = "docs/reference/claims.md"

_MARK: Final = re.compile(r"<!-- claim: ([a-z0-9]+(?:-[a-z0-9]+)*) -->")
_ANY_MARK: Final = re.compile(r"<!--\s*claim\b.*?-->", re.DOTALL)
#: The first line of a list's item, of a table's row, or of a heading.
_BEGINS: Final = re.compile(r"\s*(?:[-*] |\d+\. |\||#+ )")
_SENTENCE_ENDS: Final = re.compile(r"(?:(?<=[.!?])|(?<=[.!?]\*\*))\s+(?=[A-Z0-9`*_\[(])")
#: One that would end a cell.
_PIPE: Final = re.compile(r"(?<!\\)\|")
_LINK: Final = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_MARKER: Final = "claim"

#: The names of tests, like ``tests/core/test_files.py::test_whose``, by the slug that they show.
Shown = Mapping[str, Sequence[str]]


class ClaimError(ValueError):
    """A mark says nothing; the text names where it stands."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence that has to be true.

    Attributes:
        slug: its name, unique in all pages.
        sentence: on one line, without marks and without the addresses of links.
        page: its path in the repository.
    """

    slug: str
    sentence: str
    page: str


def claims_of(markdown: str, page: str) -> list[Claim]:
    """Return the claims of a page, in their order.

    Args:
        markdown: its text.
        page: its path in the repository.

    Raises:
        ClaimError: a mark is of another form, has no sentence before it, or begins a line, which would end the
            paragraph there.
    """
    claims = []
    for found in _ANY_MARK.finditer(markdown):
        mark = _MARK.fullmatch(found[0])
        if mark is None:
            raise ClaimError(f"{page}: {found[0]} is no mark; write <!-- claim: some-slug -->")
        before = markdown[: found.start()]
        sentence = _sentence(_block(before))
        if not sentence or not before.rpartition("\n")[2].strip():
            raise ClaimError(f"{page}: no sentence stands before {found[0]} on its line")
        claims.append(Claim(mark[1], sentence, page))
    return claims


def _block(before: str) -> str:
    """Return what stands before a mark in its paragraph, list item or table row."""
    lines = before.rpartition("\n\n")[2].split("\n")
    start = max((number for number, line in enumerate(lines) if _BEGINS.match(line)), default=0)
    return " ".join(line.lstrip() for line in lines[start:])


def _sentence(block: str) -> str:
    """Return the last sentence of what stands before a mark; nothing if another mark ends it."""
    if block.startswith("|"):
        return _row(block)
    since = _LINK.sub(r"\1", _ANY_MARK.split(block)[-1])
    begins = _BEGINS.match(since)
    return _SENTENCE_ENDS.split(since[begins.end() if begins else 0 :].strip())[-1]


def _row(block: str) -> str:
    """Return a row's first cell and the one that a mark ends."""
    cells = [_LINK.sub(r"\1", cell).strip() for cell in _PIPE.split(block)[1:]]
    first, last = _ANY_MARK.sub("", cells[0]).strip(), cells[-1]
    if not last or _ANY_MARK.search(last):
        return ""
    return last if len(cells) == 1 else f"{first}: {last}"


def shown_by(source: str, file: str) -> dict[str, list[str]]:
    """Return the tests of a module by the slugs that they show.

    Args:
        source: the module's text.
        file: its path in the repository.

    Raises:
        ClaimError: a mark is no decorator of a test, or names no slug in quotes.
    """
    tree = ast.parse(source)
    shown: dict[str, list[str]] = {}
    used = 0
    for test in ast.walk(tree):
        if isinstance(test, ast.FunctionDef | ast.AsyncFunctionDef) and test.name.startswith("test_"):
            for call in test.decorator_list:
                if isinstance(call, ast.Call) and _is_mark(call.func):
                    used += 1
                    for slug in _slugs(call, f"{file}::{test.name}"):
                        shown.setdefault(slug, []).append(f"{file}::{test.name}")
    if used != sum(_is_mark(node) for node in ast.walk(tree)):
        raise ClaimError(f'{file}: pytest.mark.claim("some-slug") is only for a function that is a test')
    return shown


def _is_mark(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and ast.unparse(node) == f"pytest.mark.{_MARKER}"


def _slugs(call: ast.Call, test: str) -> list[str]:
    slugs = [arg.value for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
    if not slugs or len(slugs) != len(call.args) or call.keywords:
        raise ClaimError(f"{test}: pytest.mark.claim takes slugs in quotes")
    return slugs


def problems(claims: Sequence[Claim], shown: Shown) -> list[str]:
    """Return what is wrong: a slug of two sentences, a claim without a test, and a test without its claim."""
    count = Counter(claim.slug for claim in claims)
    return [
        *(f"{slug} is claimed {number} times" for slug, number in count.items() if number > 1),
        *(f"{claim.page}: no test shows {claim.slug}" for claim in claims if not shown.get(claim.slug)),
        *(f"{test} shows {slug}, which no page claims" for slug in shown if slug not in count for test in shown[slug]),
    ]


_HEAD: Final = """\
# Claims

<!-- Made from the marks in pages and tests by `make reference`; change them there. -->

Each sentence of README and the pages on the safety of ssh, the ssh log, faults, files and the sweeper that claims a
right, a limit or a guarantee, as it stands there, and the tests that fail when it is broken: files below `tests/`, of
which those in `e2e` run on a real cluster. How it is marked: [contributing](../../CONTRIBUTING.md#claims).

| claim | page | tests |
| --- | --- | --- |
"""


def claims_page(claims: Iterable[Claim], shown: Shown) -> str:
    """Return the page with the table of claims."""
    return _HEAD + "".join(f"{_table_row(claim, shown.get(claim.slug, ()))}\n" for claim in claims)


def _table_row(claim: Claim, tests: Sequence[str]) -> str:
    link = f"[{Path(claim.page).stem}]({posixpath.relpath(claim.page, posixpath.dirname(PAGE))})"
    names = "<br>".join(f"`{test.removeprefix('tests/')}`" for test in tests)
    sentence = _PIPE.sub(r"\|", claim.sentence)
    return f"| {sentence} | {link} | {names} |"


def gathered(root: Path = ROOT) -> tuple[list[Claim], dict[str, list[str]]]:
    """Return the claims of all pages, and the tests that show them.

    Args:
        root: of the repository.

    Raises:
        ClaimError: a mark says nothing.
    """
    claims = [claim for page in PAGES for claim in claims_of((root / page).read_text(encoding="utf-8"), page)]
    shown: dict[str, list[str]] = {}
    for file, source in _marked(root):
        for slug, tests in shown_by(source, file).items():
            shown.setdefault(slug, []).extend(tests)
    return claims, shown


def _marked(root: Path) -> Iterator[tuple[str, str]]:
    """Yield path and text of each module of tests that has a mark."""
    for path in sorted((root / "tests").rglob("test_*.py")):
        source = path.read_text(encoding="utf-8")
        if f"pytest.mark.{_MARKER}" in source:
            yield path.relative_to(root).as_posix(), source
