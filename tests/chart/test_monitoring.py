"""What the chart makes for Prometheus and Grafana."""

from __future__ import annotations

import json
import re
import subprocess
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


RULES = CHART / "rules" / "swish.yaml"


def alerts() -> dict[str, dict[str, Any]]:
    """Return every alert by its name."""
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}


def test_rules_are_what_the_chart_makes(helm: Helm) -> None:
    """As they are in the file, which another Prometheus reads."""
    labels = {"release": "prometheus"}
    made = one(helm.template(monitoring(rules={"enabled": True, "labels": labels})), "PrometheusRule", "swish")
    assert labels.items() <= made["metadata"]["labels"].items()
    assert made["spec"] == yaml.safe_load(RULES.read_text())


@pytest.mark.claim("sweeper-alerts")
def test_each_alert_fires_by_what_it_is_for() -> None:
    """By promtool, and each of them has such a test."""
    cases = CHART.parent / "tests" / "chart" / "rules" / "swish_test.yaml"
    tested = {
        case["alertname"]
        for test in yaml.safe_load(cases.read_text())["tests"]
        for case in test["alert_rule_test"]
        if case["exp_alerts"]
    }
    assert tested == alerts().keys()
    done = subprocess.run(["promtool", "test", "rules", cases], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_has_its_runbook() -> None:
    """A heading of the page that it names, and no heading is of none."""
    page = CHART.parent / "docs" / "how-to" / "alerts.md"
    headings = re.findall(r"(?m)^## (\w+)$", page.read_text())
    assert headings == list(alerts())
    for name, rule in alerts().items():
        assert rule["annotations"]["runbook"] == f"docs/how-to/alerts.md#{name.lower()}"


def test_alerts_are_of_metrics_that_there_are() -> None:
    """A name that nobody tells Prometheus would never fire."""
    told = (CHART.parent / "docs" / "reference" / "metrics.md").read_text()
    for name, rule in alerts().items():
        metrics = re.findall(r"swish_[a-z_]+", rule["expr"])
        assert metrics, name
        assert all(f"`{metric.removesuffix('_bucket')}`" in told for metric in metrics), name
