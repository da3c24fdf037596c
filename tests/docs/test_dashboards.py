"""The dashboards ask for what the hub tells, and for what the rules record."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from docs.make_reference import registered
from tests.docs.repository import ROOT, name_of

DASHBOARDS = sorted((ROOT / "chart" / "dashboards").glob("*.json"))
#: What Prometheus puts on every series, and what a histogram's buckets have.
EVERYWHERE = {"namespace", "le"}
SUFFIXES = {"histogram": ("_bucket", "_sum", "_count")}


def queryable() -> dict[str, set[str]]:
    """Return the labels of every name that can be queried of a hub, or of the rules."""
    metrics = [*registered("swish_"), *registered("jupyterhub_")]
    told = {m.name + end: set(m.labels) | EVERYWHERE for m in metrics for end in SUFFIXES.get(m.kind, ("",))}
    return told | recorded()


def recorded() -> dict[str, set[str]]:
    """Return the labels of every record of the chart's rules: those that it is aggregated by."""
    files = (ROOT / "chart" / "rules").glob("*.yaml")
    groups = [group for file in files for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]]
    expressions = {rule["record"]: rule["expr"] for group in groups for rule in group["rules"] if "record" in rule}
    by = {name: re.search(r"\bby \(([^)]*)\)", text) for name, text in expressions.items()}
    return {name: set(re.findall(r"\w+", found[1])) for name, found in by.items() if found}


def expressions(dashboard: dict[str, Any]) -> Iterator[str]:
    """Give every PromQL expression of a dashboard."""
    for panel in dashboard["panels"]:
        yield from (target["expr"] for target in panel.get("targets", []))


def mistakes(expression: str, known: dict[str, set[str]]) -> list[str]:
    """Return the metrics and labels of an expression that no hub has."""
    selectors = re.findall(r"([a-zA-Z_:][\w:]*)\{([^}]*)\}", expression)
    names = [name for name, _ in selectors]
    wrong = [name for name in names if name not in known] or ([] if names else [expression])
    labels = set().union(*(known.get(name, set()) for name in names))
    used = [label for _, matchers in selectors for label in re.findall(r"(\w+)\s*[=!]", matchers)]
    used += [label for group in re.findall(r"\bby \(([^)]*)\)", expression) for label in re.findall(r"\w+", group)]
    return wrong + [label for label in used if label not in labels]


@pytest.mark.parametrize("path", DASHBOARDS, ids=name_of)
def test_every_expression_asks_for_what_there_is(path: Path) -> None:
    """Each metric is in the reference or JupyterHub's, with the labels that the expression uses."""
    known = queryable()
    found = list(expressions(json.loads(path.read_text(encoding="utf-8"))))
    assert found
    assert [mistake for expression in found for mistake in mistakes(expression, known)] == []


@pytest.mark.parametrize("path", DASHBOARDS, ids=name_of)
def test_every_variable_asks_for_what_there_is(path: Path) -> None:
    """The choices above a dashboard are values of a label that its metric has."""
    known, dashboard = queryable(), json.loads(path.read_text(encoding="utf-8"))
    asked = [v["definition"] for v in dashboard["templating"]["list"] if v["type"] == "query"]
    pairs = [re.fullmatch(r"label_values\(([\w:]+), (\w+)\)", each) for each in asked]
    assert pairs
    assert all(pair and pair[2] in known[pair[1]] for pair in pairs)


@pytest.mark.parametrize("path", DASHBOARDS, ids=name_of)
def test_variables_are_there(path: Path) -> None:
    """Each `$name` of an expression is a variable of the dashboard, or Grafana's own."""
    dashboard = json.loads(path.read_text(encoding="utf-8"))
    variables = {variable["name"] for variable in dashboard["templating"]["list"]} | {"__range"}
    used = {name for expression in expressions(dashboard) for name in re.findall(r"\$(\w+)", expression)}
    assert used - variables == set()


@pytest.mark.parametrize("path", DASHBOARDS, ids=name_of)
def test_grafana_can_read_it(path: Path) -> None:
    """Its schema is Grafana 11's or newer; panels have their own ids, a data source to choose, and do not overlap."""
    dashboard = json.loads(path.read_text(encoding="utf-8"))
    assert dashboard["schemaVersion"] >= 39
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken = [(x, y) for p in panels for x in columns(p["gridPos"]) for y in rows(p["gridPos"])]
    assert len(set(taken)) == len(taken)
    assert max(x for x, _ in taken) < 24
    sources = {panel["datasource"]["uid"] for panel in panels if panel["type"] != "row"}
    assert sources == {"${datasource}"}


@pytest.mark.parametrize("path", DASHBOARDS, ids=name_of)
def test_every_panel_is_explained(path: Path) -> None:
    """What it shows is said beside its title."""
    panels = json.loads(path.read_text(encoding="utf-8"))["panels"]
    assert [panel["title"] for panel in panels if panel["type"] != "row" and not panel["description"]] == []


def columns(place: dict[str, int]) -> range:
    """The columns that a panel takes."""
    return range(place["x"], place["x"] + place["w"])


def rows(place: dict[str, int]) -> range:
    """The rows that a panel takes."""
    return range(place["y"], place["y"] + place["h"])


@pytest.mark.parametrize(
    ("expression", "wrong"),
    [
        ('sum(swish_launch_total{pool="x"})', []),
        ('sum(swish_launches_total{pool="x"})', ["swish_launches_total", "pool"]),
        ('sum by (colour) (swish_launch_total{pool="x"})', ["colour"]),
        ('rate(swish_launch_phase_seconds{phase="pull"}[5m])', ["swish_launch_phase_seconds", "phase"]),
        ('swish_launch_total{reason="x"}', ["reason"]),
        ('sum by (pod) (swish:environment_cpu_cores{container="x"})', []),
        ('sum by (image) (swish:environment_cpu_cores{container="x"})', ["image"]),
        ("up", ["up"]),
    ],
)
def test_a_mistake_is_found(expression: str, wrong: list[str]) -> None:
    """A metric or a label that is not there, and an expression without any metric of ours."""
    assert mistakes(expression, queryable()) == wrong
