"""Command-line tools and daemons, built from the Go modules pinned in `local/tools/`."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from local.cache import locked, publish, remove
from local.content import content_key
from local.errors import LocalError
from local.settings import ETC, REPO
from local.shell import Shell

TOOLS = REPO / "local" / "tools"
_SIZES = "sizes.json"
#: Of every build: no C, and no workspace that somebody has above us.
_GO_ENV = {"CGO_ENABLED": "0", "GOWORK": "off"}
#: Of the standard library's build, too, or it is made again: without debuggers' tables, which the linker throws away,
#: and without inlining, which is a quarter of the compilers' time.
_GO_BUILD = ("go", "build", "-trimpath", "-gcflags=all=-dwarf=false -l")


@dataclass(frozen=True)
class ToolGroup:
    """Binaries that are built, and kept, together.

    Args:
        name: What it is called.
        module: Folder below local/tools, whose go.mod pins what it is made of; several groups may share it.
        packages: Go packages of the module's `tool` lines.
        ldflags: Linker flags, one blank between two.
        rename: Binary name as Go makes it -> the name we use.
        cluster: Whether `up` builds it.
        key: Content key.
    """

    name: str
    module: str
    packages: tuple[str, ...]
    ldflags: str
    rename: Mapping[str, str] = field(default_factory=dict)
    cluster: bool = False
    key: str = ""

    @property
    def binaries(self) -> tuple[str, ...]:
        """Names of the binaries, in the order of the packages."""
        return tuple(self.rename.get(name, name) for name in map(binary_name, self.packages))


def binary_name(package: str) -> str:
    """Name the binary that `go build` makes of a package: the path's last part that is not a major version."""
    parts = [part for part in package.split("/") if not re.fullmatch(r"v\d+", part)]
    return parts[-1]


def tool_packages(gomod: str) -> tuple[str, ...]:
    """List the packages on the `tool` lines of a go.mod."""
    blocks = re.findall(r"^tool \(\n(.*?)^\)", gomod, re.MULTILINE | re.DOTALL)
    lines = [line.strip() for block in blocks for line in block.splitlines()]
    return tuple(filter(None, lines + re.findall(r"^tool ([^(\s]+)$", gomod, re.MULTILINE)))


def read_groups(table: Path = ETC / "tools.toml", folder: Path = TOOLS) -> dict[str, ToolGroup]:
    """Read every tool group.

    Args:
        table: The declarative table.
        folder: Where the modules' go.mod and go.sum lie.

    Returns:
        Group name -> group, in the table's order.
    """
    groups = {}
    for name, entry in tomllib.loads(table.read_text()).items():
        module = entry.get("module", name)
        here = folder / module
        ldflags = " ".join(["-s", "-w", *entry.get("ldflags", "").split()])
        rename = entry.get("rename", {})
        packages = tool_packages((here / "go.mod").read_text())
        packages = tuple(one for one in packages if binary_name(one) in entry.get("tools", [binary_name(one)]))
        key = content_key(here, [here], ldflags, json.dumps(rename), *packages)
        groups[name] = ToolGroup(name, module, packages, ldflags, rename, entry.get("cluster", False), key)
    return groups


def build_argv(group: ToolGroup, out: Path) -> list[str]:
    """Give the command that builds a group's binaries into `out`, to be run in its module's folder."""
    return [*_GO_BUILD, "-mod=readonly", "-ldflags", group.ldflags, "-o", f"{out}/", *group.packages]


def build_env(memory_bytes: int, cpus: int) -> dict[str, str]:
    """Give the environment of each build.

    A compiler or linker collects garbage only when it has half of its share of the memory: a quarter of their time
    otherwise, for processes that mostly end before.
    """
    return _GO_ENV | {"GOGC": "off", "GOMEMLIMIT": f"{memory_bytes // (2 * cpus)}B"}


class Toolbox:
    """Finds tools, building what is not in the cache.

    Args:
        cache: Folder of built artefacts.
        shell: Runs the builds.
        groups: What can be built.
    """

    def __init__(self, cache: Path, shell: Shell, groups: Mapping[str, ToolGroup] | None = None) -> None:
        self.cache, self.shell = cache, shell
        self.groups = dict(groups or read_groups())
        self._scratch: Path | None = None

    def folder(self, group: ToolGroup) -> Path:
        """Where a group's binaries are, once built."""
        return self.cache / "tools" / f"{group.name}-{group.key}"

    def path(self, tool: str) -> Path:
        """Where a tool's binary is, once built.

        Raises:
            LocalError: No group has a tool of that name.
        """
        return self.folder(self.group_of(tool)) / tool

    def group_of(self, tool: str) -> ToolGroup:
        """Find the group that a tool belongs to.

        Raises:
            LocalError: No group has a tool of that name.
        """
        for group in self.groups.values():
            if tool in group.binaries:
                return group
        known = ", ".join(sorted(name for group in self.groups.values() for name in group.binaries))
        raise LocalError(f"There is no tool {tool!r}; there are {known}.")

    def ready(self, group: ToolGroup) -> bool:
        """Whether a group's binaries are in the cache, each whole."""
        return _whole(self.folder(group))

    def ensure(self, group: ToolGroup) -> bool:
        """Make sure that a group's binaries are in the cache.

        Returns:
            Whether they had to be built.

        Raises:
            LocalError: There is no Go.
            CommandError: The build failed.
        """
        if self.ready(group):
            return False
        with self.building() as scratch:
            return publish(self.folder(group), lambda partial: self._build(group, partial, scratch), _whole)

    @contextlib.contextmanager
    def building(self) -> Iterator[Path]:
        """Let the groups that are built within share what is compiled; meanwhile no other process builds any.

        Two builds at once would be no faster, and compile the same. Gives the folder of Go's caches.
        """
        if self._scratch:
            yield self._scratch
            return
        # of our own and deleted at the end: what is compiled for all groups takes some gigabytes
        scratch = self.cache / "tools" / ".gocache"
        with locked(self.cache / "tools" / ".locks" / "go"):
            remove(scratch)
            self._scratch = scratch
            try:
                yield scratch
            finally:
                self._scratch = None
                remove(scratch)

    def _build(self, group: ToolGroup, partial: Path, scratch: Path) -> None:
        if not scratch.exists():
            shutil.copytree(self._standard_library(), scratch / "build", copy_function=_link_output)
            (scratch / "work").mkdir()
        env = {"GOCACHE": f"{scratch}/build", "GOMODCACHE": f"{scratch}/mod", "GOTMPDIR": f"{scratch}/work"}
        partial.mkdir(parents=True)
        self.shell.run(build_argv(group, partial), env=env | _machine_env(), cwd=TOOLS / group.module)
        for old, new in group.rename.items():
            (partial / old).rename(partial / new)
        sizes = {name: (partial / name).stat().st_size for name in group.binaries}
        (partial / _SIZES).write_text(json.dumps(sizes, indent=1) + "\n")

    def _standard_library(self) -> Path:
        """Return a build cache that has Go's standard library, which every build would compile for a minute or two."""
        if not shutil.which("go"):
            raise LocalError("Go is needed to build the cluster's tools: install Go 1.26 or newer and put it on PATH.")
        # a cache that another Go made would not be wrong, only of no use
        key = content_key(TOOLS, (), self.shell.read(["go", "version"]), *_GO_BUILD)
        folder = self.cache / "tools" / f"go-{key}"

        def build(partial: Path) -> None:
            partial.mkdir(parents=True)
            self.shell.run([*_GO_BUILD, "std"], env={"GOCACHE": str(partial)} | _machine_env(), cwd=partial)

        publish(folder, build)
        return folder


def _machine_env() -> dict[str, str]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return build_env(memory, len(os.sched_getaffinity(0)))


def _link_output(source: str, target: str) -> None:
    """Copy a file of Go's build cache; what was compiled is never written again, and is linked."""
    (os.link if source.endswith("-d") else shutil.copy2)(source, target)


def _whole(folder: Path) -> bool:
    """Whether every binary is there, executable and of the size it was built with."""
    try:
        sizes = json.loads((folder / _SIZES).read_text())
        return bool(sizes) and all(
            (folder / name).stat().st_size == size and os.access(folder / name, os.X_OK) for name, size in sizes.items()
        )
    except (OSError, ValueError):
        return False
