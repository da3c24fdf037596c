"""What JupyterLab, the hub and the web service import before they answer, and what that costs in processor time.

python -m benchmarks.imports

It needs the cluster that `make up` made. The results go into docs/topics/jupyterlab-start.md with
`python -m benchmarks.imports --page`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import yaml

from benchmarks.control_plane import ETC
from benchmarks.import_page import write_page
from benchmarks.launch_site import plan_of
from benchmarks.launches import installation
from benchmarks.processes import find_tool
from benchmarks.run import circumstances, write

#: Runs a command in a container, and returns what it printed.
Run = Callable[[Sequence[str]], str]


class Kubectl(Protocol):
    """Calls kubectl in an installation's namespace, and returns what it printed."""

    def __call__(self, *words: str, stdin: str | None = None) -> str:
        """Take kubectl's words, and a text for its standard input."""
        ...


SCRIPT: Final = ETC / "import_cost.py"
PYTHON: Final = "/opt/swish/bin/python3"
#: Where the server's own start is.
LAUNCHER: Final = "/opt/swish/bin/jupyterhub-singleuser"
RESULTS: Final = Path(__file__).parent / "import_results.json"
#: The pod in which nothing runs.
POD: Final = "bench-imports"
#: So many modules of each program are written down, those that take longest.
MODULES: Final = 20
_TIMES: Final = 7


@dataclass(frozen=True)
class Budget:
    """What one program may cost to import.

    Attributes:
        code: imports what the program imports before it answers.
        ratio: the most processor time, as a multiple of bare Python's.
        never: modules that it must not load, since it has no use for them.
    """

    code: str
    ratio: float
    never: frozenset[str]


_HUB_ONLY: Final = frozenset({"sqlalchemy", "alembic", "jupyterhub.orm", "jupyterhub.handlers", "kubespawner"})
_PARSER: Final = frozenset({"rfc3987_syntax", "lark"})
BUDGETS: Final[Mapping[str, Budget]] = {
    "JupyterLab": Budget(
        f"import runpy; runpy.run_path({LAUNCHER!r})['prepare']()\n"
        "import jupyterhub.singleuser, jupyterlab.labapp, jupyter_lsp, jupyter_server_terminals",
        105,
        _HUB_ONLY | _PARSER | {"IPython", "ipykernel", "nbconvert.exporters"},
    ),
    "hub": Budget("import jupyterhub.app, swish_spawner.hub", 205, _PARSER | {"jupyter_server"}),
    "web service": Budget("import swish_spawner.services.web.__main__", 190, _PARSER | {"jupyter_server"}),
}


def cost(run: Run, code: str, times: int = _TIMES) -> tuple[float, float]:
    """Return the processor time of some code, and that of bare Python there, in seconds; the least of so many."""
    found = json.loads(run([PYTHON, "-c", SCRIPT.read_text(), code, str(times)]))
    return found["seconds"], found["bare"]


def modules(run: Run, code: str) -> dict[str, Any]:
    """Return what some code imports there: ``modules``, each with its seconds, and ``loaded``, all that is there."""
    found: dict[str, Any] = json.loads(run([PYTHON, "-c", SCRIPT.read_text(), code]))
    return found


def kubectl() -> Kubectl:
    """Return how to call kubectl on the installation that is up.

    Raises:
        SystemExit: none is.
    """
    found = installation()
    place = (
        f"--kubeconfig={found['kubeconfig']}",
        f"--context={found['context']}",
        f"--namespace={found['namespace']}",
    )
    command = [find_tool("kubectl"), *place]

    def call(*words: str, stdin: str | None = None) -> str:
        return subprocess.run([*command, *words], input=stdin, capture_output=True, text=True, check=True).stdout

    return call


@contextlib.contextmanager
def containers(call: Kubectl) -> Iterator[dict[str, Run]]:
    """Have a container of each program until the block ends: those of an installation, and an idle environment.

    Args:
        call: kubectl, in the installation's namespace.
    """

    def inside(*where: str) -> Run:
        return lambda command: call("exec", *where, "--", *command)

    config = yaml.safe_load(json.loads(call("get", "configmap", "hub", "--output=json"))["data"]["config.yaml"])
    call("apply", "--filename=-", stdin=json.dumps(idle_pod(config["images"]["references"][plan_of().image.image])))
    try:
        call("wait", f"pod/{POD}", "--for=condition=Ready", "--timeout=120s")
        yield {
            "JupyterLab": inside(f"pod/{POD}"),
            "hub": inside("deployment/hub", "--container=hub"),
            "web service": inside("deployment/web", "--container=web"),
        }
    finally:
        call("delete", "pod", POD, "--ignore-not-found", "--now")


def idle_pod(image: str, name: str = POD) -> dict[str, Any]:
    """Return a pod like an environment of an image, in which nothing runs; it is as restricted as they all are."""
    resources = {"cpu": "500m", "memory": "512Mi"}
    container = {
        "name": "notebook",
        "image": image,
        "command": ["sleep", "infinity"],
        "resources": {"requests": resources, "limits": resources},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    security = {"runAsNonRoot": True, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}}
    spec = {"containers": [container], "securityContext": security, "terminationGracePeriodSeconds": 0}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}


def measure() -> dict[str, Any]:
    """Return what `benchmarks.import_page` reads."""
    programs = {}
    with containers(kubectl()) as runs:
        for name, budget in BUDGETS.items():
            seconds, bare = cost(runs[name], budget.code)
            found = modules(runs[name], budget.code)["modules"]
            slowest = sorted(found.items(), key=lambda row: row[1], reverse=True)[:MODULES]
            programs[name] = {
                "seconds": seconds,
                "bare": bare,
                "count": len(found),
                "modules": [[module, *(round(one, 4) for one in row)] for module, row in slowest],
            }
            print(
                f"{name}: {seconds:.2f} s, {seconds / bare:.0f} times bare Python; at most {budget.ratio:g}", flush=True
            )
    return {**circumstances("python -m benchmarks.imports"), "programs": programs}


def main() -> None:
    """Measure, or write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.imports", description=__doc__.splitlines()[0])
    parser.add_argument("--page", action="store_true", help="write the documentation's page from the results")
    if parser.parse_args().page:
        write_page(RESULTS)
    else:
        write(measure(), RESULTS)
        print(f"{RESULTS.name} is as measured now; --page renews the page that shows it.")


if __name__ == "__main__":
    main()
