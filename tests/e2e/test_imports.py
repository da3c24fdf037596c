"""Nothing heavy comes back into what JupyterLab, the hub and the web service import before they answer."""

from collections.abc import Iterator

import pytest

from benchmarks.imports import BUDGETS, Run, containers, cost, modules
from tests.e2e.install import Install

by_program = pytest.mark.parametrize("program", BUDGETS)


@pytest.fixture(scope="module")
def runs(install: Install) -> Iterator[dict[str, Run]]:
    """How to run a command in the container of each program; JupyterLab's is an environment in which nothing runs."""
    with containers(install.kubectl) as runs:
        yield runs


@by_program
def test_what_is_imported_is_within_its_budget(runs: dict[str, Run], program: str):
    """In processor time, as a multiple of what bare Python takes in the same container at the same time."""
    budget = BUDGETS[program]
    seconds, bare = cost(runs[program], budget.code, times=2)
    assert seconds / bare <= budget.ratio, f"{seconds:.2f} s, and bare Python {bare * 1000:.0f} ms"


@by_program
def test_what_it_has_no_use_for_is_not_loaded(runs: dict[str, Run], program: str):
    """By name, whatever it would cost."""
    budget = BUDGETS[program]
    loaded = set(modules(runs[program], budget.code)["loaded"])
    assert "traitlets" in loaded
    assert loaded & budget.never == set()
