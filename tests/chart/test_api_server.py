"""The real Helm against a real API server: what an upgrade leaves alone, what is let in, and who may do what.

Skipped where the local cluster's binaries are not in the cache: to build them takes minutes.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks.control_plane import control_plane
from local import keys
from local.contexts import Target
from local.settings import read_local_settings
from local.shell import Shell
from local.tools import Toolbox
from tests.chart.rendering import CHART, ROOT, Helm
from tests.e2e import api

POLICY = ROOT / "hub_config" / "policy.yaml"
SSH = {"enabled": True, "allow_cidrs": ["192.0.2.0/24", "2001:db8::/32"], "gateway": "ssh.example.org"}
#: As the control plane's kubeconfig calls it.
CONTEXT = "bench"
NAMESPACES = ("swish", "swish-imaging")
LINE = base64.b64encode(b"ssh-ed25519 AAAA somebody's").decode()


@dataclass(frozen=True)
class Release:
    """The chart in an API server, with a team that has a namespace of its own, and a gateway.

    Attributes:
        helm: it installs.
        kubectl: what a person would type.
        kubeconfig: of an administrator.
        values: a file.
    """

    helm: Helm
    kubectl: str
    kubeconfig: str
    values: Path

    def run(self, *argv: str, text: str = "") -> str:
        """Run a command that must succeed, and return what it said."""
        environment = {**self.helm.environment, "KUBECONFIG": self.kubeconfig}
        done = subprocess.run(argv, env=environment, input=text, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def change(self, verb: str, *flags: str) -> None:
        """Install or upgrade."""
        self.run(
            self.helm.program, verb, "swish", str(CHART), "--namespace=swish", f"--values={self.values}", *flags
        )  # fmt: skip

    def uninstall(self) -> None:
        """Take the release away."""
        self.run(self.helm.program, "uninstall", "swish", "--namespace=swish")

    def read(self, kind: str, name: str, namespace: str = "swish") -> dict[str, Any]:
        """Return an object."""
        found: dict[str, Any] = api.get(api.client_of(self.kubeconfig, CONTEXT), namespace, kind, name)
        return found

    def may(self, account: str, verb: str, what: str, namespace: str) -> bool:
        """Say whether one of the chart's accounts may do something."""
        who = f"--as=system:serviceaccount:swish:{account}"
        argv = [self.kubectl, "auth", "can-i", verb, what, f"--namespace={namespace}", who]
        environment = {**self.helm.environment, "KUBECONFIG": self.kubeconfig}
        done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
        return done.stdout.strip() == "yes"

    def held(self) -> list[Any]:
        """Return what people and gateway would miss."""
        found = [self.read("secret", "ssh-keys-a", namespace).get("data") for namespace in NAMESPACES]
        return [*found, self.read("secret", "ssh-gateway")["data"], self.read("secret", "hub")["data"]]


@pytest.fixture(scope="module")
def release(helm: Helm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Release]:
    """The chart, installed once; somebody has a key."""
    folder = tmp_path_factory.mktemp("release")
    tools = Toolbox(read_local_settings(os.environ).cache, Shell(folder / "log"))
    needed = ("kubectl", "kube-apiserver", "kube-scheduler", "etcd", "kwok")
    if not all(tools.ready(tools.group_of(name)) for name in needed):
        pytest.skip("the API server and its tools are not in the cache; `make up` builds them")
    policy = yaml.safe_load(POLICY.read_text()) | {"ssh": {**SSH, "gateway_cidrs": ["10.1.0.0/16"]}}
    policy["teams"]["imaging"]["namespace"] = "swish-imaging"
    (folder / "values.yaml").write_text(yaml.safe_dump({"policy": policy}))
    with asyncio.Runner() as runner:
        plane = control_plane()
        running = runner.run(plane.__aenter__())
        made = Release(helm, str(tools.path("kubectl")), str(running.kubeconfig()), folder / "values.yaml")
        try:
            _install(made)
            yield made
        finally:
            runner.run(plane.__aexit__(None, None, None))


def _install(made: Release) -> None:
    made.run(made.kubectl, "create", "namespace", "swish")
    made.run(made.kubectl, "label", "namespace", "swish", "pod-security.kubernetes.io/enforce=restricted")
    made.change("install")
    for namespace in NAMESPACES:
        secret = made.read("secret", "ssh-keys-a", namespace)
        made.run(made.kubectl, "replace", "--filename=-", text=json.dumps(secret | {"data": {"me": LINE}}))


@pytest.mark.parametrize("flags", [[], ["--server-side=true"], ["--server-side=true", "--force-conflicts"]])
def test_an_upgrade_leaves_keys_alone(release: Release, flags: list[str]) -> None:
    """People's, the gateway's and the hub's are as before, though other things change."""
    before = release.held()
    release.change("upgrade", "--set-string=images.tag=2", *flags)
    assert before[0] == before[1] == {"me": LINE}
    assert release.held() == before


@pytest.mark.claim("uninstall-keeps-keys")
def test_an_install_after_an_uninstall_goes_on(release: Release) -> None:
    """It takes over what the uninstall kept."""
    before = release.held()
    release.uninstall()
    assert release.held() == before
    release.change("install")
    assert release.held() == before


def test_a_new_cluster_gets_the_old_ones_keys(release: Release, tmp_path: Path) -> None:
    """Kept by the local cluster's `down`, and made again before Helm installs over them."""
    before = release.held()
    cluster = Target("other", CONTEXT, Path(release.kubeconfig))
    keys.keep(cluster, tmp_path / "keys" / "hub.json")
    release.uninstall()
    for namespace in NAMESPACES:
        release.run(release.kubectl, "delete", "secrets", "--all", f"--namespace={namespace}")
    keys.restore(cluster, tmp_path / "keys" / "hub.json")
    release.change("install")
    assert release.held() == before


@pytest.mark.parametrize("name", ["hub", "proxy", "web", "ssh-gateway"])
def test_the_api_server_lets_its_pods_in(release: Release, name: str) -> None:
    """The namespace takes `restricted` pods alone."""
    template = release.read("deployment", name)["spec"]["template"]
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"try-{name}"}, "spec": template["spec"]}
    release.run(
        release.kubectl, "create", "--dry-run=server", "--namespace=swish", "--filename=-", text=json.dumps(pod)
    )


@pytest.mark.claim("hub-role")
@pytest.mark.parametrize(
    ("account", "verb", "what", "allowed"),
    [
        ("web", "get", "secret/ssh-keys-a", True),
        ("web", "update", "secret/ssh-keys-f", True),
        ("web", "get", "secret/hub", False),
        ("web", "get", "secret/ssh-gateway", False),
        ("web", "list", "secrets", False),
        ("web", "create", "secrets", False),
        ("web", "delete", "pods", False),
        ("web", "watch", "pods", True),
        ("hub", "create", "secrets", True),
        ("hub", "get", "secret/ssh-keys-a", False),
        ("hub", "list", "secrets", False),
        ("hub", "delete", "services", True),
    ],
)
def test_what_the_accounts_may_do(release: Release, account: str, verb: str, what: str, allowed: bool) -> None:
    """As the API server itself says, at home and in the team's namespace alike."""
    assert [release.may(account, verb, what, namespace) for namespace in NAMESPACES] == [allowed, allowed]
