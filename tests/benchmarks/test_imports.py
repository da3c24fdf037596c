"""What imports cost is measured as it is said, and the page says what was measured."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from benchmarks.import_page import page
from benchmarks.imports import BUDGETS, PYTHON, RESULTS, cost, idle_pod, modules

RESULT: dict[str, Any] = {
    "when": "2026-01-02",
    "command": "python -m benchmarks.imports",
    "processor": "Abacus",
    "cores": 2,
    "programs": {
        "JupyterLab": {"seconds": 0.5, "bare": 0.01, "count": 900, "modules": [["slow", 0.25, 0.125]]},
        "hub": {"seconds": 1.5, "bare": 0.01, "count": 1900, "modules": []},
    },
}


def here(command: Sequence[str]) -> str:
    """Run a command of the images' Python with this one."""
    assert command[0] == PYTHON
    return subprocess.run([sys.executable, *command[1:]], capture_output=True, text=True, check=True).stdout


def test_code_costs_more_than_bare_python():
    """In processor time, of which waiting is none."""
    seconds, bare = cost(here, "import time; sum(range(10**7)); time.sleep(0.01)", times=1)
    assert 0 < bare < seconds


def test_modules_are_told_with_what_they_import_and_alone():
    """All that they import is part of them; each is loaded."""
    found = modules(here, "import email.mime.text")
    whole, alone = found["modules"]["email.mime.text"]
    assert 0 <= alone < whole
    assert "email.mime.nonmultipart" in found["modules"]
    assert {"email.mime.text", "sys"} <= set(found["loaded"])


def test_an_idle_environment_is_as_restricted_as_the_others():
    """Or the namespace would refuse it."""
    spec = idle_pod("x:1")["spec"]
    (container,) = spec["containers"]
    assert (spec["securityContext"]["runAsNonRoot"], container["image"]) == (True, "x:1")
    assert container["resources"]["limits"] == container["resources"]["requests"]


def test_the_page_says_what_was_measured():
    """Each program with its ratio, and the slowest modules of JupyterLab."""
    text = page(RESULT)
    assert "| JupyterLab | 0.50 s | 10 ms | 50 | 900 |" in text
    assert "| hub | 1.50 s | 10 ms | 150 | 1900 |" in text
    assert "| `slow` | 250 ms | 125 ms |" in text
    assert "On 2026-01-02, with\n`python -m benchmarks.imports`: Abacus, 2 cores." in text


def test_what_was_measured_is_within_the_budgets():
    """The results that are kept, as the page shows them."""
    programs = json.loads(RESULTS.read_text())["programs"]
    assert programs.keys() == BUDGETS.keys()
    for name, budget in BUDGETS.items():
        assert programs[name]["seconds"] / programs[name]["bare"] <= budget.ratio, name
