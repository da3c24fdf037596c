"""What is kept of containerd's folder, and for whom."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from local import mounts
from local.errors import LocalError
from local.paths import State
from local.store import Store

OURS = "containerd-1234"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A cluster that has images and a container, and an empty cache."""
    state = State(tmp_path / "state", tmp_path / "volumes")
    for folder in ("io.containerd.content.v1.content", "io.containerd.grpc.v1.cri", "io.containerd.runtime.v2.task"):
        (state.containerd_root / folder).mkdir(parents=True)
        (state.containerd_root / folder / "file").touch()
    state.imported.write_text("{}")
    return Store(state, tmp_path / "cache")


def test_images_are_taken_back(store: Store) -> None:
    """With the record of what they were made of."""
    assert store.keep(OURS)
    assert not store.state.containerd_root.exists()
    assert store.take(OURS)
    assert store.state.imported.exists()
    assert (store.state.containerd_root / "io.containerd.content.v1.content" / "file").exists()


def test_of_containers_nothing_is_kept(store: Store) -> None:
    """Their folders go."""
    store.keep(OURS)
    assert {path.name for path in (store.place / OURS).iterdir()} == {
        "io.containerd.content.v1.content",
        "swish-imported.json",
    }


def test_another_containerd_begins_anew(store: Store) -> None:
    """And what it cannot use is removed."""
    store.keep(OURS)
    assert not store.take("containerd-5678")
    assert not store.place.exists()


def test_a_cluster_that_has_images_keeps_them(store: Store, tmp_path: Path) -> None:
    """Nothing comes in the place of its own."""
    store.keep(OURS)
    store.state.containerd_root.mkdir()
    assert not store.take(OURS)
    assert list(store.state.containerd_root.iterdir()) == []


def test_the_last_ones_replace_those_before(store: Store) -> None:
    """Of any version: there is only ever one."""
    store.keep("containerd-5678")
    (store.state.containerd_root).mkdir()
    assert store.keep(OURS)
    assert {path.name for path in store.place.iterdir()} == {OURS, "kept-by-swish"}


def test_somebody_elses_folder_stays(store: Store) -> None:
    """Under the name that ours would have; nothing is kept then."""
    theirs = store.place / OURS / "io.containerd.content.v1.content" / "blob"
    theirs.parent.mkdir(parents=True)
    theirs.touch()
    assert not store.keep(OURS)
    assert theirs.exists()
    mounts.remove_folder(store.state.containerd_root)
    assert not store.take(OURS)
    assert theirs.exists()


def test_behind_a_mount_nothing_is_removed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """As one that cannot be unmounted would have it: a user's volume may lie there."""
    task = store.state.containerd_root / "io.containerd.runtime.v2.task"
    monkeypatch.setattr(mounts, "unmount_all", lambda _root: 1)
    monkeypatch.setattr(mounts, "now", lambda root: [task] if root == task else [])
    with pytest.raises(LocalError, match="stays mounted"):
        store.keep(OURS)
    assert (task / "file").exists()


def test_a_cache_on_another_file_system_keeps_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """To copy would take as long as to unpack."""

    def rename(_path: Path, _target: Path) -> Path:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(Path, "rename", rename)
    assert not store.keep(OURS)
    assert store.state.containerd_root.exists()


def test_without_a_containerd_there_is_nothing_to_clear(store: Store) -> None:
    """So nothing is kept either."""
    assert store.clear(shell=None) == ""  # type: ignore[arg-type]  # none is needed
