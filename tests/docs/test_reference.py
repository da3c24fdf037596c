"""The reference pages are what the schemas say."""

import re

import pytest

from docs import make_reference
from tests.docs.repository import ROOT

PAGES = make_reference.pages()


@pytest.mark.parametrize("path", PAGES)
def test_page_is_in_sync(path: str):
    """A reference page is exactly what `make reference` makes of the schema."""
    assert (ROOT / path).read_text(encoding="utf-8") == PAGES[path], "run `make reference`"


@pytest.mark.parametrize("source", ["swish_spawner/policy.schema.yaml", "chart/values.schema.yaml"])
def test_every_field_is_described(source: str):
    """Each field of a schema has a description that is a sentence."""
    schema = make_reference.read(source)
    rows = list(make_reference.rows("", schema, schema))
    assert rows
    bare = [row.path for row in rows if not row.meaning.endswith(".") and not row.path.endswith(("NAME", "[]"))]
    assert bare == []


def test_reference_is_followed():
    """A field behind a `$ref` is shown with the rules that it refers to, and keeps its own description."""
    schema = {
        "$defs": {"size": {"type": "string", "format": "memory", "description": "Theirs."}},
        "properties": {"disk": {"$ref": "#/$defs/size", "description": "Ours."}},
        "required": ["disk"],
    }
    (row,) = make_reference.rows("", schema, schema)
    assert row.markdown() == "| `disk` | memory | required | Ours. |"


def test_nested_fields_are_named_by_their_path():
    """Named fields, any name and list items each show in the path."""
    leaf = {"type": "object", "properties": {"after": {"type": "string"}}}
    schema = {"properties": {"idle": {"additionalProperties": {"type": "array", "items": leaf}}}}
    paths = [row.path for row in make_reference.rows("", schema, schema)]
    assert paths == ["idle", "idle.NAME", "idle.NAME[]", "idle.NAME[].after"]


def test_defaults_come_from_the_values_file():
    """Where a file of defaults is given, its value is shown at its path, false and null included."""
    fields = {"on": {"type": "boolean"}, "port": {"type": ["integer", "null"]}, "none": {"type": "string"}}
    schema = {"properties": {"web": {"properties": fields}}}
    rows = make_reference.rows("", schema, schema, {"web": {"on": False, "port": None}})
    assert {row.path: row.default for row in rows} == {"web": "", "web.on": "false", "web.port": "null", "web.none": ""}


def test_the_charts_own_keys_are_on_the_page_of_labels():
    """Each label that a template of the chart spells, and each kind of object of the gateway."""
    page = (ROOT / "docs/reference/labels.md").read_text(encoding="utf-8")
    templates = [path.read_text(encoding="utf-8") for path in (ROOT / "chart" / "templates").rglob("*.yaml")]
    keys = {key for text in templates for key in re.findall(r"\bswish\.io/[\w-]+(?=:)", text)}
    assert "swish.io/ssh-keys" in keys
    gateway = [text for text in templates if "swish.ssh-gateway.name" in text]
    kinds = {kind for text in gateway for kind in re.findall(r"^kind: (\w+)$", text, re.MULTILINE)}
    assert {name for name in keys | kinds if name not in page} == set()
