"""Keys that change when, and only when, what they stand for changes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

_IGNORED = {"__pycache__", ".git", ".mypy_cache", ".ruff_cache", ".pytest_cache", "node_modules"}


def content_key(root: Path, sources: Iterable[Path], *extra: str) -> str:
    """Hash files by their path below `root`, their bytes and whether they are executable.

    Args:
        root: Folder that the paths are named from, so that two checkouts agree.
        sources: Files and folders; folders count with everything in them but Python's caches.
        *extra: Further text that the result depends on, such as another key or build flags.

    Returns:
        12 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for path in sorted({file for source in sources for file in _files(source)}):
        data = path.read_bytes()
        mode = "x" if path.stat().st_mode & 0o111 else "-"
        digest.update(f"{path.relative_to(root)}\0{mode}\0{len(data)}\0".encode() + data)
    for text in extra:
        digest.update(f"+{len(text)}\0{text}".encode())
    return digest.hexdigest()[:12]


def _files(source: Path) -> Iterator[Path]:
    if source.is_file():
        yield source
        return
    for path in source.rglob("*"):
        if path.is_file() and path.suffix != ".pyc" and not _IGNORED.intersection(path.relative_to(source).parts):
            yield path


def context_sources(dockerfile: str) -> tuple[str, ...]:
    """Name what a Dockerfile takes from its build context.

    Args:
        dockerfile: Its text.

    Returns:
        The sources of COPY, ADD and bind mounts that come from the context, in order, without repeats.
    """
    found: list[str] = []
    text = re.sub(r"\\\n", " ", dockerfile)
    for line in text.splitlines():
        words = line.split()
        if not words:
            continue
        flags = [word for word in words[1:] if word.startswith("--")]
        if words[0].upper() in {"COPY", "ADD"} and not any(flag.startswith("--from=") for flag in flags):
            found += [word.strip('[],"') for word in words[1:] if not word.startswith("--")][:-1]
        for flag in flags:
            if flag.startswith("--mount=type=bind") and ",from=" not in flag:
                found += re.findall(r"(?:source|src)=([^,\s]+)", flag)
    return tuple(dict.fromkeys(found))
