"""Nothing heavy comes back into what JupyterLab, the hub and the web service import before they answer."""

import json
from collections.abc import Callable, Iterator, Sequence

import pytest
import yaml

from benchmarks.imports import BUDGETS, POD, Run, cost, idle_pod, modules
from benchmarks.launch_site import plan_of
from tests.e2e.install import Install

by_program = pytest.mark.parametrize("program", BUDGETS)


@pytest.fixture(scope="module")
def runs(install: Install) -> Iterator[dict[str, Run]]:
    """How to run a command in the container of each program; JupyterLab's is an environment in which nothing runs."""

    def inside(*where: str) -> Callable[[Sequence[str]], str]:
        return lambda command: install.kubectl("exec", *where, "--", *command)

    config = yaml.safe_load(install.get("configmap", "hub")["data"]["config.yaml"])
    install.kubectl("delete", "pod", POD, "--ignore-not-found", "--now")
    pod = idle_pod(config["images"]["references"][plan_of().image.image])
    install.kubectl("create", "--filename=-", stdin=json.dumps(pod))
    try:
        install.kubectl("wait", f"pod/{POD}", "--for=condition=Ready", "--timeout=120s")
        yield {
            "JupyterLab": inside(f"pod/{POD}"),
            "hub": inside("deployment/hub", "--container=hub"),
            "web service": inside("deployment/web", "--container=web"),
        }
    finally:
        install.kubectl("delete", "pod", POD, "--now")


@by_program
def test_what_is_imported_is_within_its_budget(runs: dict[str, Run], program: str):
    """In processor time, as a multiple of what bare Python takes in the same container at the same time."""
    budget = BUDGETS[program]
    seconds, bare = cost(runs[program], budget.code, times=3)
    assert seconds / bare <= budget.ratio, f"{seconds:.2f} s, and bare Python {bare * 1000:.0f} ms"


@by_program
def test_what_it_has_no_use_for_is_not_loaded(runs: dict[str, Run], program: str):
    """By name, whatever it would cost."""
    budget = BUDGETS[program]
    loaded = set(modules(runs[program], budget.code)["loaded"])
    assert "traitlets" in loaded
    assert loaded & budget.never == set()
