"""Booting the local cluster: containerd, kubelet, kubeadm, storage. Any step may be repeated after any interruption."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from local import api, daemons
from local.content import content_key
from local.contexts import Target
from local.daemons import Daemon
from local.errors import CommandError, LocalError
from local.images import Image
from local.paths import State
from local.settings import ETC, LOCAL_CONTEXT
from local.shell import Shell
from local.store import ctr_argv
from local.tools import Toolbox

_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#: Held by whoever changes the record of what was imported.
_IMPORTED = Lock()
#: Where a pod's spec and status name images.
_WITH_IMAGES = (
    *("containers", "initContainers", "ephemeralContainers"),
    *("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"),
)


@dataclass(frozen=True)
class LocalCluster:
    """The local cluster.

    Args:
        state: Its places.
        tools: Its binaries, all built.
        shell: Runs commands.
    """

    state: State
    tools: Toolbox
    shell: Shell

    def daemon(self, name: str, argv: Iterable[str]) -> bool:
        """Make sure that a daemon runs, with the tools on its PATH and nothing of this terminal's environment."""
        folders = [str(self.tools.folder(self.tools.groups[group])) for group in ("containerd", "kubernetes")]
        env = {"PATH": ":".join([*folders, _SYSTEM_PATH]), "HOME": "/root"}
        return daemons.ensure(Daemon(name, tuple(argv), self.state.run, self.state.logs), env)

    def start_containerd(self) -> bool:
        """Make sure that containerd runs and answers; returns whether it had to be started."""
        argv = [str(self.tools.path("containerd")), "--config", str(self.state.containerd_config)]
        started = self.daemon("containerd", argv)
        log = self.state.logs / "containerd.log"
        daemons.wait_for(lambda: self.shell.ok(self.ctr("version")), 60, f"containerd did not answer (see {log})")
        return started

    def start_kubelet(self) -> bool:
        """Make sure that the kubelet runs, or waits for kubeadm; returns whether it had to be started."""
        script = self.state.root / "etc" / "kubelet.sh"
        return self.daemon("kubelet", ["/bin/sh", str(script), str(self.tools.path("kubelet"))])

    def ctr(self, *words: str) -> list[str]:
        """Give a command for containerd, in the namespace that Kubernetes uses."""
        return [*ctr_argv(self.state, self.tools.path("ctr")), *words]

    def kubectl(self, *words: str) -> list[str]:
        """Give a command for the cluster."""
        return [str(self.tools.path("kubectl")), f"--kubeconfig={self.state.kubeconfig}", *words]

    def absent(self, images: Iterable[Image]) -> list[Image]:
        """List those images that containerd does not have as they are now."""
        there = set(self.shell.run(self.ctr("images", "ls", "-q")).split())
        known = self._imported()
        return [image for image in images if image.reference not in there or known.get(image.reference) != image.key]

    def import_image(self, reference: str, key: str, archive: Path) -> None:
        """Give containerd an image from its archive; several threads may do so at once."""
        self.shell.run(self.ctr("images", "import", str(archive)))
        with _IMPORTED:
            known = {**self._imported(), reference: key}
            partial = self.state.imported.with_suffix(".partial")
            partial.write_text(json.dumps(known, indent=1) + "\n")
            partial.replace(self.state.imported)

    def forget_images(self, wanted: Iterable[Image]) -> list[str]:
        """Remove earlier builds of these images that no pod uses.

        Args:
            wanted: Those of this checkout.

        Returns:
            What was removed.
        """
        listing = self.shell.run(self.ctr("images", "ls"))
        pods = api.get(Target("local", LOCAL_CONTEXT, self.state.kubeconfig), "/api/v1/pods")["items"]
        used = {name for pod in pods for name in images_of(pod)}
        unused = unused_images(listing, {image.reference for image in wanted}, used)
        for reference in unused:
            self.shell.ok(self.ctr("images", "rm", reference))
        return unused

    def _imported(self) -> dict[str, str]:
        try:
            return dict(json.loads(self.state.imported.read_text()))
        except (OSError, ValueError):
            return {}

    @property
    def booted(self) -> bool:
        """Whether kubeadm has ended well here."""
        return self.state.booted.exists() and self.state.kubeconfig.exists()

    @property
    def half_booted(self) -> bool:
        """Whether a run was ended in the middle of kubeadm: what it left cannot be trusted."""
        return not self.booted and any(
            path.exists() for path in (self.state.host.kubernetes / "pki", self.state.root / "etcd")
        )

    def boot(self) -> None:
        """Make the cluster with kubeadm: certificates, control plane, CoreDNS and kube-proxy, and a kubeconfig.

        Raises:
            CommandError: kubeadm failed.
        """
        config = str(self.state.kubeadm_config)
        argv = [str(self.tools.path("kubeadm")), "init", f"--config={config}"]
        env = {"PATH": f"{self.tools.path('kubeadm').parent}:{_SYSTEM_PATH}"}
        # The join token would stand in the log, and nobody joins.
        self.shell.run([*argv, "--skip-token-print", "--skip-certificate-key-print"], env=env)
        admin = self.state.host.kubernetes / "admin.conf"
        partial = self.state.root / "kubeconfig.partial"
        partial.touch(mode=0o600)
        partial.write_text(admin.read_text())
        rename = ["config", "rename-context", f"kubernetes-admin@{LOCAL_CONTEXT}", LOCAL_CONTEXT]
        self.shell.run([str(self.tools.path("kubectl")), f"--kubeconfig={partial}", *rename])
        partial.replace(self.state.kubeconfig)
        self._write_booted({"made_of": self._made_of()})

    def wait_api(self, seconds: float = 120) -> None:
        """Wait until the API server is ready.

        Raises:
            LocalError: It was not in time.
        """
        command = self.kubectl("get", "--raw=/readyz", "--request-timeout=5s")
        hint = f"The API server did not answer (see {self.state.logs}; `make down` and `make up` start afresh)"
        daemons.wait_for(lambda: self.shell.ok(command), seconds, hint)

    def apply_storage(self) -> bool:
        """Make sure that the default StorageClass and its provisioner are there; returns whether anything changed."""
        key = content_key(ETC, [ETC / "storage.yaml"])
        if self._booted().get("storage") == key:
            return False
        self.shell.run(self.kubectl("apply", "-f", str(self.state.root / "etc" / "storage.yaml")))
        self._write_booted({**self._booted(), "storage": key})
        return True

    def wait_ready(self) -> None:
        """Wait until the node is ready and the cluster's own Deployments are available.

        Raises:
            LocalError: They were not within three minutes.
        """
        # kubeadm asks for two, each with a tenth of a core that a single node's environments can have
        self.shell.run(self.kubectl("scale", "-n=kube-system", "deployment/coredns", "--replicas=1"))
        waits = (
            self.kubectl("wait", "--for=condition=Ready", f"node/{LOCAL_CONTEXT}", "--timeout=90s"),
            self.kubectl("rollout", "status", "-n=kube-system", "daemonset/kube-proxy", "--timeout=90s"),
            self.kubectl("rollout", "status", "-n=kube-system", "deployment/coredns", "--timeout=90s"),
            self.kubectl("rollout", "status", "-n=swish-storage", "deployment/local-path-provisioner", "--timeout=90s"),
        )
        for argv in waits:
            try:
                self.shell.run(argv)
            except CommandError as failure:
                with contextlib.suppress(LocalError):
                    self.shell.run(self.kubectl("get", "pods,events", "-A"))
                raise LocalError(f"The cluster did not become ready:\n{failure}") from failure

    def outdated(self) -> bool:
        """Whether the cluster was made with other versions or settings than this checkout's."""
        return self._booted().get("made_of") != self._made_of()

    def _made_of(self) -> dict[str, str]:
        keys = {group.name: group.key for group in self.tools.groups.values() if group.cluster}
        return {**keys, "settings": content_key(ETC, [ETC / "kubeadm.yaml", ETC / "patches"])}

    def _booted(self) -> dict[str, object]:
        try:
            return dict(json.loads(self.state.booted.read_text()))
        except (OSError, ValueError):
            return {}

    def _write_booted(self, document: dict[str, object]) -> None:
        partial = self.state.booted.with_suffix(".partial")
        partial.write_text(json.dumps(document, indent=1) + "\n")
        partial.replace(self.state.booted)


def images_of(pod: dict[str, Any]) -> set[str]:
    """Return the names of a pod's images: those that it asks for, and those by which the kubelet calls them."""
    parts = pod["spec"], pod.get("status", {})
    return {container["image"] for part in parts for key in _WITH_IMAGES for container in part.get(key, [])}


def unused_images(listing: str, wanted: Iterable[str], used: Iterable[str]) -> list[str]:
    """List the earlier builds of images that nobody uses, by every name that holds them.

    Args:
        listing: What `ctr images ls` prints: name, type, digest and more.
        wanted: The images' names as they are now; an image that has none of these names is somebody else's.
        used: Names of images in use.

    Returns:
        Names to remove. The kubelet's side names an image by its digest too; both names must go for its files to go.
    """
    digests = dict(line.split()[:3:2] for line in listing.splitlines()[1:])
    kept = {digests[name] for name in {*wanted, *used} if name in digests}
    names = {name.rpartition(":")[0] for name in wanted}
    ours = {digest for name, digest in digests.items() if name.rpartition(":")[0] in names}
    return [name for name, digest in digests.items() if digest in ours - kept]
