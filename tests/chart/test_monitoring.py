"""What the chart makes for Prometheus and Grafana."""

from __future__ import annotations

import json
from typing import Any

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
