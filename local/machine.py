"""What the local cluster changes on the machine, each change written down before it is made, for `down` to undo."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from local import mounts
from local.paths import State
from local.preflight import BRIDGE
from local.settings import ETC
from local.shell import Shell
from local.supervisor import boot_id

SYSCTLS = {
    # Pods' packets pass through the machine.
    "net/ipv4/ip_forward": "1",
    # A Service's answer from the same bridge must pass kube-proxy's rules again.
    "net/bridge/bridge-nf-call-iptables": "1",
    # kubelet and kube-proxy watch many files; the default of 128 is a desktop's.
    "fs/inotify/max_user_instances": "1024",
    # The kubelet sets these three itself; they are here so that they are put back.
    "vm/overcommit_memory": "1",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
}
MODULES = ("overlay", "br_netfilter", "nf_tables")
BRIDGE_ADDRESS = "10.231.0.1/24"


def prepare(state: State, shell: Shell) -> None:
    """Make the machine ready for containerd: folders, files, modules, settings, bridge, masquerading.

    Doing it again changes nothing; after a reboot it does what the reboot undid.
    """
    mounts.remove_folder(state.trash)
    for folder in (state.root, state.volumes):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
    facts = read_facts(state)
    if facts.get("boot") != boot_id():
        # Sockets, records and containerd's bundles mean nothing after a reboot, and hold no mounts then.
        mounts.remove_folder(state.run)
    state.run.mkdir(exist_ok=True)
    _load_modules(shell)
    write_facts(state, {**facts, "boot": boot_id(), "before": _remember(state, facts)})
    for name, value in SYSCTLS.items():
        _set(Path("/proc/sys", name), value)
    _write_files(state)
    _bridge(shell)
    shell.run(["nft", "-f", str(ETC / "nftables.conf")])


def read_facts(state: State) -> dict[str, object]:
    """Read what was changed; empty when nothing was."""
    try:
        return dict(json.loads(state.facts.read_text()))
    except (OSError, ValueError):
        return {}


def write_facts(state: State, facts: dict[str, object]) -> None:
    """Write what was changed, whole or not at all."""
    write_if_other(state.facts, json.dumps(facts, indent=1) + "\n")


def fill(template: str, state: State) -> str:
    """Fill in a file of local/etc: {root}, {run}, {volumes} become our places, {no_apparmor} what this kernel has."""
    apparmor = Path("/sys/module/apparmor/parameters/enabled")
    enabled = apparmor.exists() and apparmor.read_text().startswith("Y") and shutil.which("apparmor_parser")
    words = {"{root}": state.root, "{run}": state.run, "{volumes}": state.volumes}
    for word, value in [*words.items(), ("{no_apparmor}", "false" if enabled else "true")]:
        template = template.replace(word, str(value))
    return template


def resolv_conf(texts: Iterable[str]) -> str:
    """Choose the name servers of pods: the first text that names one beyond this machine's loopback.

    Args:
        texts: resolv.conf files, the preferred one first.

    Returns:
        The text without loopback servers; a loop back to CoreDNS itself would end it. With none left, a server that
        does not answer stands in, so that names inside the cluster still work.
    """
    for text in texts:
        lines = [line for line in text.splitlines() if not line.startswith(("nameserver 127.", "nameserver ::1"))]
        if any(line.startswith("nameserver ") for line in lines):
            return "\n".join(lines) + "\n"
    return "nameserver 192.0.2.53\n"


def _remember(state: State, facts: dict[str, object]) -> dict[str, object]:
    """Give the machine's settings from before the first change; those already written down stand."""
    known = facts.get("before")
    before: dict[str, object] = dict(known) if isinstance(known, dict) else {}
    for name in SYSCTLS:
        path = Path("/proc/sys", name)
        if path.exists():
            before.setdefault(name, path.read_text().strip())
    for path in state.host.shared:
        before.setdefault(str(path), path.exists())
    return before


def _set(path: Path, value: str) -> None:
    if path.exists() and not _enough(path.read_text().strip(), value):
        path.write_text(value)


def _enough(now: str, wanted: str) -> bool:
    return now.isdecimal() and int(now) >= int(wanted)


def _load_modules(shell: Shell) -> None:
    if os.path.lexists("/lib/modules") and shutil.which("modprobe"):
        for module in MODULES:
            # Built into the kernel or not to be had: what needs it says so itself.
            shell.ok(["modprobe", module])


def _write_files(state: State) -> None:
    places = {
        "containerd.toml": state.containerd_config,
        "kubeadm.yaml": state.kubeadm_config,
        "cni.conflist": state.root / "cni" / "10-swish-local.conflist",
        "storage.yaml": state.root / "etc" / "storage.yaml",
        "kubelet.sh": state.root / "etc" / "kubelet.sh",
        **{
            f"patches/{patch.name}": state.root / "etc" / "patches" / patch.name
            for patch in (ETC / "patches").glob("*.yaml")
        },
    }
    for name, place in places.items():
        place.parent.mkdir(exist_ok=True)
        write_if_other(place, fill((ETC / name).read_text(), state))
    candidates = (Path("/etc/resolv.conf"), Path("/run/systemd/resolve/resolv.conf"))
    texts = [path.read_text() for path in candidates if path.exists()]
    write_if_other(state.root / "etc" / "resolv.conf", resolv_conf(texts))


def write_if_other(place: Path, text: str) -> bool:
    """Write a file whole, and only if it differs: containerd reads CNI's while it runs, and must never see half of it.

    Returns:
        Whether it was written.
    """
    if place.exists() and place.read_text() == text:
        return False
    partial = place.with_name(f"{place.name}.partial")
    partial.write_text(text)
    partial.replace(place)
    return True


def _bridge(shell: Shell) -> None:
    """Make the bridge before any pod does: its address is the API server's, and must be there first."""
    if not Path("/sys/class/net", BRIDGE).exists():
        # A fixed hardware address: a bridge without one takes that of its newest port and confuses its neighbours.
        shell.run(["ip", "link", "add", BRIDGE, "address", "0a:58:0a:e7:00:01", "type", "bridge"])
    shell.run(["ip", "address", "replace", BRIDGE_ADDRESS, "dev", BRIDGE])
    shell.run(["ip", "link", "set", BRIDGE, "up"])
