"""What is changed on the machine, and how it is found again to be undone."""

import ipaddress
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from local import cgroups, mounts, teardown
from local.cache import remove
from local.cluster import unused_images
from local.errors import CommandError, LocalError
from local.machine import BRIDGE_ADDRESS, fill, resolv_conf, write_if_other
from local.paths import State
from local.preflight import BRIDGE, NETWORKS
from local.settings import ETC
from local.shell import Shell

RESOLVERS = [
    ("a name server", ["nameserver 192.0.2.1\nsearch a\n"], "nameserver 192.0.2.1\nsearch a\n"),
    ("a stub, then the real one", ["nameserver 127.0.0.53\n", "nameserver 192.0.2.1\n"], "nameserver 192.0.2.1\n"),
    ("a stub beside a real one", ["nameserver 127.0.0.1\nnameserver 192.0.2.1\n"], "nameserver 192.0.2.1\n"),
    ("nothing but stubs", ["nameserver 127.0.0.53\n", "nameserver ::1\n"], "nameserver 192.0.2.53\n"),
    ("nothing", [], "nameserver 192.0.2.53\n"),
]


@pytest.mark.parametrize(("why", "texts", "wanted"), RESOLVERS, ids=[row[0] for row in RESOLVERS])
def test_resolv_conf(why, texts, wanted):
    """Pods get name servers that they can reach, never the machine's loopback."""
    assert resolv_conf(texts) == wanted


@pytest.mark.parametrize("name", ["containerd.toml", "kubeadm.yaml", "cni.conflist", "storage.yaml"])
def test_files_are_filled_in(name, tmp_path):
    """After filling in, no word of ours is left and the file is valid."""
    text = fill((ETC / name).read_text(), State(tmp_path / "state", tmp_path / "volumes"))
    assert not [word for word in ("{root}", "{run}", "{volumes}", "{no_apparmor}") if word in text]
    parse: dict[str, Any] = {
        "toml": tomllib.loads,
        "yaml": lambda t: list(yaml.safe_load_all(t)),
        "conflist": json.loads,
    }
    assert parse[name.rpartition(".")[2]](text)


def test_bridge_network_and_api_server_agree():
    """The bridge's address is in the pods' network and is the API server's; CNI makes the same bridge."""
    bridge = json.loads((ETC / "cni.conflist").read_text())["plugins"][0]
    (pods,) = bridge["ipam"]["ranges"][0]
    assert bridge["bridge"] == BRIDGE
    assert pods["gateway"] == BRIDGE_ADDRESS.partition("/")[0]
    assert ipaddress.IPv4Network(pods["subnet"]).subnet_of(ipaddress.IPv4Network(NETWORKS[0]))
    assert f"advertiseAddress: {pods['gateway']}\n" in (ETC / "kubeadm.yaml").read_text()


def test_masquerading_knows_the_networks():
    """What stays inside the cluster is not masqueraded."""
    assert f"{{ {', '.join(NETWORKS)} }}" in (ETC / "nftables.conf").read_text()


def test_volumes_are_named_by_their_claim():
    """A claim finds its folder again in another cluster: its path holds neither uid nor volume name."""
    documents = list(yaml.safe_load_all((ETC / "storage.yaml").read_text()))
    (storage,) = [document for document in documents if document["kind"] == "StorageClass"]
    assert storage["parameters"]["pathPattern"] == "{{ .PVC.Namespace }}/{{ .PVC.Name }}"


MOUNTINFO = """\
20 1 254:0 / / rw - ext4 /dev/vda rw
30 20 254:0 /var/lib/kubelet /var/lib/kubelet rw - ext4 /dev/vda rw
31 30 0:50 / /var/lib/kubelet/pods/a\\040b/volume rw - tmpfs tmpfs rw
32 20 0:51 / /var/lib/kubelet-of-another rw - tmpfs tmpfs rw
"""


def test_mounts_below():
    """Mounts at or below a folder are found innermost first, with blanks; a folder with a longer name is another."""
    found = [str(path) for path in mounts.below(State().host.kubelet, MOUNTINFO)]
    assert found == ["/var/lib/kubelet/pods/a b/volume", "/var/lib/kubelet"]


def test_folder_with_a_mount_left_is_not_removed(tmp_path, monkeypatch):
    """Behind a mount may lie a user's volume: as long as one is left, nothing is removed."""
    (tmp_path / "a").mkdir()
    monkeypatch.setattr(mounts, "unmount_all", lambda root: 0)
    monkeypatch.setattr(mounts, "now", lambda root: [root / "pods"])
    with pytest.raises(LocalError, match="stays mounted"):
        mounts.remove_folder(tmp_path / "a")
    assert (tmp_path / "a").exists()


def test_links_are_removed_and_not_followed(tmp_path):
    """Removing a folder removes a link in it, not what the link points to."""
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").touch()
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "link").symlink_to(tmp_path / "precious")
    remove(tmp_path / "a")
    assert (tmp_path / "precious" / "file").exists()


def make_cgroup(root: Path, *pids: int) -> None:
    """Make something that looks like a cgroup."""
    root.mkdir(parents=True)
    (root / "cgroup.procs").write_text("".join(f"{pid}\n" for pid in pids))


def test_cgroup_members_of_both_versions(tmp_path):
    """Processes of containers are found in every v1 hierarchy and in v2's one; other processes are not."""
    make_cgroup(tmp_path / "memory" / "kubepods" / "pod1", 11, 12)
    make_cgroup(tmp_path / "pids" / "kubepods", 12)
    make_cgroup(tmp_path / "kubepods" / "pod2", 13)
    make_cgroup(tmp_path / "memory" / "user.slice", 99)
    assert cgroups.members(tmp_path) == [11, 12, 13]


def test_cgroups_are_removed_from_the_inside(tmp_path):
    """Nested control groups, which hold no files that could be removed, are removed from the inside out."""
    (tmp_path / "memory" / "kubepods" / "pod1" / "c1").mkdir(parents=True)
    (tmp_path / "memory" / "other").mkdir()
    assert cgroups.remove(tmp_path, patience_seconds=0) == []
    assert [path.name for path in (tmp_path / "memory").iterdir()] == ["other"]


def test_failed_command_shows_its_end_and_its_log(tmp_path):
    """A failed command is shown with its last lines and the place of the whole log."""
    shell = Shell(tmp_path / "log")
    with pytest.raises(CommandError) as failed:
        shell.run(["/bin/sh", "-c", "seq 100; echo it broke >&2; exit 7"])
    text = str(failed.value)
    assert "exit code 7" in text
    assert "it broke" in text
    assert "| 99\n" in text
    assert "| 80\n" not in text
    assert str(tmp_path / "log") in text
    assert "\n1\n" in (tmp_path / "log").read_text()


def test_logs_are_private_and_hold_no_secret(tmp_path):
    """The log can be read by its owner only, and what is read for its secrets is not in it."""
    shell = Shell(tmp_path / "log")
    assert shell.read(["/bin/echo", "-n", "hidden", "word"]) == "hidden word"
    shell.run(["/bin/cat"], stdin="hush")
    assert (tmp_path / "log").stat().st_mode & 0o077 == 0
    assert "hush" in (tmp_path / "log").read_text()
    assert "hidden word\n" not in (tmp_path / "log").read_text().replace("$ /bin/echo -n hidden word", "")


def test_absent_command_is_an_error_without_traceback(tmp_path):
    """A command that is not there is one sentence."""
    with pytest.raises(LocalError, match="no command /nowhere/x"):
        Shell(tmp_path / "log").run(["/nowhere/x"])


IMAGES = """\
REF TYPE DIGEST SIZE PLATFORMS LABELS
docker.io/library/debian:trixie-slim application/x sha256:d 1 MiB linux/amd64 -
docker.io/library/swish-hub:new application/x sha256:a 1 MiB linux/amd64 -
docker.io/library/swish-hub:old application/x sha256:b 1 MiB linux/amd64 -
docker.io/library/swish-hub:used application/x sha256:c 1 MiB linux/amd64 -
docker.io/library/swish-mine:1 application/x sha256:f 1 MiB linux/amd64 -
docker.io/library/swish-hub:same application/x sha256:a 1 MiB linux/amd64 -
sha256:1 application/x sha256:a 1 MiB linux/amd64 -
sha256:2 application/x sha256:b 1 MiB linux/amd64 -
swish.local/etcd:v3 application/x sha256:e 1 MiB linux/amd64 -
"""


def test_images_that_nobody_uses():
    """Only earlier builds go, by both their names; what a pod uses, or a new name shares, or is another's, stays."""
    used = ["docker.io/library/swish-hub:used", "elsewhere.example.org/x:1"]
    found = unused_images(IMAGES, {"docker.io/library/swish-hub:new"}, used)
    assert found == ["docker.io/library/swish-hub:old", "sha256:2"]


def test_state_goes_at_once(tmp_path):
    """The state folder is moved away before it is emptied, so that half of it is never taken for a cluster."""
    state = State(tmp_path / "state", tmp_path / "volumes")
    for folder in (state.root / "etcd", state.trash / "left-by-an-interrupted-run", state.volumes / "alice"):
        folder.mkdir(parents=True)
    assert teardown.exists(state)
    teardown._remove_root(state)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["volumes"]
    assert (state.volumes / "alice").exists()


def test_half_removed_state_is_something_to_end(tmp_path):
    """A `down` that was interrupted at its very end can be repeated."""
    state = State(tmp_path / "state", tmp_path / "volumes")
    state.trash.mkdir()
    assert teardown.exists(state)


def test_unchanged_file_is_not_touched(tmp_path):
    """A file that is as it should be stays the same file; a changed one is replaced as a whole."""
    place = tmp_path / "net.conflist"
    assert write_if_other(place, "1")
    before = place.stat()
    assert not write_if_other(place, "1")
    assert (place.stat().st_ino, place.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert write_if_other(place, "2")
    assert [path.name for path in tmp_path.iterdir()] == ["net.conflist"]
    assert place.read_text() == "2"


def test_the_control_plane_leaves_room_on_two_cores():
    """Each patch is of the container that it is named for, and all of them ask for a quarter of a core together."""
    asked = 0
    for place in (ETC / "patches").glob("*.yaml"):
        document = yaml.safe_load(place.read_text())
        spec = document["spec"].get("template", document)["spec"]
        (container,) = spec["containers"]
        assert place.name == f"{container['name']}+strategic.yaml" or container["name"] == "coredns"
        asked += int(container["resources"]["requests"]["cpu"].removesuffix("m"))
    assert asked == 250
