"""Another policy: put in force as an administrator does, by Helm, and taken back when all is done.

python -m tests.e2e.policy FOLDER    take back what was put in force with this folder
"""

import fcntl
import functools
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from benchmarks.processes import free_port
from tests.e2e.install import LOCAL, Install, install, wait_until
from tests.e2e.servers import administrator

REPO = Path(__file__).resolve().parents[2]
SHIPPED = REPO / "hub_config" / "policy.yaml"
#: What the tests add to the shipped policy: a protected pool and a team with a namespace, choices that cannot start,
#: and ssh.
ADDITIONS = [REPO / "tests" / "data" / f"policy-{name}.yaml" for name in ("e2e", "trouble", "ssh")]
#: Images of the tests' own registry, which has none of them to give.
REFUSED_IMAGES = ("untagged", "private", "foreign")
BEFORE = "before.yaml"
#: A server that is asked for and refused, to see by which policy.
NOWHERE = "e2e-nowhere"
#: Every environment needs a Secret of this name while the changed policy is in force.
KEYS = "e2e-keys"
NEEDS_KEYS = {"KubeSpawner": {"extra_container_config": {"envFrom": [{"secretRef": {"name": KEYS}}]}}}


@dataclass(frozen=True)
class Changed:
    """What came of the change.

    Attributes:
        restarted: whether the hub's pod was another one after the new policy had come into force.
        namespaces: those that the additions give to teams, by team.
        registry_port: where the registry is that some images are said to be in.
    """

    restarted: bool
    namespaces: Mapping[str, str]
    registry_port: int


def read_yaml(path: Path) -> dict[str, Any]:
    """Return what a YAML file holds."""
    document: dict[str, Any] = yaml.safe_load(path.read_text())
    return document


def with_more(base: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Return a mapping with another's entries added, at every depth."""
    both = {key: with_more(base[key], more[key]) for key in base.keys() & more.keys() if isinstance(more[key], Mapping)}
    return {**base, **more, **both}


def additions(registry_host: str) -> dict[str, Any]:
    """Return all that the tests add, with images of a registry."""
    images = {name: {"title": name.title(), "image": f"{registry_host}/{name}:1"} for name in REFUSED_IMAGES}
    return functools.reduce(with_more, map(read_yaml, ADDITIONS), {"images": images})


def put_in_force(install: Install, folder: Path) -> Changed:
    """Have the running hub decide by the shipped policy and the tests' additions.

    First the policy changes, which no running hub is restarted for, then the hub's configuration.

    Args:
        install: the installation.
        folder: what is needed to take it back is written there.
    """
    port = free_port()
    added = additions(f"localhost:{port}")
    namespaces = {name: team["namespace"] for name, team in added["teams"].items() if "namespace" in team}
    before = helm(install, "get", "values", "swish", "--output=yaml")
    (folder / BEFORE).write_text(before)
    # as text: Helm sorts a mapping, and the first image is the usual one
    policy = yaml.safe_dump(with_more(read_yaml(SHIPPED), added), sort_keys=False)
    values = {**(yaml.safe_load(before) or {}), "policy": policy}
    # as an interrupted run left them
    delete_namespaces(install, namespaces.values())
    restarted = _change(install, folder / "values.yaml", values, next(iter(added["pools"])))
    for namespace in (install.namespace, *namespaces.values()):
        make_keys(install, namespace)
    configured = with_more(values, {"hub": {"config": NEEDS_KEYS}})
    upgrade(install, folder / "configured.yaml", yaml.safe_dump(configured, sort_keys=False))
    # that the new hub is ready is not yet that the way to it leads there
    wait_until("the new hub answers", lambda: knows_pool(install, next(iter(added["pools"]))), within_seconds=60)
    wait_until("the new web service answers", lambda: web_answers(install), within_seconds=60)
    return Changed(restarted, namespaces, port)


def _change(install: Install, path: Path, values: Mapping[str, Any], pool: str) -> bool:
    """Put a policy in force, and say whether the hub was restarted for it."""
    old = hub_uid(install)
    upgrade(install, path, yaml.safe_dump(values, sort_keys=False))
    look_at_volumes(install, "deployment/hub", "deployment/web")
    wait_until("the hub has read the new policy", lambda: knows_pool(install, pool), within_seconds=180)
    return hub_uid(install) != old


def in_force_once(install: Install, folder: Path) -> Changed:
    """Put it in force if nobody has yet, of several processes that may be at it; nobody of them takes it back."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        place = folder / "changed.json"
        if not place.exists():
            place.write_text(json.dumps(asdict(put_in_force(install, folder))))
        return Changed(**json.loads(place.read_text()))


def take_back(install: Install, folder: Path) -> None:
    """Have the hub decide as before; a cluster that this run booted goes with the run, and nothing is taken back."""
    before = folder / BEFORE
    if os.environ.get("SWISH_E2E_BOOTED") or not before.exists():
        return
    added = additions("none")
    upgrade(install, folder / "again.yaml", before.read_text())
    delete_namespaces(install, [team["namespace"] for team in added["teams"].values() if "namespace" in team])
    install.kubectl("delete", "secret", KEYS, "--ignore-not-found")
    # nothing answers for a namespace that is gone, and the hub gives up watching it
    install.kubectl("rollout", "restart", "deployment/hub")
    install.kubectl("rollout", "status", "deployment/hub", "--timeout=120s")
    pool = next(iter(added["pools"]))
    wait_until("the hub has the policy of before", lambda: knows_pool(install, pool) is False, within_seconds=180)


def make_keys(install: Install, namespace: str) -> None:
    """Make the Secret that every environment needs."""
    keys = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": KEYS, "namespace": namespace}}
    install.kubectl("apply", f"--namespace={namespace}", "--filename=-", stdin=json.dumps(keys))


def hub_uid(install: Install) -> str:
    """Return the uid of the one hub pod."""
    (hub,) = [pod for pod in install.get("pods")["items"] if pod["metadata"]["name"].startswith("hub-")]
    return str(hub["metadata"]["uid"])


def look_at_volumes(install: Install, *workloads: str) -> None:
    """Have the kubelet bring changed Secrets and ConfigMaps at once: it looks at a pod when the pod itself changes.

    Without it they come with the kubelet's period, on the local cluster ten seconds.
    """
    for workload in workloads:
        kind, _, name = workload.partition("/")
        pods = [f"pod/{name}"] if kind == "pod" else pods_of(install, name)
        install.kubectl("annotate", "--overwrite", *pods, f"swish-e2e/looked-at={os.urandom(6).hex()}")


def pods_of(install: Install, deployment: str) -> list[str]:
    """Return the pods of a Deployment, as kubectl names them."""
    names = install.kubectl("get", "pods", "--output=name").split()
    return [name for name in names if name.startswith(f"pod/{deployment}-")]


def delete_namespaces(install: Install, names: Any) -> None:
    """Delete namespaces with all that is in them, and wait until they are gone."""
    if names := list(names):
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


def web_answers(install: Install) -> bool:
    """Say whether the proxy reaches the web service; that it is ready is not yet that the way to it leads there."""
    try:
        return httpx.get(f"{install.hub_url}services/swish/api/keys", timeout=30).status_code < 500
    except httpx.HTTPError:
        return False


def knows_pool(install: Install, pool: str) -> bool | None:
    """Say whether a pool is in the policy in force, by what a refusal offers instead; None while the hub is away."""
    asked = {"user_options": {"team": "imaging", "pool": "no-such"}}
    try:
        with administrator(install) as hub:
            answer = hub.post(f"users/{install.username}/servers/{NOWHERE}", json=asked)
    except httpx.HTTPError:
        return None
    return pool in answer.json()["message"] if answer.status_code == 403 else None


if __name__ == "__main__":
    take_back(install(), Path(sys.argv[1]))
