"""Pages link to what is there, and name commands that exist."""

import re
from pathlib import Path

import pytest

from tests.docs.repository import ROOT, anchors, code_of, make_targets, name_of, pages, without_code

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def broken_links(page: Path, root: Path = ROOT) -> list[str]:
    """Return the links of a page that lead to no file or no heading below the root."""
    broken = []
    for link in LINK.findall(without_code(page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        known = target.exists() and target.is_relative_to(root)
        if not known or (anchor and anchor not in anchors(target.read_text(encoding="utf-8"))):
            broken.append(link)
    return broken


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_links_lead_somewhere(page: Path):
    """Each link inside the repository leads to a file that is there, and to a heading in it."""
    assert broken_links(page) == []


def test_broken_link_is_found(tmp_path: Path):
    """A link to a file that is not there, and one to a heading that is not, are both reported."""
    page = tmp_path / "page.md"
    page.write_text("# Title\n\n[a](missing.md) [b](#no-such-heading) [c](#title) `[d](code.md)` [e](https://x.org)\n")
    assert broken_links(page, tmp_path) == ["missing.md", "#no-such-heading"]


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_make_commands_exist(page: Path):
    """Each `make` command on a page is a target of the Makefile."""
    code = code_of(page.read_text(encoding="utf-8"))
    named = set(re.findall(r"\bmake(?: +-[a-z]+)*(?: +[A-Z_]+=\S+)* +([a-z][\w-]*)", code))
    assert named - set(make_targets()) == set()


def test_every_page_below_docs_is_reachable():
    """Each page of docs/ can be reached from docs/README.md, so that none is written for nobody."""
    start, seen = ROOT / "docs" / "README.md", set[Path]()
    todo = [start]
    while todo:
        page = todo.pop()
        if page in seen or page.suffix != ".md" or not page.is_file():
            continue
        seen.add(page)
        links = LINK.findall(without_code(page.read_text(encoding="utf-8")))
        todo += [(page.parent / link.partition("#")[0]).resolve() for link in links if ":" not in link]
    below_docs = {page for page in pages() if page.is_relative_to(ROOT / "docs")}
    assert sorted(map(name_of, below_docs - seen)) == []
