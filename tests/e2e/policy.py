"""Another policy for a while: put in force as an administrator does, by Helm, and taken back afterwards."""

import functools
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.e2e.install import LOCAL, Install, wait_until

REPO = Path(__file__).resolve().parents[2]
SHIPPED = REPO / "hub_config" / "policy.yaml"


def read_yaml(path: Path) -> dict[str, Any]:
    """Return what a YAML file holds."""
    document: dict[str, Any] = yaml.safe_load(path.read_text())
    return document


def with_more(base: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Return a mapping with another's entries added, at every depth."""
    both = {key: with_more(base[key], more[key]) for key in base.keys() & more.keys() if isinstance(more[key], Mapping)}
    return {**base, **more, **both}


@contextmanager
def in_force(
    install: Install, additions: Mapping[str, Any], folder: Path, hub_config: Mapping[str, Any] | None = None
) -> Iterator[None]:
    """Have the running hub decide by the shipped policy and these additions, and then by the one before again.

    Namespaces that the additions give to teams are made with it, and deleted with all that is in them. What is in
    `hub_config` is added to the chart's value `hub.config`.
    """
    pool = next(iter(additions["pools"]))
    namespaces = [team["namespace"] for team in additions["teams"].values() if "namespace" in team]
    before = helm(install, "get", "values", "swish", "--output=yaml")
    values = {**(yaml.safe_load(before) or {}), "policy": with_more(read_yaml(SHIPPED), additions)}
    values = with_more(values, {"hub": {"config": hub_config}} if hub_config else {})
    # as an interrupted run left them
    delete_namespaces(install, namespaces)
    try:
        upgrade(install, folder / "values.yaml", yaml.safe_dump(values))
        wait_until("the hub has read the new policy", lambda: knows_pool(install, pool), within_seconds=180)
        yield
    finally:
        upgrade(install, folder / "before.yaml", before)
        delete_namespaces(install, namespaces)
        # nothing answers for a namespace that is gone, and the hub gives up watching it
        install.kubectl("rollout", "restart", "deployment/hub")
        install.kubectl("rollout", "status", "deployment/hub", "--timeout=120s")
        wait_until("the hub has the policy of before", lambda: knows_pool(install, pool) is False, within_seconds=180)


def delete_namespaces(install: Install, names: list[str]) -> None:
    """Delete namespaces with all that is in them, and wait until they are gone."""
    if names:
        install.kubectl("delete", "namespace", "--ignore-not-found", *names)


def upgrade(install: Install, path: Path, values: str) -> None:
    """Upgrade the release with exactly these values."""
    path.write_text(values)
    chart = str(REPO / "chart")
    helm(install, "upgrade", "swish", chart, "--reset-values", f"--values={path}", "--wait", "--timeout=3m")


def helm(install: Install, *arguments: str) -> str:
    """Return what Helm prints.

    Raises:
        AssertionError: it failed; the text is what it said.
    """
    places = (f"--kubeconfig={install.kubeconfig}", f"--kube-context={install.context}")
    command = [helm_path(), *places, f"--namespace={install.namespace}", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"helm {' '.join(arguments)}: {done.stderr}"
    return done.stdout


@functools.cache
def helm_path() -> str:
    """Return the Helm that `make up` used."""
    done = subprocess.run([*LOCAL, "tool", "helm"], capture_output=True, text=True, check=True)
    return done.stdout.strip().splitlines()[-1]


def knows_pool(install: Install, pool: str) -> bool | None:
    """Say whether a pool is in the policy in force, by what a refusal offers instead; None while the hub is away."""
    place = f"{install.hub_url}hub/api/users/{install.username}/servers/e2e-nowhere"
    headers = {"Authorization": f"token {install.admin_token}"}
    try:
        answer = httpx.post(place, headers=headers, json={"user_options": {"team": "imaging", "pool": "no-such"}})
    except httpx.HTTPError:
        return None
    return pool in answer.json()["message"] if answer.status_code == 403 else None
