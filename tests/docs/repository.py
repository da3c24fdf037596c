"""The repository's own text, as the tests of this folder read it."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def files() -> list[Path]:
    """Return every file that is tracked or would be, without those that are deleted but not yet committed."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return sorted({ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()})


def text_of(path: Path) -> str | None:
    """Return a file's text, or None for one that is not text."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def name_of(path: Path) -> str:
    """Return the path as a person would write it in the repository."""
    return path.relative_to(ROOT).as_posix()


def pages() -> list[Path]:
    """Return every Markdown page; changelog fragments have no place of their own to link from."""
    return [path for path in files() if path.suffix == ".md" and path.parent.name != "changelog.d"]


def without_code(markdown: str) -> str:
    """Return Markdown without its fenced blocks, indented blocks and inline code."""
    prose = re.sub(r"^```.*?^```", "", markdown, flags=re.MULTILINE | re.DOTALL)
    prose = re.sub(r"(?<=\n\n)(?:(?: {4}|\t).*\n)+", "", prose)
    return re.sub(r"`[^`\n]*`", "", prose)


def code_of(markdown: str) -> str:
    """Return the fenced blocks, the indented blocks and the inline code of a page."""
    fenced = re.findall(r"^```[^\n]*\n(.*?)^```", markdown, flags=re.MULTILINE | re.DOTALL)
    indented = re.findall(r"(?<=\n\n)((?:(?: {4}|\t).*\n)+)", markdown)
    return "\n".join([*fenced, *indented, *re.findall(r"`([^`\n]+)`", markdown)])


def anchors(markdown: str) -> set[str]:
    """Return the anchors that GitHub gives to the headings of a page."""
    headings = re.findall(r"^#+ (.+?)\s*$", markdown, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def make_targets() -> dict[str, str]:
    """Return the targets that a person can call, each with its line of help."""
    found = re.findall(r"^([a-z0-9]+):[^#\n]*## (.+)$", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    return dict(found)
