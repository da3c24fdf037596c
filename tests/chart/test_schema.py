"""One schema checks the values, documents them and is compared with the defaults."""

from __future__ import annotations

import json
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.chart.rendering import CHART, EXAMPLES, Helm

SCHEMA: dict[str, Any] = yaml.safe_load((CHART / "values.schema.yaml").read_text())
VALUES: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text())


def properties(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Give every property below this schema with its dotted path."""
    for name, child in schema.get("properties", {}).items():
        yield f"{path}{name}", child
        yield from properties(child, f"{path}{name}.")


def leaves(schema: dict[str, Any]) -> list[str]:
    """Return the dotted paths of the values that a person sets: those without properties of their own."""
    return [path for path, child in properties(schema) if "properties" not in child]


def at(values: Any, path: str) -> Any:
    """Return the value at a dotted path."""
    for key in path.split("."):
        values = values[key]
    return values


def test_helm_checks_the_schema_that_people_read() -> None:
    """values.schema.json is what make_schema.py makes of values.schema.yaml."""
    written = (CHART / "values.schema.json").read_text()
    assert written == runpy.run_path(str(CHART / "make_schema.py"))["schema_json"]()
    assert json.loads(written) == SCHEMA


@pytest.mark.parametrize("path", [path for path, _ in properties(SCHEMA)])
def test_every_value_is_described(path: str) -> None:
    """A value has a type and a sentence, which the reference page prints."""
    child = dict(properties(SCHEMA))[path]
    assert child["type"]
    assert child["description"].endswith(".")


@pytest.mark.parametrize("path", ["", *(path for path, child in properties(SCHEMA) if "properties" in child)])
def test_every_section_is_closed(path: str) -> None:
    """A section with named values takes no others."""
    section = dict(properties(SCHEMA)).get(path, SCHEMA)
    assert section["additionalProperties"] is False


@pytest.mark.parametrize("path", ["", *(path for path, child in properties(SCHEMA) if "properties" in child)])
def test_defaults_and_schema_name_the_same_values(path: str) -> None:
    """values.yaml and the schema have the same keys in every section."""
    section = dict(properties(SCHEMA)).get(path, SCHEMA)
    assert set(at(VALUES, path) if path else VALUES) == set(section["properties"])


@pytest.mark.parametrize("path", leaves(SCHEMA))
def test_the_every_option_example_sets_every_value(path: str) -> None:
    """chart/examples/every-option.yaml gives each value something else than its default; two switches must stay on."""
    example = at(yaml.safe_load((EXAMPLES / "every-option.yaml").read_text()), path)
    assert path in ("networkPolicy.enabled", "hub.capacity.nodes") or example != at(VALUES, path)


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"hubb": {}}, "hubb"),
        ({"hub": {"replicas": 2}}, "replicas"),
        ({"hub": {"db": {"pvc": {"size": "1Gi"}}}}, "size"),
        ({"proxy": {"service": {"ports": 80}}}, "ports"),
        ({"images": {"hub": "mine"}}, "hub"),
        ({"proxy": {"service": {"type": "ExternalName"}}}, "type"),
        ({"production": "yes"}, "production"),
    ],
)
def test_a_wrong_value_is_refused_by_name(helm: Helm, values: dict[str, Any], named: str) -> None:
    """Helm refuses a misspelt, unknown or mistyped value and says which it is."""
    assert named in helm.refusal(values)


def test_lint(helm: Helm, values_file: Path | None) -> None:
    """`helm lint --strict` has no complaint with the default values and with each example."""
    flags = ["--values", str(values_file)] if values_file else []
    result = helm.run("lint", "--strict", str(CHART), *flags)
    assert result.returncode == 0, result.stdout + result.stderr
