"""The artefact cache and its keys."""

import os
import threading
from pathlib import Path

import pytest

from local.cache import locked, publish, remove
from local.content import content_key, context_sources
from local.errors import LocalError

DOCKERFILES = [
    ("a file", "COPY a.txt /", ("a.txt",)),
    ("several", "COPY a b dir/ /to/", ("a", "b", "dir/")),
    ("flags", "COPY --chown=1:1 --link a /", ("a",)),
    ("another stage", "COPY --from=build /x /", ()),
    ("a list", 'COPY ["a", "b", "/"]', ("a", "b")),
    ("over two lines", "COPY a \\\n  b \\\n  /to/", ("a", "b")),
    ("a bind mount", "RUN --mount=type=bind,source=lock.json,target=/l npm ci", ("lock.json",)),
    ("a mount of a stage", "RUN --mount=type=bind,from=build,source=/x,target=/x true", ()),
    ("small letters", "copy a /", ("a",)),
    ("a comment", "# COPY a /", ()),
]


@pytest.mark.parametrize(("why", "text", "sources"), DOCKERFILES, ids=[row[0] for row in DOCKERFILES])
def test_context_sources(why, text, sources):
    """What a Dockerfile takes from the checkout is found, whatever way it is written."""
    assert context_sources(f"FROM x\n{text}\n") == sources


def test_key_ignores_what_python_leaves(tmp_path):
    """Caches that appear when code runs are no change."""
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "a.py").write_text("1")
    before = content_key(tmp_path, [tmp_path / "p"])
    (tmp_path / "p" / "__pycache__").mkdir()
    (tmp_path / "p" / "__pycache__" / "a.cpython-311.pyc").write_text("x")
    assert content_key(tmp_path, [tmp_path / "p"]) == before


CHANGES = [
    ("other bytes", lambda root: (root / "a").write_text("2")),
    ("another name", lambda root: (root / "a").rename(root / "b")),
    ("executable", lambda root: (root / "a").chmod(0o755)),
    ("another file", lambda root: (root / "b").write_text("")),
]


@pytest.mark.parametrize(("why", "change"), CHANGES, ids=[row[0] for row in CHANGES])
def test_key_follows_every_change(tmp_path, why, change):
    """A change of bytes, name, mode or number of files is another key."""
    (tmp_path / "a").write_text("1")
    before = content_key(tmp_path, [tmp_path])
    change(tmp_path)
    assert content_key(tmp_path, [tmp_path]) != before


def test_key_is_the_same_in_two_checkouts(tmp_path):
    """Where a checkout lies does not matter."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a").write_text("1")
    assert content_key(tmp_path / "one", [tmp_path / "one"]) == content_key(tmp_path / "two", [tmp_path / "two"])


def test_extra_texts_do_not_run_together():
    """Two texts are not the same as one made of both."""
    assert content_key(Path(), [], "ab", "c") != content_key(Path(), [], "a", "bc")


def write_whole(partial: Path) -> None:
    """Build an artefact."""
    partial.write_text("whole")


def test_failed_build_leaves_nothing(tmp_path):
    """A build that fails half way publishes nothing, and the next one starts clean."""

    def fail(partial: Path) -> None:
        partial.write_text("half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        publish(tmp_path / "artefact", fail)
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == []
    assert publish(tmp_path / "artefact", write_whole)
    assert (tmp_path / "artefact").read_text() == "whole"


def test_leftover_of_a_killed_build_is_removed(tmp_path):
    """What a killed build left is neither used nor kept."""
    leftover = tmp_path / ".artefact.1234.partial"
    leftover.write_text("half")
    publish(tmp_path / "artefact", write_whole)
    assert not leftover.exists()


def test_published_is_not_built_again(tmp_path):
    """An artefact that is there is used."""
    (tmp_path / "artefact").write_text("there")
    assert not publish(tmp_path / "artefact", lambda _partial: pytest.fail("built again"))


def test_broken_artefact_is_replaced(tmp_path):
    """An artefact that the check finds broken is built again."""
    artefact = tmp_path / "artefact"
    artefact.write_text("cut")
    assert publish(artefact, write_whole, lambda p: p.read_text() == "whole")
    assert artefact.read_text() == "whole"


def test_two_builders_build_once(tmp_path):
    """Two runs at once build an artefact once; both have it."""
    built = []
    barrier = threading.Barrier(2)

    def run() -> None:
        barrier.wait()
        publish(tmp_path / "artefact", lambda partial: built.append(partial.write_text("whole")))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(built) == 1


def test_lock_is_exclusive(tmp_path):
    """Whoever comes second is told, and may come again when the first is done."""
    again = rf"Another .*\(process {os.getpid()}\)"
    with locked(tmp_path / "lock"), pytest.raises(LocalError, match=again), locked(tmp_path / "lock", wait=False):
        pytest.fail("held twice")
    with locked(tmp_path / "lock", wait=False):
        assert (tmp_path / "lock").exists()


def test_lock_ends_with_its_holder(tmp_path):
    """A holder that is killed holds nothing any more."""
    child = os.fork()
    if not child:
        context = locked(tmp_path / "lock")
        context.__enter__()
        os.kill(os.getpid(), 9)
    os.waitpid(child, 0)
    with locked(tmp_path / "lock", wait=False):
        assert True


def test_remove_read_only_folder(tmp_path):
    """Go's module cache is read-only and goes all the same."""
    folder = tmp_path / "mod" / "inner"
    folder.mkdir(parents=True)
    (folder / "file").touch(mode=0o444)
    folder.chmod(0o555)
    remove(tmp_path / "mod")
    assert not (tmp_path / "mod").exists()


def test_lock_on_a_removed_file_is_none(tmp_path):
    """Whoever waited for a lock whose file is removed by its holder locks the new file, as everybody else does."""
    entered = threading.Event()

    def second() -> None:
        with locked(tmp_path / "lock"):
            entered.set()
            with pytest.raises(LocalError), locked(tmp_path / "lock", wait=False):
                pytest.fail("held twice")

    with locked(tmp_path / "lock"):
        thread = threading.Thread(target=second)
        thread.start()
        assert not entered.wait(0.3)
        (tmp_path / "lock").unlink()
    thread.join()
    assert entered.is_set()
