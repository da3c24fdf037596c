"""How to read what others wrote, Kubernetes first, without trust: what is not there, or of another type, is empty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

Document = Mapping[str, Any]

#: Nearly every mapping is a dict, which is told without a look into a registry of classes.
_MAPPING: Final = (dict, Mapping)


def part(document: object, *keys: str) -> Document:
    """Return a mapping inside a document; one that is not there, or is none, is empty."""
    for key in keys:
        document = document.get(key) if isinstance(document, _MAPPING) else None
    return document if isinstance(document, _MAPPING) else {}


def parts(document: object, key: str) -> Sequence[Document]:
    """Return the mappings of a list inside a document."""
    found = document.get(key) if isinstance(document, _MAPPING) else None
    return [each for each in found if isinstance(each, _MAPPING)] if isinstance(found, (list, tuple)) else []


def text(document: Document, key: str) -> str:
    """Return a text inside a document; what is none is empty."""
    found = document.get(key)
    return found if isinstance(found, str) else ""


def number(document: Document, key: str) -> int:
    """Return a whole number inside a document; what is none is 0."""
    found = document.get(key)
    return found if isinstance(found, int) and not isinstance(found, bool) else 0


def condition(thing: Document, kind: str) -> Document:
    """Return a condition of a pod or a node, e.g. ``PodScheduled``; one that it does not have is empty."""
    for each in parts(part(thing, "status"), "conditions"):
        if each.get("type") == kind:
            return each
    return {}
