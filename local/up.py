"""`up`: from whatever there is to a hub that answers."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from pathlib import Path

from local import daemons, machine, preflight, teardown
from local.buildah import Buildah
from local.cache import locked
from local.cluster import LocalCluster
from local.contexts import Target, build_argv, create_kind_argv, find_builder, load_argvs
from local.errors import LocalError
from local.images import Image, cluster_images, project_images, read_base
from local.install import Installation, complaint
from local.packages import ensure_packages
from local.paths import State
from local.progress import Progress
from local.settings import REPO, LocalSettings
from local.shell import Shell
from local.store import Store
from local.tools import Toolbox

LOCK = Path("/run/lock/swish-local")


def check_machine(settings: LocalSettings, state: State, tools: Toolbox) -> None:
    """Refuse a machine that cannot carry the local cluster, before anything is changed.

    Raises:
        LocalError: Everything that stands in the way, a line each.
    """
    cached = all(tools.ready(group) for group in tools.groups.values() if group.cluster)
    forwarder = daemons.read_record(state.run / "forwarder.json")
    ours = bool(forwarder.child) and any(f"TCP-LISTEN:{settings.port}," in word for word in forwarder.argv)
    facts = preflight.gather(state, settings.cache, settings.port, tools_cached=cached, forwarding=ours)
    found = preflight.problems(facts, settings.port)
    if found:
        raise LocalError("\n".join(found))


def up_local(settings: LocalSettings, state: State, shell: Shell, progress: Progress) -> None:
    """Boot the local cluster, or go on where an interrupted run stopped; what is done already is left alone."""
    tools = Toolbox(settings.cache, shell)
    with progress.step("Look at this machine"):
        check_machine(settings, state, tools)
    with progress.step("Debian packages") as step:
        installed = ensure_packages(shell)
        step.did = f"installed {len(installed)}" if installed else "all there"
    buildah = Buildah(settings.cache, shell, read_base())
    wanted = [group for group in tools.groups.values() if group.cluster]
    unbuilt = [] if all(map(tools.ready, wanted)) else project_images(buildah.base)
    # To compile leaves disk and network idle.
    with meanwhile(buildah.ensure, unbuilt):
        with tools.building():
            for group in wanted:
                with progress.step(f"Tools: {group.name}") as step:
                    step.did = "built" if tools.ensure(group) else "cached"
        _up_cluster(LocalCluster(state, tools, shell), buildah, progress)


@contextlib.contextmanager
def meanwhile(
    work: Callable[[Image], object], images: Iterable[Image], lanes: int = 1
) -> Iterator[list[Future[object]]]:
    """Do something to images, so many at a time, while the block does something else; give it what is under way.

    What is not begun when the block ends is left. What fails here fails again, and is told, in the image's own step.
    """
    with ThreadPoolExecutor(lanes) as pool:
        try:
            yield [pool.submit(work, image) for image in images]
        finally:
            pool.shutdown(cancel_futures=True)


def _up_cluster(cluster: LocalCluster, buildah: Buildah, progress: Progress) -> None:
    state, shell = cluster.state, cluster.shell
    if cluster.half_booted:
        progress.say("An earlier run was ended in the middle of booting; what it left is removed first.")
        teardown.teardown(state, shell, progress)
    with progress.step("Prepare the machine"):
        machine.prepare(state, shell)
    _boot(cluster, buildah, progress)
    if cluster.outdated():
        progress.say("The cluster was made by another version of this checkout: make down and make up renew it.")


def _boot(cluster: LocalCluster, buildah: Buildah, progress: Progress) -> None:
    with progress.step("containerd") as step:
        version = cluster.tools.folder(cluster.tools.groups["containerd"]).name
        kept = Store(cluster.state, buildah.cache).take(version)
        started = cluster.start_containerd()
        step.did = "started, with the images of the last cluster" if kept else "started" if started else "running"
    base = buildah.base
    wanted = [*cluster_images(cluster.tools, base), Image("debian", base.reference, REPO, base.key)]
    bring_images(cluster, buildah, wanted, progress, "Images of the cluster")
    soon = [] if cluster.booted else cluster.absent(project_images(base))
    # A cluster that boots waits more than it works, and one import alone keeps neither both cores nor the disk busy.
    with meanwhile(partial(_import_cached, cluster, buildah), soon, lanes=2) as imports:
        with progress.step("kubelet") as step:
            step.did = "started" if cluster.start_kubelet() else "running"
        if not cluster.booted:
            with progress.step("Kubernetes by kubeadm"):
                cluster.boot()
        with progress.step("Wait for Kubernetes"):
            cluster.wait_api()
            cluster.apply_storage()
            cluster.wait_ready()
        if imports:
            with progress.step("Images from the cache"):
                wait(imports)


def _import_cached(cluster: LocalCluster, buildah: Buildah, image: Image) -> None:
    archive = buildah.archive(image.name, image.key)
    if archive.exists():
        cluster.import_image(image.reference, image.key, archive)


def bring_images(cluster: LocalCluster, buildah: Buildah, images: list[Image], progress: Progress, title: str) -> None:
    """Make sure that containerd has these images, from the cache or built now."""
    absent = cluster.absent(images)
    if not absent:
        with progress.step(title) as step:
            step.did = "all there"
    for image in absent:
        with progress.step(f"Image {image.name}") as step:
            built = buildah.ensure_base() if image.name == "debian" else buildah.ensure(image)
            cluster.import_image(image.reference, image.key, buildah.archive(image.name, image.key))
            step.did = "built and imported" if built else "imported"


def project_into_local(cluster: LocalCluster, cache: Path, progress: Progress) -> list[Image]:
    """Bring the project's images into the local cluster."""
    buildah = Buildah(cache, cluster.shell, read_base())
    images = project_images(buildah.base)
    bring_images(cluster, buildah, images, progress, "Images of Swish")
    return images


def project_into_other(target: Target, settings: LocalSettings, shell: Shell, progress: Progress) -> list[Image]:
    """Build the project's images with what is here and bring them into a cluster that is not ours.

    Raises:
        LocalError: Nothing here builds images, or the cluster cannot be loaded and no registry is set.
    """
    images = project_images(read_base(), registry=settings.registry)
    with tempfile.TemporaryDirectory(prefix="swish-images-") as folder:
        for image in images:
            builder = find_builder()
            archive = f"{folder}/{image.name}.tar"
            loads = load_argvs(target, builder, image.reference, settings.registry, archive)
            with progress.step(f"Image {image.name}") as step:
                dockerfile = str(image.dockerfile.relative_to(REPO))
                shell.run(build_argv(builder, image.reference, dockerfile), cwd=REPO)
                for argv in loads:
                    shell.run(argv, cwd=REPO)
                step.did = f"by {builder}"
    return images


def ensure_kind(target: Target, shell: Shell, progress: Progress) -> None:
    """Make sure that the kind cluster is there."""
    with progress.step("kind cluster") as step:
        there = target.context.removeprefix("kind-") in shell.run(["kind", "get", "clusters"]).split()
        if not there:
            shell.run(create_kind_argv())
        step.did = "there" if there else "made"


def install_and_wait(
    installation: Installation, images: list[Image], settings: LocalSettings, progress: Progress, direct: bool
) -> str:
    """Install the chart, open the address and wait until the hub answers.

    Returns:
        The address.

    Raises:
        LocalError: The hub did not answer within three minutes.
    """
    with progress.step("Install Swish") as step:
        step.did = "installed" if installation.install(images, settings.values) else "nothing changed"
    with progress.step("Wait for the hub"):
        url = installation.forward(settings.port, direct)
        where = installation.shell.log
        hint = f"The hub did not answer at {url} (see make status and {where})"
        try:
            daemons.wait_for(lambda: not complaint(url), 180, hint)
        except LocalError as error:
            raise LocalError(f"{error} Its last answer: {complaint(url)}") from None
    return url


def alone(work: Callable[[], None], lock: Path = LOCK) -> None:
    """Do something to the local cluster while nobody else does.

    Raises:
        LocalError: Somebody else does.
    """
    with locked(lock, wait=False):
        # What a killed `up` was waiting for may still be at work; two kubeadms would be one too many.
        daemons.end(daemons.marked(daemons.COMMAND), 3)
        work()
        lock.unlink(missing_ok=True)
