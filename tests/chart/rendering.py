"""Runs the real Helm on the chart and hands back plain objects."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
CHART = ROOT / "chart"
EXAMPLES = CHART / "examples"
#: The values under which every rendering rule must hold.
VALUE_FILES = {
    "default": None,
    "every-option": EXAMPLES / "every-option.yaml",
    "production": EXAMPLES / "production.yaml",
}

Manifest = dict[str, Any]


def find_helm() -> str | None:
    """Return the helm to use: SWISH_HELM, then the one on PATH, then the pinned one; None if there is none."""
    found = os.environ.get("SWISH_HELM") or shutil.which("helm")
    if found:
        return found
    pinned = subprocess.run(
        [sys.executable, "-m", "local", "tool", "helm"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return pinned.stdout.strip().splitlines()[-1] if pinned.returncode == 0 and pinned.stdout.strip() else None


class Helm:
    """Helm on this chart, as release and namespace `swish`."""

    def __init__(self, program: str, home: Path) -> None:
        self.program = program
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(home)}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run helm and return what it said, whether or not it succeeded."""
        return subprocess.run(
            [self.program, *arguments], env=self.environment, capture_output=True, text=True, check=False
        )

    def template(self, values: Mapping[str, Any] | Path | None = None, *flags: str) -> list[Manifest]:
        """Return what the chart renders with these values over its defaults."""
        result = self.refusal_or_output(values, *flags)
        assert result.returncode == 0, result.stderr
        return [document for document in yaml.load_all(result.stdout, Loader=yaml.CSafeLoader) if document]

    def refusal(self, values: Mapping[str, Any]) -> str:
        """Return why the chart refuses these values."""
        result = self.refusal_or_output(values)
        assert result.returncode != 0, "the chart accepted these values"
        return result.stderr

    def refusal_or_output(
        self, values: Mapping[str, Any] | Path | None = None, *flags: str
    ) -> subprocess.CompletedProcess[str]:
        """Run `helm template` with these values."""
        if isinstance(values, Mapping):
            path = Path(self.environment["HOME"]) / "values.yaml"
            path.write_text(yaml.safe_dump(dict(values)))
        else:
            path = values or CHART / "values.yaml"
        return self.run("template", "swish", str(CHART), "--namespace", "swish", "--values", str(path), *flags)


def one(manifests: list[Manifest], kind: str, name: str) -> Manifest:
    """Return the one object of this kind and name."""
    (found,) = (m for m in manifests if m["kind"] == kind and m["metadata"]["name"] == name)
    return found


def pod_templates(manifests: list[Manifest]) -> Iterator[Manifest]:
    """Give the pod template of every object that makes pods."""
    for manifest in manifests:
        if "template" in manifest.get("spec", {}):
            yield manifest["spec"]["template"]


def containers(manifests: list[Manifest]) -> Iterator[Manifest]:
    """Give every container, init containers too, of every pod template."""
    for template in pod_templates(manifests):
        yield from template["spec"].get("initContainers", [])
        yield from template["spec"]["containers"]


def hub_values(manifests: list[Manifest]) -> dict[str, Any]:
    """Return config.yaml, which the hub reads."""
    data: dict[str, Any] = yaml.safe_load(one(manifests, "ConfigMap", "hub")["data"]["config.yaml"])
    return data
