"""Every place on the machine that the local cluster uses, spelled once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class State:
    """The local cluster's places.

    Args:
        root: Folder that `down` removes: containerd's and etcd's data, sockets, logs, kubeconfig. Root only.
        volumes: Folder of users' volumes and the keys that open them; only `down` with PURGE=1 removes it.
    """

    root: Path = Path("/var/lib/swish-local")
    volumes: Path = Path("/var/lib/swish-volumes")

    @property
    def trash(self) -> Path:
        """What `root` is called while it is being removed: half of it must never be taken for a cluster."""
        return self.root.with_name(f".{self.root.name}.removing")

    @property
    def run(self) -> Path:
        """Sockets, process records and locks; worthless after a reboot."""
        return self.root / "run"

    @property
    def logs(self) -> Path:
        """Logs of the daemons and of every command that was run."""
        return self.root / "logs"

    @property
    def kubeconfig(self) -> Path:
        """Administrator's kubeconfig, context `swish-local`, mode 0600."""
        return self.root / "kubeconfig"

    @property
    def containerd_root(self) -> Path:
        """Images, snapshots and metadata of containerd."""
        return self.root / "containerd"

    @property
    def imported(self) -> Path:
        """Which images containerd was given, and by which content keys, as JSON; beside them, wherever they go."""
        return self.containerd_root / "swish-imported.json"

    @property
    def containerd_socket(self) -> Path:
        """Where containerd listens."""
        return self.run / "containerd.sock"

    @property
    def containerd_config(self) -> Path:
        """Configuration of containerd."""
        return self.root / "etc" / "containerd.toml"

    @property
    def kubeadm_config(self) -> Path:
        """Configuration of kubeadm: cluster, kubelet and kube-proxy."""
        return self.root / "etc" / "kubeadm.yaml"

    @property
    def keys(self) -> Path:
        """Generated secrets and people's public keys: kept beside the volumes, since they open what lies there."""
        return self.volumes / ".keys" / "hub.json"

    @property
    def facts(self) -> Path:
        """What `up` changed on the machine and `down` must put back, as JSON."""
        return self.root / "machine.json"

    @property
    def booted(self) -> Path:
        """Written when kubeadm has ended well: with which versions the cluster was made."""
        return self.root / "booted.json"

    @property
    def host(self) -> Host:
        """The places outside `root` that Kubernetes itself insists on."""
        return Host()


@dataclass(frozen=True)
class Host:
    """Places that kubeadm, the kubelet, CNI and shims do not let anybody choose."""

    kubernetes: Path = Path("/etc/kubernetes")
    kubelet: Path = Path("/var/lib/kubelet")
    container_logs: Path = Path("/var/log/containers")
    cni_results: Path = Path("/var/lib/cni")
    shim_sockets: Path = Path("/run/containerd")
    cgroups: Path = Path("/sys/fs/cgroup")

    @property
    def shared(self) -> tuple[Path, ...]:
        """Places that others may use too; `down` removes those that were not there before `up` and are empty."""
        return (
            self.cni_results / "results",
            self.cni_results,
            self.shim_sockets / "s",
            self.shim_sockets,
            self.container_logs,
            # An empty file of buildah's.
            Path("/etc/cni/net.d/cni.lock"),
            Path("/etc/cni/net.d"),
            Path("/etc/cni"),
            Path("/opt/cni/bin"),
            Path("/opt/cni"),
            # Made by kube-proxy's pod.
            Path("/run/xtables.lock"),
        )
