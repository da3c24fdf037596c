"""The JSON Schema that is made of the values says what parsing does."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from swish_spawner.core.policy.parsing import parse_policy
from swish_spawner.core.policy.schema import known_keys, policy_schema
from tests.conftest import SHIPPED_POLICY
from tests.core.policy.test_values import BAD, SMALLEST, changed

SCHEMA = policy_schema()
#: What a JSON Schema cannot say of a document: units, networks, and rules over several keys.
FORMATS = {"cpu", "memory", "duration", "money", "cidr"}


def resolved(node: dict[str, Any]) -> dict[str, Any]:
    """Return a node with its reference put in; what stands beside the reference wins."""
    return SCHEMA["$defs"][node["$ref"].rpartition("/")[2]] | node if "$ref" in node else node


def fields(node: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Yield every key that a document may have, with ``*`` for any name or item."""
    node = resolved(node)
    for key, child in node.get("properties", {}).items():
        yield (*path, key), resolved(child)
        yield from fields(child, (*path, key))
    for rule in ("additionalProperties", "items"):
        if isinstance(node.get(rule), dict):
            yield from fields(node[rule], (*path, "*"))


def test_it_is_a_schema() -> None:
    """Of the draft that it names."""
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", ["shipped", "wide"])
def test_a_good_policy_is_good_by_it(name: str, wide_document: dict[str, Any]) -> None:
    """An editor underlines nothing in a policy that parses."""
    shipped = yaml.safe_load(SHIPPED_POLICY.read_text(encoding="utf-8"))
    document = {"shipped": shipped, "wide": wide_document}[name]
    assert list(Draft202012Validator(SCHEMA).iter_errors(document)) == []


@pytest.mark.parametrize(("place", "value", "paths", "reason"), BAD, ids=[row[3] for row in BAD])
def test_what_it_refuses_parsing_refuses_at_the_same_place(
    wide_document: dict[str, Any], place: str, value: object, paths: set[str], reason: str
) -> None:
    """Each error of the schema is at a problem's path, or at the mapping that lacks a key or has one too many."""
    errors = Draft202012Validator(SCHEMA).iter_errors(changed(wide_document, place, value))
    for error in errors:
        at = ".".join(map(str, error.absolute_path))
        assert any(path == at or path.rpartition(".")[0] == at for path in paths), error.message


def test_every_key_is_described() -> None:
    """The reference page is made of it, so each key explains itself."""
    assert [path for path, node in fields(SCHEMA) if "description" not in node] == []


def test_defaults_are_as_the_file_writes_them() -> None:
    """A document that writes down a default is the same policy as one that leaves it out."""
    for path, node in fields(SCHEMA):
        names = {"images": "a", "pools": "p", "teams": "t"}
        way = [names.get(before, key) if key == "*" else key for before, key in zip(("", *path), path, strict=False)]
        if "default" in node and node["default"] != "" and "sizes" not in way[:-1]:
            document = copy.deepcopy(SMALLEST)
            parent = document
            for key in way[:-1]:
                parent = parent.setdefault(key, {})
            if way[-2:-1] != ["scratch"]:
                parent[way[-1]] = node["default"]
                assert parse_policy(document) == parse_policy(SMALLEST), path


def test_it_says_nothing_of_python() -> None:
    """No null, no title made of a name, no name of an entry, and no reference to what is not there."""
    nodes = [SCHEMA, *(node for _, node in fields(SCHEMA))]
    assert not any("anyOf" in node or node.get("type") == "null" for node in nodes)
    assert [node["title"] for node in nodes if isinstance(node.get("title"), str)] == ["Swish policy"]
    assert not any(path[-1] == "name" for path, _ in fields(SCHEMA))


def test_known_keys_are_those_of_the_place() -> None:
    """Through names, items and references."""
    assert known_keys(("pools", "p", "sizes", "s")) == "cpu, memory, title"
    assert known_keys(("idle", "standard", 0)) == "after, do, warn"
