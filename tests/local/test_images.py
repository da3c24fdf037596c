"""What images are made of, what they are called and where they come from."""

import re
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from local.buildah import bud_words, mirrors, mmdebstrap_argv, stale, whole
from local.errors import LocalError
from local.images import cluster_images, libraries, project_images, read_base
from local.packages import install_argv, missing, read_packages
from local.settings import ETC, REPO, VALUES
from local.shell import Shell
from local.tools import Toolbox


@pytest.fixture
def images(tmp_path):
    """The cluster's images by name, as this checkout has them; what is of the machine is not there."""
    table = tmp_path / "images.toml"
    # The machine may have no nft: what a command brings along is the machine's, not the table's.
    table.write_text(re.sub(r"^command = .*$", "", (ETC / "images.toml").read_text(), flags=re.MULTILINE))
    found = cluster_images(Toolbox(tmp_path, Shell(tmp_path / "log")), read_base(), table)
    return {image.name: image for image in found}


def test_kubeadm_finds_its_images(images):
    """The images are called as kubeadm will ask for them: repository and tags of etc/kubeadm.yaml."""
    documents = yaml.safe_load_all((ETC / "kubeadm.yaml").read_text())
    (cluster,) = [document for document in documents if document["kind"] == "ClusterConfiguration"]
    repository, version = cluster["imageRepository"], cluster["kubernetesVersion"]
    for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy"):
        assert images[name].reference == f"{repository}/{name}:{version}"
    assert images["etcd"].reference == f"{repository}/etcd:{cluster['etcd']['local']['imageTag']}"
    assert images["coredns"].reference == f"{repository}/coredns:{cluster['dns']['imageTag']}"


def test_containerd_finds_the_pause_image(images):
    """Containerd's sandbox image is the one that is built."""
    assert f'sandbox = "{images["pause"].reference}"' in (ETC / "containerd.toml").read_text()


def test_storage_finds_its_images(images):
    """The provisioner and its helper run images that are built."""
    text = (ETC / "storage.yaml").read_text()
    assert set(re.findall(r"image: (\S+)", text)) == {
        images["local-path-provisioner"].reference,
        read_base().reference,
    }


def test_monitoring_finds_its_images(images):
    """What the chart is told to run on this cluster is built."""
    stack = yaml.safe_load(VALUES.read_text())["monitoring"]["stack"]
    assert stack["kubeStateMetrics"]["image"] == images["kube-state-metrics"].reference
    assert {stack[name]["image"] for name in ("prometheus", "alertmanager")} == {images["monitoring"].reference}


def test_an_image_without_a_binary_is_its_dockerfile_and_the_base(tmp_path):
    """It is built anew when one of these changes."""
    table = tmp_path / "images.toml"
    table.write_text('[monitoring]\nreference = "a/b:c"\ndockerfile = "monitoring.Dockerfile"\n')
    tools, base = Toolbox(tmp_path, Shell(tmp_path / "log")), read_base()
    ((one,), (other,)) = (cluster_images(tools, of, table) for of in (base, replace(base, key="other")))
    assert one.binary is None
    assert one.key != other.key


def test_versions_are_those_of_the_modules(images):
    """An image's tag is the version that its go.mod pins."""
    pins = {
        "kube-apiserver": ("kubernetes", "k8s.io/kubernetes"),
        "etcd": ("etcd", "go.etcd.io/etcd/server/v3"),
        "coredns": ("kubernetes", "github.com/coredns/coredns"),
        "local-path-provisioner": ("kubernetes", "github.com/rancher/local-path-provisioner"),
        "kube-state-metrics": ("kube-state-metrics", "k8s.io/kube-state-metrics/v2"),
    }
    for name, (group, module) in pins.items():
        gomod = (REPO / "local" / "tools" / group / "go.mod").read_text()
        assert re.search(rf"{module} {images[name].reference.rpartition(':')[2]}(?:\s|$)", gomod)


@pytest.fixture
def checkout(tmp_path):
    """A checkout with one image that takes a file of the checkout."""
    (tmp_path / "images" / "hub").mkdir(parents=True)
    (tmp_path / "images" / "hub" / "Dockerfile").write_text("FROM debian\nCOPY source.txt /\n")
    (tmp_path / "images" / "notes").mkdir()
    (tmp_path / "source.txt").write_text("1")
    return tmp_path


def test_folders_with_a_dockerfile_are_images(checkout):
    """A folder with a Dockerfile is an image called swish-<folder>; another folder is not."""
    (image,) = project_images(read_base(), checkout)
    assert re.fullmatch(r"docker\.io/library/swish-hub:[0-9a-f]{12}", image.reference)


def test_registry_is_in_the_name(checkout):
    """For a registry the name says where to pull from."""
    (image,) = project_images(read_base(), checkout, "registry.example.org/team")
    assert image.reference.startswith("registry.example.org/team/swish-hub:")


def test_tag_follows_the_sources(checkout):
    """A change of what a Dockerfile takes from the checkout is another tag; a change elsewhere is not."""
    (before,) = project_images(read_base(), checkout)
    (checkout / "unrelated.txt").write_text("x")
    assert project_images(read_base(), checkout) == [before]
    (checkout / "source.txt").write_text("2")
    assert project_images(read_base(), checkout) != [before]


def test_missing_source_is_named(checkout):
    """A Dockerfile that takes what is not there is named, with what it takes."""
    (checkout / "source.txt").unlink()
    with pytest.raises(LocalError, match=r"images/hub/Dockerfile takes source\.txt"):
        project_images(read_base(), checkout)


def test_three_images_of_this_checkout():
    """Hub, proxy and the Python 3 environment are found and carry the names that chart and policy use."""
    assert {"swish-hub", "swish-proxy", "swish-python3"} <= {image.name for image in project_images(read_base())}


TARGETS = """\
http://mirror.example.org/debian/ bookworm main
http://mirror.example.org/debian/ bookworm-updates main
http://mirror.example.org/debian/ bookworm main
http://mirror.example.org/debian-security/ bookworm-security main
http://mirror.example.org/debian/ bookworm contrib
https://packages.example.org/node nodistro main
"""


def test_mirrors_are_the_machines():
    """The base image comes from where apt gets Debian here, once each, and from nowhere else."""
    assert mirrors(TARGETS, "trixie") == [
        "deb http://mirror.example.org/debian/ trixie main",
        "deb http://mirror.example.org/debian/ trixie-updates main",
        "deb http://mirror.example.org/debian-security/ trixie-security main",
    ]


def test_no_mirror_of_debian():
    """Where apt knows only another distribution, the choice is mmdebstrap's."""
    assert mirrors("http://archive.example.org/ubuntu/ noble main\n", "trixie") == []


def test_mmdebstrap_argv():
    """The base image is the minimum of its suite, checked with Debian's keys, from the given sources."""
    argv = mmdebstrap_argv(read_base(), Path("/t/root.tar"), ["deb http://m trixie main"])
    assert argv[0] == "mmdebstrap"
    assert argv[-3:] == ["trixie", "/t/root.tar", "deb http://m trixie main"]
    assert "--keyring=/usr/share/keyrings/debian-archive-keyring.gpg" in argv


def test_authorities_are_seen_and_not_kept():
    """A build gets the machine's certificate authorities as a read-only mount, if it has any."""
    assert any(word.endswith(":ro") for word in bud_words(authorities=True))
    assert "--volume" not in bud_words(authorities=False)


def test_archives_kept_are_the_newest_two():
    """Of an image two archives stay; another image whose name begins the same is left alone."""
    old, older, new = (Path(f"hub-{digit * 12}.tar") for digit in "abc")
    other = Path(f"hub-extra-{'d' * 12}.tar")
    assert stale([older, other, old, new], "hub", new) == [older]


def make_archive(path):
    """Write something that has the shape of an OCI archive."""
    source = path.parent / "content"
    source.write_text("x" * 5000)
    with tarfile.open(path, "w") as stream:
        for name in ("oci-layout", "index.json", "blobs/sha256/0123"):
            stream.add(source, name)


def test_whole_archive(tmp_path):
    """An archive with everything in it is whole."""
    make_archive(tmp_path / "a.tar")
    assert whole(tmp_path / "a.tar")


@pytest.mark.parametrize("left", [0, 100, 2000, 7000, 12000])
def test_archive_cut_short_is_not_whole(tmp_path, left):
    """An archive that was cut anywhere is noticed before it is imported."""
    path = tmp_path / "a.tar"
    make_archive(path)
    path.write_bytes(path.read_bytes()[:left])
    assert not whole(path)


def test_absent_archive_is_not_whole(tmp_path):
    """An archive that is not there is not whole."""
    assert not whole(tmp_path / "a.tar")


LDD = """\
\tlinux-vdso.so.1 (0x00007fad188ba000)
\tlibnftables.so.1 => /lib/x86_64-linux-gnu/libnftables.so.1 (0x00007fad187c7000)
\t/lib64/ld-linux-x86-64.so.2 (0x00007fad188bc000)
"""


def test_libraries():
    """The libraries of a command and its loader are read from ldd; what the kernel provides is no file."""
    assert libraries(LDD) == (
        Path("/lib/x86_64-linux-gnu/libnftables.so.1"),
        Path("/lib64/ld-linux-x86-64.so.2"),
    )


def test_only_missing_packages_are_installed():
    """A package whose evidence is there is not asked for."""
    assert missing({"one": "a", "two": "/b", "three": "c"}, lambda evidence: evidence != "/b") == ["two"]
    assert install_argv(["two"])[-2:] == ["--no-install-recommends", "two"]


def test_package_table_names_what_the_cluster_runs():
    """The commands that the cluster runs are each brought by a package."""
    assert {"runc", "buildah", "nft", "socat", "catatonit"} <= set(read_packages().values())
