"""The chart's tests run the real Helm; they need no cluster."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chart.rendering import VALUE_FILES, Helm, Manifest, find_helm


@pytest.fixture(scope="session")
def helm(tmp_path_factory: pytest.TempPathFactory) -> Helm:
    """Helm, with a home of its own."""
    program = find_helm()
    if program is None:
        pytest.skip("no helm: put one on PATH, name it in SWISH_HELM, or let `make chart` build the pinned one")
    return Helm(program, tmp_path_factory.mktemp("helm"))


@pytest.fixture(scope="session")
def default(helm: Helm) -> list[Manifest]:
    """What the chart renders with its defaults."""
    return helm.template()


@pytest.fixture(scope="session", params=VALUE_FILES)
def values_file(request: pytest.FixtureRequest) -> Path | None:
    """Each of the values files in turn; None is the defaults."""
    path: Path | None = VALUE_FILES[request.param]
    return path


@pytest.fixture(scope="session")
def rendered(helm: Helm, values_file: Path | None) -> list[Manifest]:
    """What the chart renders with each of the values files in turn."""
    return helm.template(values_file)
