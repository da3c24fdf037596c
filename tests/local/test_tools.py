"""Tools are what their go.mod says, in a folder that changes when it does."""

import json

import pytest

from local.errors import LocalError
from local.shell import Shell
from local.tools import Toolbox, ToolGroup, binary_name, build_argv, read_groups, tool_packages

NAMES = [
    ("k8s.io/kubernetes/cmd/kubelet", "kubelet"),
    ("go.etcd.io/etcd/server/v3", "server"),
    ("github.com/coredns/coredns", "coredns"),
    ("sigs.k8s.io/tool/v12", "tool"),
]


@pytest.mark.parametrize(("package", "name"), NAMES)
def test_binary_name(package, name):
    """A binary is called as its package's last part that is not a major version, as `go build` does it."""
    assert binary_name(package) == name


def test_tool_packages_in_both_forms():
    """A block of tools and a single line are both read; what is required or replaced is not a tool."""
    text = (
        "module m\n\ntool one.org/a\n\ntool (\n\ttwo.org/b\n\tthree.org/c/v2\n)\n\nrequire (\n\tfour.org/d v1.0.0\n)\n"
    )
    assert tool_packages(text) == ("two.org/b", "three.org/c/v2", "one.org/a")


def test_every_group_yields_the_tools_that_the_cluster_runs():
    """The table and the modules together give every binary that the cluster and its tests call."""
    names = {name for group in read_groups().values() for name in group.binaries}
    wanted = "kube-apiserver kube-controller-manager kube-scheduler kube-proxy kubelet kubeadm kubectl containerd"
    wanted += " containerd-shim-runc-v2 ctr etcd coredns helm local-path-provisioner"
    assert set(wanted.split()) <= names


def test_lock_files_are_whole():
    """Every group has a go.sum, and no file names a registry."""
    for name in read_groups():
        folder = Toolbox.__init__.__globals__["TOOLS"] / name
        assert (folder / "go.sum").stat().st_size > 1000
        assert "https://" not in (folder / "go.mod").read_text()


def test_key_follows_content(tmp_path):
    """Another pin or other linker flags make another folder; the same ones the same."""

    def key(gomod: str, ldflags: str) -> str:
        (tmp_path / "x").mkdir(exist_ok=True)
        (tmp_path / "x" / "go.mod").write_text(gomod)
        (tmp_path / "x" / "go.sum").write_text("sums")
        (tmp_path / "tools.toml").write_text(f'[x]\nldflags = "{ldflags}"\n')
        return read_groups(tmp_path / "tools.toml", tmp_path)["x"].key

    first = key("tool a.org/b\n", "-X v=1")
    assert key("tool a.org/b\n", "-X v=1") == first
    assert len({first, key("tool a.org/c\n", "-X v=1"), key("tool a.org/b\n", "-X v=2")}) == 3


def test_build_argv(tmp_path):
    """A build is reproducible and takes exactly what go.sum pins."""
    group = ToolGroup("g", ("a.org/b", "a.org/c"), "-s -w")
    argv = build_argv(group, tmp_path)
    assert argv == [
        *("go", "build", "-mod=readonly", "-trimpath", "-ldflags", "-s -w", "-o", f"{tmp_path}/", "a.org/b", "a.org/c")
    ]


@pytest.fixture
def toolbox(tmp_path):
    """A toolbox of one group whose binary `b` is in the cache."""
    group = ToolGroup("g", ("a.org/b",), "", key="k")
    box = Toolbox(tmp_path, Shell(tmp_path / "log"), {"g": group})
    box.folder(group).mkdir(parents=True)
    binary = box.path("b")
    binary.write_text("binary")
    binary.chmod(0o755)
    (binary.parent / "sizes.json").write_text(json.dumps({"b": 6}))
    return box


DAMAGE = [
    ("cut short", lambda path: path.write_text("bin")),
    ("gone", lambda path: path.unlink()),
    ("not executable", lambda path: path.chmod(0o644)),
    ("without a list of sizes", lambda path: (path.parent / "sizes.json").unlink()),
    ("with a broken list of sizes", lambda path: (path.parent / "sizes.json").write_text("{")),
]


def test_whole_group_is_ready(toolbox):
    """Binaries of the size they were built with are used as they are."""
    assert toolbox.ready(toolbox.groups["g"])


@pytest.mark.parametrize(("why", "damage"), DAMAGE, ids=[row[0] for row in DAMAGE])
def test_damaged_group_is_not_ready(toolbox, why, damage):
    """A damaged cache is noticed, so that it is built again."""
    damage(toolbox.path("b"))
    assert not toolbox.ready(toolbox.groups["g"])


def test_unknown_tool_names_the_known(toolbox):
    """Asking for a tool that is not there tells which are."""
    with pytest.raises(LocalError, match="there are b"):
        toolbox.path("hammer")
