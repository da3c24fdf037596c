"""What is known of the local cluster's images."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from local.cluster import LocalCluster, images_of
from local.images import Image
from local.paths import State

IMAGES = [Image(f"swish-{n}", f"docker.io/library/swish-{n}:1", Path("Dockerfile"), str(n)) for n in range(20)]


def make_cluster(root: Path) -> LocalCluster:
    """Return a cluster in a folder of the test's own, with a containerd that has every image."""
    shell = SimpleNamespace(run=lambda _: "\n".join(image.reference for image in IMAGES))
    tools: Any = SimpleNamespace(path=Path)
    return LocalCluster(State(root), tools, cast("Any", shell))


def test_images_that_are_imported_at_once_are_all_remembered(tmp_path: Path):
    """Otherwise one of them would be imported again by every `make up`."""
    cluster = make_cluster(tmp_path)
    cluster.state.containerd_root.mkdir()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda image: cluster.import_image(image.reference, image.key, tmp_path), IMAGES))
    assert cluster.absent(IMAGES) == []


def test_a_cluster_that_was_made_of_something_else_is_outdated(tmp_path: Path):
    """Whoever keeps one over an update is told; one that this checkout made is not."""
    cluster = make_cluster(tmp_path)
    cast("Any", cluster.tools).groups = {"etcd": SimpleNamespace(name="etcd", key="1", cluster=True)}
    cluster._write_booted({"made_of": cluster._made_of()})
    assert not cluster.outdated()
    cast("Any", cluster.tools).groups["etcd"].key = "2"
    assert cluster.outdated()
    cluster._write_booted({"tools": {"etcd": "2"}, "storage": ""})
    assert cluster.outdated()


def test_an_image_is_in_use_by_every_name_that_a_pod_has_for_it():
    """Of all its containers, as they were asked for and as the kubelet calls what it runs."""
    pod = {
        "spec": {"containers": [{"image": "a:1"}, {"image": "b:1"}], "initContainers": [{"image": "c:1"}]},
        "status": {"phase": "Running", "containerStatuses": [{"image": "docker.io/a:1"}]},
    }
    assert images_of(pod) == {"a:1", "b:1", "c:1", "docker.io/a:1"}


def test_a_pod_that_has_not_begun_uses_what_it_asks_for():
    """Nothing is said of its containers yet."""
    assert images_of({"spec": {"containers": [{"image": "a:1"}]}}) == {"a:1"}
