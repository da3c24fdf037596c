"""Both servers take a file and give it back, in turns."""

import pytest

from benchmarks.ssh_page import DIRECTIONS, NAMES
from benchmarks.ssh_throughput import digest_of, run, site
from tests.images import ssh_lab

pytestmark = pytest.mark.skipif(bool(ssh_lab.missing()), reason=ssh_lab.missing() or "all is here")
MEBIBYTES = 4


def test_each_transfer_is_taken_down():
    """Of both contenders, both ways, the first of each to warm up; the other one begins the next round."""
    results = run(MEBIBYTES, 1)
    assert [(made["contender"], made["direction"]) for made in results["runs"]] == [
        ("swish", "put"), ("swish", "get"), ("plain", "put"), ("plain", "get"),
    ]  # fmt: skip
    assert all(made["seconds"] > 0 for made in results["runs"])
    assert results["mebibytes"] == MEBIBYTES
    assert results["cipher"]
    assert results["openssh"]


def test_a_file_that_is_not_the_same_is_no_result():
    """However quickly it came."""
    with site(1) as found:
        found.here.write_bytes(b"something else")
        with pytest.raises(RuntimeError, match="not the same file"):
            found.transfer("plain", next(iter(DIRECTIONS)))


def test_the_events_tell_of_ours_alone():
    """The plain one is no swish-sshd by mistake, nor the other way round."""
    with site(1) as found:
        for name in NAMES:
            found.transfer(name, "put")
        found.lab.wait_event("file", op="write", outcome="ok")
        assert len(found.lab.find("login")) == 1
        assert digest_of(found.here) == found.digest
