"""What the chart makes for Prometheus and Grafana."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.chart.rendering import CHART, Helm, Manifest, one


def monitoring(**values: Any) -> dict[str, Any]:
    """Values of the monitoring section, by part."""
    return {"monitoring": values}


def test_nothing_is_made_unasked(default: list[Manifest]) -> None:
    """The definitions of the Prometheus Operator may not be there."""
    components = {manifest["metadata"]["labels"]["app.kubernetes.io/component"] for manifest in default}
    assert "monitoring" not in components


def test_dashboards_are_found_by_grafanas_sidecar(helm: Helm) -> None:
    """A ConfigMap with its label holds every dashboard as it is in the chart."""
    made = one(helm.template(monitoring(dashboards={"enabled": True})), "ConfigMap", "swish-dashboards")
    assert made["metadata"]["labels"]["grafana_dashboard"] == "1"
    files = {f"swish-{path.name}": json.loads(path.read_text()) for path in (CHART / "dashboards").glob("*.json")}
    assert {name: json.loads(text) for name, text in made["data"].items()} == files


def test_prometheus_finds_the_hub(helm: Helm) -> None:
    """By the labels of its Service, the name of its port, and its address below the base URL."""
    manifests = helm.template({**monitoring(serviceMonitor={"enabled": True}), "hub": {"baseUrl": "/dev"}})
    spec = one(manifests, "ServiceMonitor", "hub")["spec"]
    (endpoint,) = spec["endpoints"]
    service = one(manifests, "Service", "hub")
    assert spec["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert endpoint["port"] in [port["name"] for port in service["spec"]["ports"]]
    assert (endpoint["path"], endpoint["interval"]) == ("/dev/hub/metrics", "30s")


def test_prometheus_has_a_token_of_its_own(helm: Helm) -> None:
    """From the Secret in force, where no other key is read for it."""
    for values in ({}, {"existingSecret": "mine"}):
        manifests = helm.template({**monitoring(serviceMonitor={"enabled": True}), **values})
        (endpoint,) = one(manifests, "ServiceMonitor", "hub")["spec"]["endpoints"]
        secret = values.get("existingSecret", "hub")
        assert endpoint["authorization"] == {"credentials": {"name": secret, "key": "metrics-token"}}


def test_prometheus_may_choose_by_labels(helm: Helm) -> None:
    """Most select their ServiceMonitors by the release that installed them."""
    labels = {"release": "prometheus"}
    manifests = helm.template(monitoring(serviceMonitor={"enabled": True, "labels": labels}))
    assert labels.items() <= one(manifests, "ServiceMonitor", "hub")["metadata"]["labels"].items()


#: What other programs tell Prometheus, and rules ask for: the kubelet, and kube-state-metrics.
THEIRS = {
    "container_cpu_usage_seconds_total",
    "container_memory_total_active_file_bytes",
    "container_memory_working_set_bytes",
    "container_spec_memory_limit_bytes",
    "kube_pod_labels",
}
FILES = sorted((CHART / "rules").glob("*.yaml"))


def groups() -> list[dict[str, Any]]:
    """Return every group of rules, file by file."""
    return [group for file in FILES for group in yaml.safe_load(file.read_text())["groups"]]


def rules(kind: str) -> dict[str, dict[str, Any]]:
    """Return every alert, or every record, by its name."""
    return {rule[kind]: rule for group in groups() for rule in group["rules"] if kind in rule}


def test_rules_are_what_the_chart_makes(helm: Helm) -> None:
    """As they are in the file, which another Prometheus reads."""
    labels = {"release": "prometheus"}
    made = one(helm.template(monitoring(rules={"enabled": True, "labels": labels})), "PrometheusRule", "swish")
    assert labels.items() <= made["metadata"]["labels"].items()
    assert made["spec"]["groups"] == groups()


@pytest.mark.claim("sweeper-alerts")
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_rules_say_what_they_are_for(file: Path) -> None:
    """By promtool: each alert of a file fires in a test of it."""
    cases = CHART.parent / "tests" / "chart" / "rules" / f"{file.stem}_test.yaml"
    tested = {
        case["alertname"]
        for test in yaml.safe_load(cases.read_text())["tests"]
        for case in test.get("alert_rule_test", ())
        if case["exp_alerts"]
    }
    here = (rule for group in yaml.safe_load(file.read_text())["groups"] for rule in group["rules"])
    assert tested == {rule["alert"] for rule in here if "alert" in rule}
    done = subprocess.run(["promtool", "test", "rules", cases], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_has_its_runbook() -> None:
    """A heading of the page that it names, and no heading is of none."""
    page = CHART.parent / "docs" / "how-to" / "alerts.md"
    headings = re.findall(r"(?m)^## (\w+)$", page.read_text())
    assert headings == list(rules("alert"))
    for name, rule in rules("alert").items():
        assert rule["annotations"]["runbook"] == f"docs/how-to/alerts.md#{name.lower()}"


def test_each_record_is_on_the_page() -> None:
    """Whoever asks Prometheus by hand finds what there is."""
    page = (CHART.parent / "docs" / "topics" / "monitoring.md").read_text()
    assert [name for name in rules("record") if f"`{name}`" not in page] == []


def test_rules_are_of_metrics_that_there_are() -> None:
    """A name that nobody tells Prometheus would never fire."""
    told = (CHART.parent / "docs" / "reference" / "metrics.md").read_text()
    for name, rule in (rules("alert") | rules("record")).items():
        metrics = set(re.findall(r"\b(?:swish|container|kube)[_:][a-z_]+", rule["expr"])) - rules("record").keys()
        unknown = {metric for metric in metrics if f"`{metric.removesuffix('_bucket')}`" not in told}
        assert unknown <= THEIRS, name
        assert metrics or "swish:" in rule["expr"], name
