"""How fast sftp brings a file into an environment and back: swish-sshd beside a plain sshd.

python -m benchmarks.ssh_throughput
python -m benchmarks.ssh_throughput --mebibytes 64 --repeats 1
python -m benchmarks.ssh_throughput --page

It needs OpenSSH and no cluster. Files are in /dev/shm, where there is room, so that no disk is measured.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.processes import free_port
from benchmarks.report import DOCS
from benchmarks.run import circumstances, write
from benchmarks.ssh_page import DIRECTIONS, NAMES, compared, placed
from tests.images import ssh_lab
from tests.images.ssh_lab import Lab, lab

RESULTS: Final = Path(__file__).parent / "ssh_results.json"
PAGE: Final = DOCS / "topics" / "ssh.md"
MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a file system in memory is the point
#: What Debian's package has as its configuration, whatever this machine's own says.
_PACKAGED: Final = Path("/usr/share/openssh/sshd_config")
_START_SECONDS: Final = 20
_TRANSFER_SECONDS: Final = 600
_KEPT: Final = ("when", "command", "processor", "cores", "memory_gib")
_CIPHER: Final = re.compile(r"kex: server->client cipher: (\S+)")
_VERSION: Final = re.compile(r"remote software version OpenSSH_(\S+)")


@dataclass(frozen=True)
class Site:
    """Both servers, and the files that go back and forth.

    Args:
        lab: swish-sshd's, with keys and the person's home.
        ports: where each contender listens.
        here: the file to send; what comes back is put beside it.
        digest: its SHA-256.
    """

    lab: Lab
    ports: dict[str, int]
    here: Path
    digest: str

    def command(self, program: str, contender: str, *words: str) -> list[str]:
        """Return the command of a client, alike for both servers but for the port."""
        flag = "-p" if program == "ssh" else "-P"
        options = [*self.lab.options()[:-2], "-o", "HostKeyAlias=site", flag, str(self.ports[contender])]
        return [program, *options, *words, f"{ssh_lab.USER}@127.0.0.1"]

    def transfer(self, contender: str, direction: str) -> float:
        """Put the file into the person's home, or get it back, and return how long that took (seconds).

        Raises:
            RuntimeError: it failed, or the file is not the same.
        """
        there, back = self.lab.home / "swish-throughput", self.here.with_suffix(".back")
        source, target = (self.here, there) if direction == "put" else (there, back)
        start = time.monotonic()
        done = subprocess.run(
            self.command("sftp", contender, "-q", "-b", "-"), input=f"{direction} {source} {target}\n",
            capture_output=True, text=True, timeout=_TRANSFER_SECONDS, check=False,
        )  # fmt: skip
        seconds = time.monotonic() - start
        if done.returncode or digest_of(target) != self.digest:
            raise RuntimeError(f"{direction} by {contender}: {done.stderr or 'not the same file'}")
        if direction == "get":
            there.unlink()
            back.unlink()
        return seconds

    def agreed(self, contender: str) -> tuple[str, str]:
        """Return OpenSSH's version, and the cipher that client and server agree on."""
        said = subprocess.run(
            [*self.command("ssh", contender, "-v", "-o", "LogLevel=DEBUG1"), "true"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_START_SECONDS, check=True,
        ).stderr  # fmt: skip
        version, cipher = _VERSION.search(said), _CIPHER.search(said)
        return (version[1] if version else "", cipher[1] if cipher else "")


def digest_of(path: Path) -> str:
    """Return a file's SHA-256; empty if there is none."""
    if not path.exists():
        return ""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextlib.contextmanager
def site(mebibytes: int) -> Iterator[Site]:
    """Have both servers and a file until the block ends."""
    roomy = MEMORY.is_dir() and os.statvfs(MEMORY).f_bavail * os.statvfs(MEMORY).f_frsize > (mebibytes << 20) * 4
    with lab(parent=MEMORY if roomy else None) as made:
        here = made.folder / "here"
        with here.open("wb") as stream:
            for _ in range(mebibytes):
                stream.write(os.urandom(1 << 20))
        (made.folder / "known_hosts").write_text(f"site {(made.folder / 'start' / 'host_key.pub').read_text()}")
        made.start()
        with plain_sshd(made) as port:
            yield Site(made, {"plain": port, "swish": made.port}, here, digest_of(here))


@contextlib.contextmanager
def plain_sshd(made: Lab) -> Iterator[int]:
    """Have an sshd that listens itself, with the packaged configuration, and return its port."""
    port, config = free_port(), made.folder / "plain_config"
    packaged = _PACKAGED.read_text() if _PACKAGED.exists() else "Subsystem sftp /usr/lib/openssh/sftp-server\n"
    # sshd takes the first of what is said twice. Without rights there is no PAM, and the folders are another user's.
    own = (
        f"Port {port}", "ListenAddress 127.0.0.1", "PidFile none", "UsePAM no", "StrictModes no",
        f"HostKey {made.folder}/start/host_key", f"AuthorizedKeysFile {made.folder}/keys/authorized_keys",
    )  # fmt: skip
    config.write_text("\n".join((*own, *(line for line in packaged.splitlines() if not line.startswith("Include")))))
    command = made.inside(str(ssh_lab.SSHD), "-D", "-e", "-f", str(config))
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
    try:
        made.wait_for(lambda: listens(port), _START_SECONDS)
        yield port
    finally:
        process.terminate()
        process.wait(_START_SECONDS)


def listens(port: int) -> bool:
    """Whether anybody answers there."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False


def measure(found: Site, repeats: int) -> list[dict[str, Any]]:
    """Transfer in turns, once each to warm up and then `repeats` times each; returns every one but the first."""
    runs = []
    for repeat in range(repeats + 1):
        # who goes first changes, so that neither always meets a warmer machine
        for name in NAMES if repeat % 2 == 0 else reversed(list(NAMES)):
            for direction in DIRECTIONS:
                seconds = found.transfer(name, direction)
                print(f"{repeat or 'warm-up':>7} {name:<6} {direction} {seconds:6.2f} s", flush=True)
                if repeat:
                    runs.append(
                        {"contender": name, "direction": direction, "repeat": repeat, "seconds": round(seconds, 3)}
                    )
    return runs


def run(mebibytes: int, repeats: int) -> dict[str, Any]:
    """Measure, and return what `benchmarks.ssh_page` reads.

    Raises:
        RuntimeError: a transfer failed, or the two do not agree on the same cipher, which nothing could be said of.
    """
    with site(mebibytes) as found:
        agreed = {found.agreed(name) for name in NAMES}
        if len(agreed) != 1:
            raise RuntimeError(f"not the same version and cipher: {agreed}")
        (openssh, cipher), runs = agreed.pop(), measure(found, repeats)
    around = circumstances(f"python -m benchmarks.ssh_throughput --mebibytes {mebibytes} --repeats {repeats}")
    kept = {name: around[name] for name in _KEPT}
    return {**kept, "openssh": openssh, "cipher": cipher, "mebibytes": mebibytes, "runs": runs}


def main() -> None:
    """Measure, and say where the results are."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ssh_throughput", description=__doc__.splitlines()[0])
    parser.add_argument("--mebibytes", type=int, default=1024, help="how large the file is, 1024 unless told")
    parser.add_argument("--repeats", type=int, default=7, help="how many transfers of each, 7 unless told")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where results go, as JSON")
    parser.add_argument("--page", action="store_true", help="write the documentation's section from the results")
    arguments = parser.parse_args()
    if arguments.page:
        PAGE.write_text(placed(PAGE.read_text(), json.loads(arguments.out.read_text())))
        return
    if absent := ssh_lab.missing():
        raise SystemExit(f"error: {absent}")
    results = run(max(arguments.mebibytes, 1), max(arguments.repeats, 1))
    write(results, arguments.out)
    print(f"\n{compared(results)}\nresults in {arguments.out}; --page puts them on the page")


if __name__ == "__main__":
    main()
