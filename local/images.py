"""What images there are, what each is made of, and so what it is called."""

from __future__ import annotations

import shutil
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path

from local.content import content_key, context_sources
from local.errors import LocalError
from local.settings import ETC, REPO
from local.tools import Toolbox

DOCKERFILES = ETC / "dockerfiles"


@dataclass(frozen=True)
class BaseImage:
    """The Debian image that every Dockerfile here starts from.

    Args:
        reference: Its name in Dockerfiles.
        suite: Debian's suite.
        include: Packages beside the minimum.
        exclude: Paths that are not unpacked.
        keep: Paths that are unpacked although `exclude` names them.
        key: Content key.
    """

    reference: str
    suite: str
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    keep: tuple[str, ...]
    key: str


@dataclass(frozen=True)
class Image:
    """An image to build from a Dockerfile.

    Args:
        name: Short name.
        reference: Full name with tag.
        dockerfile: Its Dockerfile.
        key: Content key of all that it is made of.
        binary: The one file of its build context; None when the context is the repository.
        files: Files of this machine that go into the image at the same place.
    """

    name: str
    reference: str
    dockerfile: Path
    key: str
    binary: Path | None = None
    files: tuple[Path, ...] = ()


def read_base(table: Path = ETC / "base.toml") -> BaseImage:
    """Read what the base image is made of."""
    entry = tomllib.loads(table.read_text())
    include, exclude, keep = (tuple(entry[name]) for name in ("include", "exclude", "keep"))
    return BaseImage(
        entry["reference"], entry["suite"], include, exclude, keep, content_key(table.parent, [table])
    )  # fmt: skip


def cluster_images(tools: Toolbox, base: BaseImage, table: Path = ETC / "images.toml") -> list[Image]:
    """List the images of the cluster itself.

    Args:
        tools: Says where binaries are and what they were built from.
        base: The base image.
        table: The declarative table.

    Returns:
        The images, in the table's order.
    """
    images = []
    for name, entry in tomllib.loads(table.read_text()).items():
        dockerfile = DOCKERFILES / entry["dockerfile"]
        on_base = base.key if base.reference in dockerfile.read_text() else ""
        if "binary" not in entry:
            key = content_key(DOCKERFILES, [dockerfile], on_base)
            images.append(Image(name, entry["reference"], dockerfile, key))
            continue
        tool = entry["binary"]
        binary = Path(tool) if tool.startswith("/") else tools.path(tool)
        # A file of the machine is small enough to be hashed itself; until it is installed, its name stands for it.
        made_of = tools.group_of(tool).key if not tool.startswith("/") else _digest(binary)
        files = command_files(entry["command"]) if "command" in entry else ()
        key = content_key(DOCKERFILES, [dockerfile], tool, made_of, on_base, *map(_digest, files))
        images.append(Image(name, entry["reference"], dockerfile, key, binary, files))
    return images


def command_files(command: str) -> tuple[Path, ...]:
    """List a command's file and the libraries that it is linked with.

    Raises:
        LocalError: There is no such command.
    """
    found = shutil.which(command) or shutil.which(command, path="/usr/sbin:/sbin")
    if not found:
        raise LocalError(f"There is no command {command}.")
    linked = subprocess.run(["ldd", found], capture_output=True, text=True, check=True).stdout
    return (Path(found), *libraries(linked))


def libraries(linked: str) -> tuple[Path, ...]:
    """Read the files that `ldd` names."""
    return tuple(Path(word) for line in linked.splitlines() for word in line.split() if word.startswith("/"))


def _digest(path: Path) -> str:
    return content_key(path.parent, [path]) if path.is_file() else str(path)


def project_images(base: BaseImage, repo: Path = REPO, registry: str | None = None) -> list[Image]:
    """List the project's images: every folder below `images/` that has a Dockerfile.

    Args:
        base: The base image.
        repo: The checkout; it is the build context.
        registry: Registry that the images are pushed to; None for images that are loaded into the cluster.

    Returns:
        The images by name. The tag is the content key, so a changed source is another reference.

    Raises:
        LocalError: A Dockerfile takes something from the checkout that is not there.
    """
    images = []
    for dockerfile in sorted((repo / "images").glob("*/Dockerfile")):
        folder = dockerfile.parent
        name = folder.name if folder.name.startswith("swish-") else f"swish-{folder.name}"
        key = content_key(repo, [folder, *_sources(dockerfile, repo)], base.key)
        images.append(Image(name, f"{registry or 'docker.io/library'}/{name}:{key}", dockerfile, key))
    return images


def _sources(dockerfile: Path, repo: Path) -> list[Path]:
    found = []
    for source in context_sources(dockerfile.read_text()):
        matches = sorted(repo.glob(source.strip("./") or "*"))
        if not matches:
            raise LocalError(f"{dockerfile.relative_to(repo)} takes {source} from the checkout, and it is not there.")
        found += matches
    return found
