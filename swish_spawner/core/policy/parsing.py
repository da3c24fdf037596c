"""How a plain document becomes a Policy, and the sentence for what is wrong with it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from itertools import chain
from types import MappingProxyType
from typing import Any, Final, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from swish_spawner.core.policy import rules
from swish_spawner.core.policy.schema import adapter, known_keys
from swish_spawner.core.policy.sections.fields import NAME
from swish_spawner.core.policy.sections.pools import Pool, Size
from swish_spawner.core.policy.sections.teams import Team
from swish_spawner.core.policy.values import Image, Policy
from swish_spawner.errors import PolicyError, Problem

Entry = TypeVar("Entry", Image, Pool, Size, Team)
#: Keys as they are written: one that is no text is a path's last.
_Path = tuple[object, ...]

_SENTENCES: Final = {
    "missing": "is missing",
    "string_type": "must be text, not {value}",
    "bool_type": "must be true or false, not {value}",
    "int_type": "must be a whole number, not {value}",
    "list_type": "must be a list, not {value}",
    "mapping_type": "must be a mapping, not {value}",
    "dict_type": "must be a mapping, not {value}",
    "dataclass_type": "must be a mapping, not {value}",
    "literal_error": "must be {expected}, not {value}",
    "string_pattern_mismatch": "{value} is not of the form {pattern}",
    "string_unicode": "must be text of whole characters",
    "string_too_short": "must not be empty",
    "too_short": "must not be empty",
    "string_too_long": "must be at most {max_length} characters long",
    "greater_than_equal": "must be at least {ge}, not {value}",
    "less_than_equal": "must be at most {le}, not {value}",
    "value_error": "{error}",
}
_MOST: Final = 80


def parse_policy(document: object) -> Policy:
    """Turn a plain document into a Policy, or say everything that is wrong with it.

    Args:
        document: what the policy file holds, as plain data; it is left as it is.

    Returns:
        The policy; what the document leaves out has the default that its field states.

    Raises:
        PolicyError: every problem, each with its path: those of single values, and those of `rules`.
    """
    found: dict[_Path, str] = {}
    try:
        policy = adapter().validate_python(document)
    except ValidationError as error:
        for path, text in map(_explain, error.errors(include_url=False)):
            found.setdefault(path, text)
    of_fields = (Problem(".".join(map(str, path)), text) for path, text in found.items())
    problems: dict[str, Problem] = {}
    for problem in chain(of_fields, rules.problems(_without(document, found))):
        problems.setdefault(problem.path, problem)
    if problems:
        raise PolicyError(problems.values())
    return _settled(policy)


def _explain(error: ErrorDetails) -> tuple[_Path, str]:
    """Return where an error is and what is wrong there."""
    path, kind, value = error["loc"], error["type"], error["input"]
    *parent, last = path or ("",)
    if kind in {"unexpected_keyword_argument", "invalid_key"}:
        key = value if kind == "invalid_key" else last
        return (*parent, key), f"is not a known key; known are {known_keys(parent)}"
    # a key is wrong, and not what it leads to; of one that is no Unicode, the location has no more than marks
    if last == "[key]" and (kind == "string_unicode" or parent[-1] in (value, repr(value))):
        return (*parent[:-1], value), _sentence(kind, value, error)
    if value is None and path:
        return path, "has no value; give it one, or leave the key out"
    return path, _sentence(kind, value, error)


def _sentence(kind: str, value: object, error: ErrorDetails) -> str:
    rule: dict[str, Any] = error.get("ctx", {})
    if rule.get("pattern") == NAME:
        return "is no valid name: at most 40 lower-case letters, digits and inner dashes"
    if kind == "literal_error":
        choices = rule["expected"].replace("'", "").replace(" or ", ", ")
        rule = {"expected": f"one of {choices}" if "," in choices else choices}
    return _SENTENCES.get(kind, error["msg"]).format(value=_shown(value), **rule)


def _shown(value: object) -> str:
    """Return a value in few words, however large it is."""
    match value:
        case dict():
            return "a mapping"
        case list() | set() | tuple():
            return f"a {type(value).__name__}"
        case str() | bytes() if len(value) > _MOST:
            return f"{value[:_MOST]!r}..."
        case int() if value.bit_length() > _MOST:
            return "a very large number"
        case _:
            return repr(value)


def _without(node: Any, paths: Collection[_Path]) -> Any:
    """Return a document without what is at some paths; an item of a list leaves a None, so that the others stay."""
    if () in paths:
        return {}
    below: dict[object, list[_Path]] = {}
    for first, *rest in paths:
        below.setdefault(first, []).append(tuple(rest))
    if isinstance(node, dict):
        return {key: _without(value, below.get(key, ())) for key, value in node.items() if () not in below.get(key, ())}
    if isinstance(node, list):
        return [
            None if () in below.get(index, ()) else _without(item, below.get(index, ()))
            for index, item in enumerate(node)
        ]
    return node


def _settled(policy: Policy) -> Policy:
    """Give each entry its name, and what was left out and follows from something else its value."""
    pools = {
        name: replace(
            _filled(pool, name, ssh="notebook" if pool.gpus or pool.above is not None else "sidecar"),
            sizes=MappingProxyType({name: _filled(size, name) for name, size in pool.sizes.items()}),
        )
        for name, pool in policy.pools.items()
    }
    all_of_them = {"pools": tuple(policy.pools), "images": tuple(policy.images)}
    return replace(
        policy,
        images=MappingProxyType({name: _filled(image, name) for name, image in policy.images.items()}),
        pools=MappingProxyType(pools),
        teams=MappingProxyType({name: _filled(team, name, **all_of_them) for name, team in policy.teams.items()}),
    )


def _filled(entry: Entry, name: str, **others: object) -> Entry:
    values: Mapping[str, Any] = {"name": name, "title": name, **others}
    return replace(entry, **{key: value for key, value in values.items() if getattr(entry, key) is None})
