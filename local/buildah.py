"""Building images without a daemon or a registry; each is kept as one OCI archive in the cache."""

from __future__ import annotations

import json
import re
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local import mounts
from local.cache import locked, publish
from local.errors import CommandError
from local.images import BaseImage, Image
from local.settings import REPO
from local.shell import Shell

AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
_KEPT = 2
_TRIES = 3
_LABEL = "io.swish.base"
_COMPRESSION = ("--compression-format", "zstd", "--compression-level", "1")


@dataclass(frozen=True)
class Buildah:
    """Builds with Debian's buildah, with a store of its own below the cache.

    Args:
        cache: Folder of built artefacts.
        shell: Runs the commands.
        base: The base image, made on demand.
    """

    cache: Path
    shell: Shell
    base: BaseImage

    def archive(self, name: str, key: str) -> Path:
        """Where an image's archive is, once built."""
        return self.cache / "images" / f"{name}-{key}.tar"

    def ensure(self, image: Image) -> bool:
        """Make sure that an image's archive is in the cache.

        Returns:
            Whether it had to be built.

        Raises:
            CommandError: The build failed.
        """
        archive = self.archive(image.name, image.key)
        built = publish(archive, lambda partial: self._build(image, partial), whole)
        if built:
            for old in stale(sorted(archive.parent.glob(f"{image.name}-*.tar"), key=_age), image.name, archive):
                old.unlink(missing_ok=True)
        return built

    def ensure_base(self) -> bool:
        """Make sure that the base image's archive is in the cache; returns whether it had to be built."""
        return publish(self.archive("debian", self.base.key), self._bootstrap, whole)

    def _argv(self, *words: str) -> list[str]:
        store = self.cache / "buildah"
        return ["buildah", "--root", f"{store}/root", "--runroot", f"{store}/run", *words]

    def _run(self, *words: str) -> str:
        # Its temporary folders go where the next run finds and removes them.
        return self.shell.run(self._argv(*words), env={"TMPDIR": str(self.cache / "buildah" / "scratch")})

    @contextmanager
    def _store(self) -> Iterator[Path]:
        """Hold the store, clear what a killed build left in it, and give a scratch folder."""
        scratch = self.cache / "buildah" / "scratch"
        with locked(self.cache / "buildah" / "lock"):
            # By way of `mounts`: a killed build may have left the machine's /dev mounted in there.
            mounts.remove_folder(scratch)
            scratch.mkdir(parents=True)
            self._run("rm", "--all")
            with tempfile.TemporaryDirectory(dir=scratch) as folder:
                yield Path(folder)

    def _bootstrap(self, partial: Path) -> None:
        with self._store() as scratch:
            self.shell.run(mmdebstrap_argv(self.base, scratch / "root.tar", self._mirrors()))
            lines = ["FROM scratch", "ADD root.tar /", f"LABEL {_LABEL}={self.base.key}", 'CMD ["bash"]']
            (scratch / "Dockerfile").write_text("\n".join(lines) + "\n")
            self._bud(["--file", f"{scratch}/Dockerfile", "--tag", self.base.reference, str(scratch)])
            self._push(self.base.reference, partial)

    def _build(self, image: Image, partial: Path) -> None:
        self.ensure_base()
        with self._store() as scratch:
            self._load_base()
            words = ["--file", str(image.dockerfile), "--tag", image.reference]
            context = REPO
            if image.binary:
                shutil.copy2(image.binary, scratch)
                for file in image.files:
                    place = scratch / "root" / file.relative_to("/")
                    place.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy2(file, place)
                words += ["--build-arg", f"BINARY={image.binary.name}"]
                context = scratch
            self._bud([*words, str(context)])
            self._push(image.reference, partial)
            self._forget_older(image.reference)

    def _bud(self, words: list[str]) -> None:
        for left in reversed(range(_TRIES)):
            try:
                self._run(*bud_words(AUTHORITIES.exists()), *words)
            except CommandError as failure:
                # A race in buildah's chroot isolation, met about once in ten builds.
                if not left or "sealing memfd copy" not in failure.output:
                    raise
            else:
                return

    def _load_base(self) -> None:
        """Put the base image into the store if this one is not there."""
        if self.shell.ok(self._argv("inspect", "--type", "image", self.base.reference)):
            text = self.shell.read(self._argv("inspect", "--type", "image", self.base.reference))
            if _labels(text).get(_LABEL) == self.base.key:
                return
        archive = self.archive("debian", self.base.key)
        self._run("pull", f"oci-archive:{archive}")

    def _forget_older(self, reference: str) -> None:
        """Remove an image's older builds from the store; layers that the new one shares stay."""
        for name in self._run("images", "--format", "{{.Name}}:{{.Tag}}").split():
            if name.rpartition(":")[0] == reference.rpartition(":")[0] and name != reference:
                self.shell.ok(self._argv("rmi", name))

    def _push(self, reference: str, partial: Path) -> None:
        # gzip, which is the default, takes longer than many a build, and containerd as long again to undo it
        self._run("push", *_COMPRESSION, reference, f"oci-archive:{partial}:{reference}")

    def _mirrors(self) -> list[str]:
        words = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME) $(COMPONENT)", "Created-By: Packages"]
        return mirrors(self.shell.read(words), self.base.suite)


def bud_words(authorities: bool) -> list[str]:
    """Give buildah's words for a build: no daemon, the machine's network, layers kept for the next time.

    Args:
        authorities: Whether the machine has a list of certificate authorities. A build sees it and does not keep it.
    """
    mount = ["--volume", f"{AUTHORITIES}:{AUTHORITIES}:ro"] if authorities else []
    return ["bud", "--isolation", "chroot", "--layers", "--network", "host", "--pull-never", *mount]


def mirrors(targets: str, suite: str) -> list[str]:
    """Choose where to make the base image from: where apt gets Debian itself on this machine.

    Args:
        targets: Lines `URI codename component` of `apt-get indextargets`.
        suite: Debian's suite.

    Returns:
        apt source lines for the suite, its updates and its security updates; empty when the machine's apt knows no
        mirror of Debian, which leaves the choice to mmdebstrap.
    """
    lines = []
    for line in dict.fromkeys(targets.splitlines()):
        address, codename, component = [*line.split(), "", "", ""][:3]
        kind = re.fullmatch(r"(?:bullseye|bookworm|trixie|forky|sid)(-updates|-security)?", codename)
        if component == "main" and kind and re.search(r"/debian(-security)?/?$", address):
            lines.append(f"deb {address} {suite}{kind.group(1) or ''} main")
    return list(dict.fromkeys(lines))


def mmdebstrap_argv(base: BaseImage, target: Path, sources: list[str]) -> list[str]:
    """Give the command that makes the base image's file system.

    Args:
        base: What it is made of.
        target: The tar file to make.
        sources: apt source lines; empty for mmdebstrap's own choice.
    """
    argv = ["mmdebstrap", "--mode=root", "--variant=minbase", f"--include={','.join(base.include)}"]
    argv += [f"--dpkgopt=path-exclude={path}" for path in base.exclude]
    argv += [f"--dpkgopt=path-include={path}" for path in base.keep]
    keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
    return [*argv, f"--keyring={keyring}", base.suite, str(target), *sources]


def whole(archive: Path) -> bool:
    """Whether an OCI archive is there and not cut short."""
    try:
        with tarfile.open(archive) as stream:
            names = set(stream.getnames())
            size = archive.stat().st_size
            ends = all(member.offset_data + member.size <= size for member in stream.getmembers())
    except (OSError, tarfile.TarError):
        return False
    return ends and {"index.json", "oci-layout"} <= {name.removeprefix("./") for name in names}


def stale(archives: list[Path], name: str, newest: Path) -> list[Path]:
    """List the archives of an image that may go: all but the newest two.

    Args:
        archives: Candidates, oldest first.
        name: The image's name; `hub` is not `hub-extra`.
        newest: The one just built.
    """
    mine = [path for path in archives if re.fullmatch(rf"{re.escape(name)}-[0-9a-f]{{12}}\.tar", path.name)]
    others = [path for path in mine if path != newest]
    return others[: -(_KEPT - 1)]


def _age(path: Path) -> float:
    return path.stat().st_mtime


def _labels(inspected: str) -> dict[str, str]:
    config = json.loads(inspected).get("OCIv1", {}).get("config", {})
    return dict(config.get("Labels") or {})
