"""Tools are what their go.mod says, in a folder that changes when it does."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local.errors import CommandError, LocalError
from local.shell import Shell
from local.tools import TOOLS, Toolbox, ToolGroup, binary_name, build_argv, build_env, read_groups, tool_packages

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


def test_every_tool_of_a_module_is_in_one_group():
    """None is built twice, and none that a go.mod pins is forgotten."""
    groups = read_groups().values()
    packages = [(group.module, package) for group in groups for package in group.packages]
    pinned = [
        (module, package)
        for module in {group.module for group in groups}
        for package in tool_packages((TOOLS / module / "go.mod").read_text())
    ]
    assert sorted(packages) == sorted(pinned)


def test_lock_files_are_whole():
    """Every module has a go.sum, and no file names a registry."""
    for group in read_groups().values():
        folder = TOOLS / group.module
        assert (folder / "go.sum").stat().st_size > 1000
        assert "https://" not in (folder / "go.mod").read_text()


def test_key_follows_content(tmp_path):
    """Another pin, other linker flags or other tools make another folder; the same ones the same."""

    def key(gomod: str, more: str) -> str:
        (tmp_path / "x").mkdir(exist_ok=True)
        (tmp_path / "x" / "go.mod").write_text(gomod)
        (tmp_path / "x" / "go.sum").write_text("sums")
        (tmp_path / "tools.toml").write_text(f"[x]\n{more}\n")
        return read_groups(tmp_path / "tools.toml", tmp_path)["x"].key

    first = key("tool a.org/b\n", 'ldflags = "-X v=1"')
    assert key("tool a.org/b\n", 'ldflags = "-X v=1"') == first
    others = [("tool a.org/c\n", 'ldflags = "-X v=1"'), ("tool a.org/b\n", 'ldflags = "-X v=2"')]
    others += [("tool a.org/b\n", 'ldflags = "-X v=1"\ntools = []')]
    assert len({first, *(key(*other) for other in others)}) == 4


def test_groups_of_one_module_part_its_tools(tmp_path):
    """Each names those that it has."""
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "go.mod").write_text("tool a.org/b\ntool a.org/c\n")
    (tmp_path / "tools.toml").write_text('[m]\ntools = ["c"]\n[other]\nmodule = "m"\ntools = ["b"]\n')
    groups = read_groups(tmp_path / "tools.toml", tmp_path)
    assert {name: (group.module, group.packages) for name, group in groups.items()} == {
        "m": ("m", ("a.org/c",)),
        "other": ("m", ("a.org/b",)),
    }


def test_build_argv(tmp_path):
    """A build is reproducible and takes exactly what go.sum pins."""
    group = ToolGroup("g", "m", ("a.org/b", "a.org/c"), "-s -w")
    argv = build_argv(group, tmp_path)
    assert argv[:2] == ["go", "build"]
    assert {"-trimpath", "-mod=readonly"} <= set(argv)
    assert argv[-6:] == ["-ldflags", "-s -w", "-o", f"{tmp_path}/", "a.org/b", "a.org/c"]


def test_what_builds_at_once_fits_into_half_of_the_memory():
    """Each processor has a compiler at work, and the linkers come last."""
    env = build_env(memory_bytes=24 << 30, cpus=4)
    assert env["GOMEMLIMIT"] == f"{3 << 30}B"


@pytest.fixture
def toolbox(tmp_path):
    """A toolbox of one group whose binary `b` is in the cache."""
    group = ToolGroup("g", "m", ("a.org/b",), "", key="k")
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


GO = """#!/bin/sh
# Stands in for Go, which takes minutes; the word after -o says where to build.
set -eu
case "$*" in
    version) echo go version go1.0; exit;;
    "build "*" std")
        mkdir "$GOCACHE/00"
        echo compiled > "$GOCACHE/00/std-d"
        echo how > "$GOCACHE/00/std-a"
        exit;;
esac
grep -q compiled "$GOCACHE/00/std-d" && echo again > "$GOCACHE/00/std-a"
test ! -e "$GOCACHE/before" || touch "$HOME/shared"
touch "$GOCACHE/before"
mkdir -p "$GOMODCACHE/module" && touch "$GOMODCACHE/module/file" && chmod 0555 "$GOMODCACHE/module"
test -d "$GOTMPDIR"
echo "$GOCACHE" > "$HOME/gocache"
while [ "$1" != -o ]; do shift; done
printf binary > "$2/server" && chmod 0755 "$2/server"
exit "${GO_EXIT:-0}"
"""


@pytest.fixture
def build(tmp_path, monkeypatch):
    """A toolbox with one group to build, and a Go that takes no time."""
    go = tmp_path / "bin" / "go"
    go.parent.mkdir()
    go.write_text(GO)
    go.chmod(0o755)
    monkeypatch.setenv("PATH", f"{go.parent}:/usr/bin:/bin")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("local.tools.TOOLS", tmp_path)
    (tmp_path / "m").mkdir()
    group = ToolGroup("g", "m", ("a.org/server/v3",), "", {"server": "thing"}, key="k")
    beside = ToolGroup("h", "m", ("a.org/server/v3",), "", key="k")
    return Toolbox(tmp_path / "cache", Shell(tmp_path / "log"), {"g": group, "h": beside})


def test_built_group_is_renamed_and_leaves_no_caches(build, tmp_path):
    """A build yields the binary under our name, and Go's caches, read-only as they are, are gone."""
    group = build.groups["g"]
    assert build.ensure(group)
    assert build.path("thing").read_text() == "binary"
    assert not Path((tmp_path / "gocache").read_text().strip()).exists()
    assert kept(tmp_path) == {"g-k", ".locks", "go"}
    assert not build.ensure(group)


def test_groups_that_are_built_together_share_what_is_compiled(build, tmp_path):
    """And at the end it is gone."""
    with build.building():
        assert [build.ensure(group) for group in build.groups.values()] == [True, True]
        assert (tmp_path / "shared").exists()
    assert kept(tmp_path) == {"g-k", "h-k", ".locks", "go"}


def test_groups_that_are_built_apart_share_nothing(build, tmp_path):
    """Each build begins with the standard library alone."""
    assert [build.ensure(group) for group in build.groups.values()] == [True, True]
    assert not (tmp_path / "shared").exists()


def test_what_another_builds_is_waited_for(build, tmp_path):
    """And not built a second time."""
    other = Toolbox(build.cache, Shell(tmp_path / "log"), build.groups)
    group = build.groups["g"]
    with ThreadPoolExecutor(1) as threads:
        with build.building():
            waits = threads.submit(other.ensure, group)
            build.ensure(group)
        assert waits.result(60) is False


def test_what_a_killed_build_left_is_removed(build, tmp_path):
    """Since nobody says that it is whole."""
    left = tmp_path / "cache" / "tools" / ".gocache" / "build" / "before"
    left.parent.mkdir(parents=True)
    left.touch()
    build.ensure(build.groups["g"])
    assert not (tmp_path / "shared").exists()


def kept(folder: Path) -> set[str]:
    """Name what is in the cache, Go's standard library without its key."""
    names = {path.name for path in (folder / "cache" / "tools").iterdir()}
    return {name.partition("-")[0] if name.startswith("go-") else name for name in names}


def test_the_standard_library_is_compiled_once(build, tmp_path):
    """Each group's build begins with it, and changes nothing of it."""
    build.ensure(build.groups["g"])
    (library,) = (tmp_path / "cache" / "tools").glob("go-*")
    before = library.stat().st_ino
    shutil.rmtree(build.folder(build.groups["g"]))
    assert build.ensure(build.groups["g"])
    assert library.stat().st_ino == before
    assert (library / "00" / "std-a").read_text() == "how\n"


def test_failed_build_publishes_nothing(build, tmp_path, monkeypatch):
    """A build that fails leaves neither a group nor caches, and its end is told."""
    monkeypatch.setenv("GO_EXIT", "1")
    with pytest.raises(CommandError, match="exit code 1"):
        build.ensure(build.groups["g"])
    assert kept(tmp_path) == {".locks", "go"}


def test_without_go_the_answer_is_a_sentence(build, monkeypatch):
    """Where there is no Go and nothing was built, the answer says what to install."""
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(LocalError, match=r"install Go 1\.26"):
        build.ensure(build.groups["g"])
