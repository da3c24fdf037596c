"""What the chart makes for Prometheus and Grafana."""

from __future__ import annotations

import json
import re
import shutil
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
    assert not components & {"monitoring", "prometheus", "alertmanager", "kube-state-metrics"}


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
    "kube_pod_status_phase",
}
CA = "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt"
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


@pytest.fixture(scope="module")
def stack(helm: Helm) -> list[Manifest]:
    """The chart with monitoring of its own."""
    return helm.template(monitoring(stack={"enabled": True}))


def prometheus(stack: list[Manifest]) -> dict[str, Any]:
    """Return Prometheus' configuration."""
    loaded: dict[str, Any] = yaml.safe_load(one(stack, "ConfigMap", "prometheus")["data"]["prometheus.yaml"])
    return loaded


def jobs(stack: list[Manifest]) -> dict[str, dict[str, Any]]:
    """Return what Prometheus reads, by its name."""
    return {job["job_name"]: job for job in prometheus(stack)["scrape_configs"]}


def test_prometheus_takes_its_configuration(stack: list[Manifest], tmp_path: Path) -> None:
    """By promtool, together with the rules; Debian's knows no Kubernetes, and that of 12 one line less."""
    for name, text in one(stack, "ConfigMap", "prometheus")["data"].items():
        (tmp_path / name).write_text(text)
    config = tmp_path / "prometheus.yaml"
    text = config.read_text().replace("/etc/prometheus/rules-", f"{tmp_path}/rules-")
    assert "track_timestamps_staleness: true" in text
    text = re.sub(r"(?m)^ *(track_timestamps_staleness: true|kubernetes_sd_configs: .*)$", "", text)
    # files that are in the pod alone
    config.write_text(re.sub(r"\w+_file: /(etc|var)/[^\s}]+", "type: Bearer", text))
    done = subprocess.run(["promtool", "check", "config", config], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"SUCCESS: {len(FILES)} rule files found" in done.stdout


def test_prometheus_reads_what_there_is(stack: list[Manifest]) -> None:
    """Each target is a Service of the release at one of its ports."""
    services = {m["metadata"]["name"]: m["spec"]["ports"] for m in stack if m["kind"] == "Service"}
    targets = [
        target
        for job in [*jobs(stack).values(), *prometheus(stack)["alerting"]["alertmanagers"]]
        for static in job.get("static_configs", ())
        for target in static["targets"]
        if not target.startswith("localhost:")
    ]
    assert len(targets) == len({"hub", "web", "kube-state-metrics", "alertmanager"})
    for target in targets:
        host, _, port = target.partition(":")
        assert int(port) in [one["port"] for one in services[host.removesuffix(".swish.svc")]]


def test_containers_are_read_of_the_namespaces_that_environments_run_in(helm: Helm) -> None:
    """By Prometheus and by kube-state-metrics, which has a Role in each."""
    policy = yaml.safe_load((CHART.parent / "hub_config" / "policy.yaml").read_text())
    policy["teams"]["imaging"]["namespace"] = "swish-imaging"
    made = helm.template({**monitoring(stack={"enabled": True}), "policy": policy})
    keep = jobs(made)["containers"]["metric_relabel_configs"][0]
    assert keep == {"action": "keep", "source_labels": ["namespace"], "regex": "swish|swish-imaging"}
    (container,) = one(made, "Deployment", "kube-state-metrics")["spec"]["template"]["spec"]["containers"]
    assert "--namespaces=swish,swish-imaging" in container["args"]
    roles = {
        m["metadata"]["namespace"]
        for m in made
        if m["metadata"]["name"] == "kube-state-metrics" and m["kind"] == "Role"
    }
    assert roles == {"swish", "swish-imaging"}


def test_what_is_kept_of_containers_is_what_rules_ask_for(stack: list[Manifest]) -> None:
    """A metric that is dropped is in no rule."""
    keep = re.compile(jobs(stack)["containers"]["metric_relabel_configs"][1]["regex"])
    assert [name for name in THEIRS if name.startswith("container_") and not keep.fullmatch(name)] == []


@pytest.mark.parametrize(("value", "checked"), [(False, {"insecure_skip_verify": True}), (True, {"ca_file": CA})])
def test_kubelets_certificates_are_checked_where_they_can_be(helm: Helm, value: bool, checked: dict[str, Any]) -> None:
    """Those that sign their own cannot."""
    made = helm.template(monitoring(stack={"enabled": True, "prometheus": {"kubeletCertificates": value}}))
    assert jobs(made)["containers"]["tls_config"] == checked


@pytest.mark.parametrize("secret", ["", "mine"])
def test_alertmanagers_configuration_can_be_a_secret(helm: Helm, secret: str) -> None:
    """Then no other is made."""
    made = helm.template(monitoring(stack={"enabled": True, "alertmanager": {"existingSecret": secret}}))
    volumes = one(made, "Deployment", "alertmanager")["spec"]["template"]["spec"]["volumes"]
    (source,) = volumes[0]["projected"]["sources"]
    assert next(iter(source)) == ("secret" if secret else "configMap")
    kinds = {m["kind"] for m in made if m["metadata"]["name"] == "alertmanager"}
    assert ("ConfigMap" in kinds) == (not secret)


def test_prometheus_begins_anew_when_a_rule_changes(helm: Helm, tmp_path: Path) -> None:
    """It reads them once."""
    copied = shutil.copytree(CHART, tmp_path / "chart")

    def checksum() -> str:
        done = helm.run("template", "swish", str(copied), "--set", "monitoring.stack.enabled=true")
        made = one(list(yaml.safe_load_all(done.stdout)), "Deployment", "prometheus")
        annotations: dict[str, str] = made["spec"]["template"]["metadata"]["annotations"]
        return annotations["checksum/config"]

    before = checksum()
    with (copied / "rules" / "swish.yaml").open("a") as rules_file:
        rules_file.write("# changed\n")
    assert checksum() != before


@pytest.mark.parametrize("component", ["hub", "web"])
def test_prometheus_is_let_in(stack: list[Manifest], component: str) -> None:
    """By the NetworkPolicy of what it reads."""
    rules_in = one(stack, "NetworkPolicy", component)["spec"]["ingress"]
    components = [
        peer["podSelector"]["matchLabels"]["app.kubernetes.io/component"]
        for rule in rules_in
        for peer in rule["from"]
        if "app.kubernetes.io/component" in peer["podSelector"]["matchLabels"]
    ]
    assert "prometheus" in components


@pytest.mark.parametrize("path", sorted((CHART / "dashboards").glob("*.json")), ids=lambda path: path.stem)
def test_dashboards_ask_in_promql(path: Path, tmp_path: Path) -> None:
    """By promtool, with Grafana's variables filled in."""
    values = {"$namespace": ".*", "$pool": ".*", "$image": ".*", "$team": ".*", "$window": "1h", "$__range": "1h"}
    asked = [target["expr"] for panel in json.loads(path.read_text())["panels"] for target in panel.get("targets", [])]
    filled = [re.sub(r"\$\w+", lambda found: values[found[0]], text) for text in asked]
    records = [{"record": f"asked:{number}", "expr": text} for number, text in enumerate(filled)]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": [{"name": "asked", "rules": records}]}))
    done = subprocess.run(
        ["promtool", "check", "rules", tmp_path / "rules.yaml"], capture_output=True, text=True, check=False
    )
    assert f"{len(asked)} rules found" in done.stdout, done.stdout + done.stderr
