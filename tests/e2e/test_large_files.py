"""Data larger than the memory of an environment can be worked on."""

import hashlib

from tests.e2e.hub import Person
from tests.e2e.install import Install
from tests.e2e.kernel import Kernel
from tests.scale import scaled

MIB = 1024**2
#: Of a mebibyte each; the environment has half as many for its memory.
BLOCKS = scaled(512, 1024)
WRITE = f"""
with open("large.bin", "wb") as stream:
    for block in range({BLOCKS}):
        stream.write(block.to_bytes(8, "big") * {MIB // 8})
"""
SCAN = f"""
import hashlib, mmap, os
digest = hashlib.sha256()
with open("large.bin", "rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
    for start in range(0, len(data), {MIB}):
        digest.update(data[start : start + {MIB}])
    print(len(data), digest.hexdigest())
"""


def expected() -> str:
    """Return what the scan has to print, reckoned here."""
    digest = hashlib.sha256()
    for block in range(BLOCKS):
        digest.update(block.to_bytes(8, "big") * (MIB // 8))
    return f"{BLOCKS * MIB} {digest.hexdigest()}\n"


def test_mmap_beyond_the_memory_limit(install: Install, alice: Person, server_name: str):
    """A file of twice the memory limit is written, mapped and scanned whole; nothing is killed or started again."""
    server = alice.start_and_wait(server_name, image="python3", cpu="500m", memory=f"{BLOCKS // 2}Mi")
    before = install.environment_pod(alice.name, server_name)
    assert before["spec"]["containers"][0]["resources"]["limits"]["memory"] == str(BLOCKS // 2 * MIB)
    with Kernel(alice, server) as kernel:
        kernel.run(WRITE, within_seconds=180)
        assert kernel.run(SCAN, within_seconds=180) == expected()
        assert kernel.is_connected
    after = install.environment_pod(alice.name, server_name)
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    (status,) = after["status"]["containerStatuses"]
    assert (status["restartCount"], status["lastState"]) == (0, {})
    assert "running" in status["state"]
