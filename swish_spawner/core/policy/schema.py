"""The JSON Schema of the policy file, made of the values: for editors, the reference page and sentences."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import is_dataclass
from typing import Any, Final

from pydantic import ConfigDict, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema, to_jsonable_python
from typing_extensions import TypeAliasType

from swish_spawner.core.policy.values import Policy
from swish_spawner.core.units import format_cpu, format_duration, format_memory

#: Policy by another name, since a plain dataclass takes its configuration from what refers to it.
_File = TypeAliasType("_File", Policy)
_WRITERS: Final[Mapping[str, Callable[[Any], object]]] = {
    "cpu": format_cpu,
    "memory": format_memory,
    "duration": format_duration,
    "money": str,
}
_LEAST: Final = {"object": "minProperties", "array": "minItems"}


@functools.cache
def adapter(*, described: bool = False) -> TypeAdapter[Policy]:
    """Return what reads documents, and takes no key that is not declared.

    Args:
        described: whether it knows the text below each field, for which it has to read the sources.
    """
    return TypeAdapter(_File, config=ConfigDict(extra="forbid", use_attribute_docstrings=described))


@functools.cache
def policy_schema(*, described: bool = True) -> dict[str, Any]:
    """Return the JSON Schema of the policy file, draft 2020-12, as plain data that is not to be changed."""
    made = adapter(described=described).json_schema(schema_generator=_Generator)
    head = {"$schema": _Generator.schema_dialect, "$id": "https://swish.io/policy.schema.yaml", "title": "Swish policy"}
    return {**head, **_tidy(made)}


def known_keys(path: Iterable[object]) -> str:
    """Return the keys that the mapping at a path of the file may have, sorted and joined by commas."""
    schema = policy_schema(described=False)
    node = schema
    for key in path:
        below = node.get("properties", {}).get(key) or node.get("additionalProperties") or node["items"]
        node = schema["$defs"][below["$ref"].rpartition("/")[2]] if "$ref" in below else below
    return ", ".join(sorted(node["properties"]))


class _Generator(GenerateJsonSchema):
    """Pydantic's, for people: no title that is made of a name, no null, and defaults as the file writes them."""

    def normalize_name(self, name: str) -> str:
        return super().normalize_name(name).strip("_")

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002 - upstream's signature
        return False

    def dataclass_schema(self, schema: core_schema.DataclassSchema) -> JsonSchemaValue:
        return {key: value for key, value in super().dataclass_schema(schema).items() if key != "title"}

    def get_default_value(self, schema: core_schema.WithDefaultSchema) -> Any:
        factory: Any = schema.get("default_factory")
        return factory() if factory else super().get_default_value(schema)

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        made = self.generate_inner(schema["schema"])
        default = self.get_default_value(schema)
        if default is None:
            return made
        return {**made, "default": {} if is_dataclass(default) else self._written(default, made)}

    def _written(self, default: object, made: JsonSchemaValue) -> object:
        target = self.get_schema_from_definitions(made["$ref"]) if "$ref" in made else made
        write = _WRITERS.get((target or {}).get("format", ""))
        return write(default) if write else to_jsonable_python(default, fallback=dict)

    def sort(self, value: JsonSchemaValue, parent_key: str | None = None) -> JsonSchemaValue:  # noqa: ARG002 - the same
        return value


def _tidy(node: Any) -> Any:
    """Return a schema with each description first and on one line, and the least length by its own name."""
    if isinstance(node, list):
        return [_tidy(item) for item in node]
    if not isinstance(node, dict):
        return node
    description = node.get("description")
    first = {"description": " ".join(description.split())} if isinstance(description, str) else {}
    # pydantic says minLength of all that a validator of ours has read
    renamed = {"minLength": _LEAST.get(str(node.get("type")), "minLength")}
    return {**first, **{renamed.get(key, key): _tidy(value) for key, value in node.items() if key not in first}}
