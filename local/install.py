"""Installing the chart into a cluster, and bringing its address to this machine."""

from __future__ import annotations

import base64
import contextlib
import json
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from local import api, daemons, keys
from local.content import content_key
from local.contexts import Kube, forward_argv
from local.daemons import Daemon
from local.errors import CommandError, LocalError
from local.images import Image
from local.settings import ETC, NAMESPACE, RELEASE, REPO
from local.shell import Shell

CHART = REPO / "chart"
_ENVIRONMENTS = "component=singleuser-server"
_DEPLOYMENTS = frozenset({"hub", "proxy", "web"})


@dataclass(frozen=True)
class Installation:
    """Swish in one cluster.

    Args:
        kube: Commands for the cluster.
        shell: Runs them.
        place: Folder for what is remembered about it.
        keys: File to keep the release's secrets in over the cluster's end; None where the cluster outlives `down`.
        own: Values files for clusters of this kind; the person's own win.
    """

    kube: Kube
    shell: Shell
    place: Path
    keys: Path | None = None
    own: tuple[Path, ...] = ()

    @property
    def record(self) -> Path:
        """What was installed last, as JSON: key, release and address."""
        return self.place / "installed.json"

    def remembered(self) -> dict[str, object]:
        """Read what was installed last; empty when nothing was."""
        try:
            return dict(json.loads(self.record.read_text()))
        except (OSError, ValueError):
            return {}

    def remember(self, **facts: object) -> None:
        """Write down what was installed, whole or not at all."""
        self.place.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = self.record.with_suffix(".partial")
        partial.write_text(json.dumps({**self.remembered(), **facts}, indent=1) + "\n")
        partial.replace(self.record)

    def install(self, images: Iterable[Image], values: tuple[Path, ...]) -> bool:
        """Make sure that this checkout's chart is installed with these images and values.

        Args:
            images: The project's images, all in the cluster or its registry.
            values: Additional values files, later ones win.

        Returns:
            Whether anything was done.

        Raises:
            CommandError: Helm failed.
        """
        references = {image.name: image.reference for image in images}
        values = (*self.own, *values)
        key = installed_key(references, values)
        known = self.remembered()
        if known.get("key") == key and self._deployed() and known.get("release") == self._release():
            return False
        # From here until it is done nobody knows what is installed.
        self.remember(key=None)
        self.shell.run(self.kube.kubectl("apply", "--filename", str(ETC / "namespace.yaml")))
        if self.keys:
            keys.restore(self.kube.target, self.keys)
        self._forget_interrupted()
        generated = self.place / "values.yaml"
        self.place.mkdir(parents=True, exist_ok=True, mode=0o700)
        generated.write_text(yaml.safe_dump({"images": {"references": references}}))
        try:
            self.shell.run(upgrade_argv(self.kube, generated, values))
        except CommandError:
            # What stands in the way is in the pods' events, not in Helm's words.
            self.shell.ok(self.kube.kubectl("describe", "pods"))
            self.shell.ok(self.kube.kubectl("logs", "--selector=app.kubernetes.io/name=swish", "--tail=50", "--prefix"))
            raise
        self.keep_keys()
        self.remember(key=key, release=self._release())
        return True

    def _deployed(self) -> bool:
        path = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments"
        with contextlib.suppress(LocalError):
            return _names(api.get(self.kube.target, path, seconds=api.SOON)) >= _DEPLOYMENTS
        return False

    def _release(self) -> str:
        """Return which revision Helm has in the cluster; whoever else upgrades the release makes another one."""
        selector = f"owner=helm,name={RELEASE},status=deployed"
        return " ".join(sorted(_names(api.get(self.kube.target, f"{api.HERE}/secrets", selector=selector))))

    def _forget_interrupted(self) -> None:
        """Let go of what a helm that was killed holds; the release as it was before stays, and so does all it made."""
        with contextlib.suppress(LocalError, ValueError):
            pending = json.loads(self.shell.read(self.kube.helm("list", "--pending", "--output=json")))
            for release in pending:
                name = f"sh.helm.release.v1.{release['name']}.v{release['revision']}"
                self.shell.run(self.kube.kubectl("delete", "secret", name))

    def keep_keys(self) -> bool:
        """Write down what the next cluster needs to go on: the keys of databases, and people's own public keys.

        Returns:
            Whether there was any.

        Raises:
            LocalError: The cluster does not answer.
        """
        return keys.keep(self.kube.target, self.keys) if self.keys else False

    def forward(self, port: int, direct: bool) -> str:
        """Make sure that the hub's address is reachable from this machine.

        Args:
            port: Loopback port.
            direct: Whether this machine reaches Services itself, as the local cluster's does.

        Returns:
            The address, with a slash at its end.

        Raises:
            LocalError: The forwarder did not start.
        """
        service = api.get(self.kube.target, f"{api.HERE}/services/proxy-public")
        outside = external_host(service)
        base = self._base_url()
        if outside:
            daemons.stop("forwarder", self.place / "run")
            self.remember(url=f"http://{outside}{base}")
            return f"http://{outside}{base}"
        argv = forward_argv(port, service["spec"]["clusterIP"]) if direct else self.kube.port_forward(port)
        daemons.ensure(Daemon("forwarder", tuple(argv), self.place / "run", self.place / "logs"))
        self.remember(url=f"http://localhost:{port}{base}")
        return f"http://localhost:{port}{base}"

    def _base_url(self) -> str:
        config = self.read_config()
        urls = config.get("urls")
        return str(urls.get("base", "/")) if isinstance(urls, dict) else "/"

    def read_config(self) -> dict[str, object]:
        """Read the hub's values as the chart rendered them."""
        found = api.get(self.kube.target, f"{api.HERE}/configmaps/hub", seconds=api.SOON)
        return dict(yaml.safe_load(found["data"]["config.yaml"]))

    def read_secrets(self) -> dict[str, str]:
        """Read the hub's generated passwords and tokens, by name."""
        found = api.get(self.kube.target, f"{api.HERE}/secrets/hub", seconds=api.SOON)
        return {name: base64.b64decode(value).decode() for name, value in found["data"].items()}

    def uninstall(self, *, everything: bool) -> None:
        """Remove Swish from the cluster: the release, running environments and the forwarder.

        Args:
            everything: Delete users' volumes, the database and the secrets too, with the namespace.
        """
        daemons.stop("forwarder", self.place / "run")
        self.shell.run(self.kube.helm("uninstall", RELEASE, "--ignore-not-found", "--wait", "--timeout=5m"))
        # The hub made these, so Helm knows nothing of them.
        self.shell.run(self.kube.kubectl("delete", "pods", f"--selector={_ENVIRONMENTS}", "--ignore-not-found"))
        if everything:
            self.shell.run(self.kube.kubectl("delete", "namespace", "swish", "--ignore-not-found"))
        self.record.unlink(missing_ok=True)


def installed_key(references: dict[str, str], values: tuple[Path, ...], repo: Path = REPO) -> str:
    """Hash everything that an installation depends on: chart, hub configuration, policy, images, values."""
    texts = [path.read_text() for path in values]
    sources = [repo / "chart", repo / "hub_config", repo / "local" / "etc" / "namespace.yaml"]
    return content_key(repo, sources, json.dumps(references, sort_keys=True), *texts)


def upgrade_argv(kube: Kube, generated: Path, values: tuple[Path, ...]) -> list[str]:
    """Give the command that installs or upgrades the release and waits until it runs.

    Args:
        kube: The cluster.
        generated: Our values file; the person's own come after it and win.
        values: The person's own.
    """
    files = [word for path in (generated, *values) for word in ("--values", str(path))]
    words = ("upgrade", "--install", RELEASE, str(CHART), "--create-namespace", "--wait", "--timeout=6m", *files)
    return kube.helm(*words)


def _names(found: dict[str, Any]) -> set[str]:
    return {item["metadata"]["name"] for item in found["items"]}


def external_host(service: dict[str, dict[str, dict[str, list[dict[str, str]]]]]) -> str | None:
    """Find the address that a load balancer gave a Service; None when it has none."""
    for ingress in service.get("status", {}).get("loadBalancer", {}).get("ingress", []):
        return ingress.get("hostname") or ingress.get("ip")
    return None


def complaint(url: str, seconds: float = 3) -> str:
    """Return what is wrong with the hub at its address, in a line; nothing when it answers."""
    try:
        with urllib.request.urlopen(f"{url}hub/api", timeout=seconds) as reply:  # noqa: S310 - our own http address
            return "" if "version" in json.load(reply) else "what answers there is no hub"
    except (OSError, ValueError) as error:
        return f"{type(error).__name__}: {error}"
