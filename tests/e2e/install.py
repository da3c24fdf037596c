"""The installation under test, as `status` describes it, and patience that ends."""

import functools
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from local.settings import read_local_settings
from local.shell import Shell
from local.tools import Toolbox
from tests.e2e import api

T = TypeVar("T")
LOCAL = (sys.executable, "-m", "local")


@dataclass(frozen=True)
class Install:
    """A running Swish: where it is, and who may log in. What is secret is not shown in a failing test's output."""

    hub_url: str
    kubeconfig: str
    context: str
    namespace: str
    username: str
    password: str = field(repr=False)
    admin_username: str
    admin_password: str = field(repr=False)
    admin_token: str = field(repr=False)

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """Return what kubectl prints, in the installation's namespace.

        Raises:
            AssertionError: kubectl failed; the text is what it said.
        """
        command = [kubectl_path(), f"--kubeconfig={self.kubeconfig}", f"--context={self.context}"]
        done = subprocess.run(
            [*command, f"--namespace={self.namespace}", *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def get(self, kind: str, *words: str) -> Any:
        """Return what is in the cluster, as plain data; of a kind as kubectl calls it, by a name or a selector."""
        return api.get(api.client_of(self.kubeconfig, self.context), self.namespace, kind, *words)

    def find(self, kind: str, name: str) -> Any:
        """Return an object as plain data, or None if it is not there."""
        return api.find(api.client_of(self.kubeconfig, self.context), self.namespace, kind, name)

    def environment_pods(self, user: str, server: str) -> list[dict[str, Any]]:
        """Return the pods of one environment that are not on their way out."""
        pods = self.get("pods", "--selector=component=singleuser-server")["items"]
        wanted = {"hub.jupyter.org/username": user, "hub.jupyter.org/servername": server}
        return [
            pod
            for pod in pods
            if wanted.items() <= pod["metadata"].get("annotations", {}).items()
            and "deletionTimestamp" not in pod["metadata"]
        ]

    def environment_pod(self, user: str, server: str) -> dict[str, Any]:
        """Return the one pod of an environment."""
        (pod,) = self.environment_pods(user, server)
        return pod


@functools.cache
def kubectl_path() -> str:
    """Return the kubectl that `make up` used, or the machine's own where that one was never built."""
    tools = Toolbox(read_local_settings(os.environ).cache, Shell(Path(os.devnull)))
    ours = tools.path("kubectl")
    return str(ours) if ours.exists() or not shutil.which("kubectl") else "kubectl"


def status() -> dict[str, Any]:
    """Return the JSON object that `make -s status` prints.

    Raises:
        AssertionError: it printed something else.
    """
    done = subprocess.run([*LOCAL, "status"], capture_output=True, text=True, check=False)
    try:
        found: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise AssertionError(f"status printed no JSON object: {done.stdout!r} {done.stderr!r}") from None
    assert (done.returncode == 0) == (found["state"] == "up"), f"exit code {done.returncode} with {found['state']}"
    return found


def install(found: Mapping[str, Any] | None = None) -> Install:
    """Return the installation that is up, by what `status` has said, or says now."""
    found = found or status()
    assert found["state"] == "up", f"not up: {found.get('problems')}"
    return Install(**{name: found[name] for name in Install.__dataclass_fields__})


def wait_until(
    what: str, look: Callable[[], T | None], *, within_seconds: float = 120, every_seconds: float = 0.2
) -> T:
    """Return the first true answer of `look`.

    Raises:
        AssertionError: there was none in time; the last answer is shown.
    """
    end = time.monotonic() + within_seconds
    while True:
        answer = look()
        if answer:
            return answer
        assert time.monotonic() < end, f"{what}: not within {within_seconds:.0f} s; last seen {answer!r}"
        time.sleep(every_seconds)
