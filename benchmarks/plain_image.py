"""The environment's image without what makes JupyterLab start fast, to see what that is worth."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks.control_plane import ETC
from local.buildah import Buildah
from local.cluster import LocalCluster
from local.content import content_key
from local.images import Image, project_images, read_base
from local.paths import State
from local.settings import LOCAL_CONTEXT, LocalSettings
from local.shell import Shell
from local.tools import Toolbox

NAME: Final = "swish-plain"
_DOCKERFILE: Final = ETC / "plain.Dockerfile"
_REQUIREMENTS: Final = ETC / "plain-requirements.txt"


def dockerfile(reference: str) -> str:
    """Return how it is made of the image that this is the name of."""
    return _DOCKERFILE.read_text().format(reference=reference)


def plain_image(name: str, folder: Path) -> tuple[Image, Image]:
    """Return one of the project's images and the plain one that is made of it.

    Args:
        name: of the project's image.
        folder: for the Dockerfile.
    """
    (image,) = (one for one in project_images(read_base()) if one.name == name)
    place = folder / "Dockerfile"
    place.write_text(dockerfile(image.reference))
    key = content_key(ETC, [_REQUIREMENTS], place.read_text())
    return image, Image(NAME, f"docker.io/library/{NAME}:{key}", place, key, _REQUIREMENTS)


@contextlib.contextmanager
def plain_on_the_node(context: str, name: str, settings: LocalSettings) -> Iterator[str]:
    """Have the plain image on the local cluster's node until the block ends, and give its name.

    Raises:
        SystemExit: it is another cluster, which no image can be brought into from here.
    """
    if context != LOCAL_CONTEXT:
        raise SystemExit(f"error: the plain image can be brought into the local cluster alone, not into {context}")
    with tempfile.TemporaryDirectory() as folder:
        shell = Shell(Path(folder) / "log")
        buildah = Buildah(settings.cache, shell, read_base())
        cluster = LocalCluster(State(), Toolbox(settings.cache, shell), shell)
        image, plain = plain_image(name, Path(folder))
        buildah.ensure(image)
        buildah.ensure(plain)
        cluster.import_image(plain.reference, plain.key, buildah.archive(plain.name, plain.key))
        try:
            yield plain.reference
        finally:
            shell.ok(cluster.ctr("images", "rm", plain.reference))
