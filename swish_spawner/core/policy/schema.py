"""Check a plain document against a JSON Schema, and say every problem in words with its path.

The schema's own formats are ``cpu``, ``memory``, ``duration``, ``money`` (see `units`) and ``cidr``.
"""

from __future__ import annotations

import copy
import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from jsonschema import Draft202012Validator, FormatChecker, validators
from jsonschema.exceptions import ValidationError

from swish_spawner.core.units import parse_cpu, parse_duration, parse_memory, parse_money
from swish_spawner.errors import Problem

Schema = Mapping[str, Any]

_TYPE_NAMES: Final = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
}


def _parse_cidr(text: object) -> object:
    try:
        return ipaddress.ip_network(str(text))
    except ValueError:
        raise ValueError(f"{text!r} is no network; write {_network_of(text)}") from None


def _network_of(text: object) -> str:
    """Return what may have been meant: the network that an address with a prefix is in, or what one looks like."""
    try:
        meant = ipaddress.ip_interface(str(text))
    except ValueError:
        return "an address and a prefix, like 10.0.0.0/8"
    return f"{meant.network}, or {meant.ip}/{meant.max_prefixlen} for that address alone"


def _format_checker() -> FormatChecker:
    checker = FormatChecker(formats=())
    parsers: dict[str, Callable[[Any], object]] = {
        "cpu": parse_cpu,
        "memory": parse_memory,
        "duration": parse_duration,
        "money": parse_money,
        "cidr": _parse_cidr,
    }
    for name, parser in parsers.items():
        checker.checks(name, raises=ValueError)(_accepts(parser))
    return checker


def _accepts(parser: Callable[[Any], object]) -> Callable[[object], bool]:
    def accepts(value: object) -> bool:
        return parser(value) is not None

    return accepts


_FORMATS: Final = _format_checker()


def _pattern(_validator: object, pattern: str, instance: object, _schema: object) -> Iterator[ValidationError]:
    """Match the whole text: with the library's own rule ``$`` also matches before a newline at the end."""
    if isinstance(instance, str) and not re.fullmatch(pattern, instance):
        yield ValidationError(f"{instance!r} is not of the form {pattern}")


_Validator: Final[Any] = validators.extend(Draft202012Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call]


def check(document: object, schema: Schema) -> tuple[tuple[Problem, ...], Any]:
    """Check a document against a schema.

    Args:
        document: plain data, as a YAML or JSON file gives it; it is left as it is.
        schema: a JSON Schema, draft 2020-12.

    Returns:
        All problems, and a copy of the document without the parts that have one, so that further rules can look at
        the rest.
    """
    found: dict[tuple[object, ...], str] = {}
    for error in _Validator(schema, format_checker=_FORMATS).iter_errors(document):
        for path, text in _explain(error):
            # a format says what the text should look like, which helps more than the type's "must be text"
            if path not in found or error.validator == "format":
                found[path] = text
    rest = copy.deepcopy(document)
    for path in found:
        rest = _without(rest, path)
    return tuple(Problem(".".join(map(str, path)), text) for path, text in found.items()), rest


def with_defaults(document: Any, schema: Schema, root: Schema | None = None) -> Any:
    """Return a copy of a valid document in which every left-out key has the default that the schema states."""
    root = schema if root is None else root
    schema = _resolve(schema, root)
    if isinstance(document, list):
        items = schema.get("items", {})
        return [with_defaults(item, items, root) for item in document]
    if not isinstance(document, dict):
        return document
    properties = schema.get("properties", {})
    defaults = {
        key: copy.deepcopy(default)
        for key, value in properties.items()
        if (default := _default(value, root)) is not _NOTHING
    }
    others = schema.get("additionalProperties") or {}
    return {
        key: with_defaults(value, properties.get(key, others), root) for key, value in (defaults | document).items()
    }


_NOTHING: Final = object()


def _resolve(schema: Schema, root: Schema) -> Schema:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    return {**root["$defs"][reference.rsplit("/", 1)[1]], **{k: v for k, v in schema.items() if k != "$ref"}}


def _default(schema: Schema, root: Schema) -> object:
    """An object whose every part may be left out has an empty default, so that its parts' defaults are found."""
    schema = _resolve(schema, root)
    if "default" in schema:
        return schema["default"]
    optional_object = schema.get("type") == "object" and "required" not in schema
    return {} if optional_object else _NOTHING


def _explain(error: ValidationError) -> Iterator[tuple[tuple[object, ...], str]]:
    path = tuple(error.absolute_path)
    rule, value, schema = error.validator, error.validator_value, error.schema
    instance: Any = error.instance
    if "propertyNames" in error.absolute_schema_path:
        yield (*path, error.instance), "is no valid name: at most 40 lower-case letters, digits and inner dashes"
    elif rule == "additionalProperties":
        known = ", ".join(sorted(_known(schema)))
        yield from (((*path, key), f"is not a known key; known are {known}") for key in _unknown(instance, schema))
    elif rule == "required":
        required: Any = value
        yield from (((*path, key), "is missing") for key in required if key not in instance)
    else:
        yield path, _rule_text(str(rule), value, error)


def _rule_text(rule: str, value: Any, error: ValidationError) -> str:
    match rule:
        case "format" if error.cause is not None:
            text = str(error.cause)
        case "type":
            names = [value] if isinstance(value, str) else value
            text = f"must be {' or '.join(_TYPE_NAMES.get(n, n) for n in names)}, not {error.instance!r}"
        case "enum":
            text = f"must be one of {', '.join(map(str, value))}, not {error.instance!r}"
        case "const":
            text = f"must be {value!r}, not {error.instance!r}"
        case "minProperties" | "minItems" | "minLength":
            text = "must not be empty"
        case "uniqueItems":
            text = "must not name anything twice"
        case _:
            text = error.message
    return text


def _known(schema: Any) -> Iterable[str]:
    return schema.get("properties", {}) if isinstance(schema, Mapping) else ()


def _unknown(instance: Any, schema: Any) -> list[object]:
    return [key for key in instance if key not in _known(schema)]


def _without(document: Any, path: tuple[object, ...]) -> Any:
    """Take the node at a path out of a private copy; a node already taken out, or never there, is no matter."""
    if not path:
        return {}
    node = document
    for key in path[:-1]:
        try:
            node = node[key]
        except (KeyError, IndexError, TypeError):
            return document
    if isinstance(node, dict):
        node.pop(path[-1], None)
    elif isinstance(node, list) and isinstance(path[-1], int) and path[-1] < len(node):
        node[path[-1]] = None  # removing would shift the indices of the problems still to come
    return document
