"""A real DNS server with a zone of its own, and the real ExternalDNS that fills it: plain processes of the tests."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.processes import end_with_parent, find_tool, free_port
from tests.e2e.install import wait_until

#: A domain that nobody can have (RFC 6761).
ZONE: Final = "dev.swish.test"
OWNER: Final = "swish-e2e"
_KEY: Final = "swish-e2e"
_ALGORITHM: Final = "hmac-sha256"
_PATH: Final = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
_END_SECONDS: Final = 10
#: What a resolver that was told too early that there is no such name remembers that for: the last of the SOA's numbers.
_ZONE_FILE: Final = f"""\
$ORIGIN {ZONE}.
$TTL 300
@ IN SOA ns.{ZONE}. hostmaster.{ZONE}. (1 3600 600 86400 5)
@ IN NS ns.{ZONE}.
ns IN A 127.0.0.1
by-hand 3600 IN A 192.0.2.1
"""


@dataclass(frozen=True, order=True)
class Record:
    """A record of the zone: the name without the zone's, how long it may be kept (seconds), the type and the data."""

    name: str
    ttl: int
    type: str
    data: str


@dataclass(frozen=True)
class NameServer:
    """A BIND of the tests' own, which runs.

    Attributes:
        folder: its configuration, key and zone.
        address: where it listens.
        port: the same.
        process: as a user without rights.
    """

    folder: Path
    address: str
    port: int
    process: subprocess.Popen[bytes]

    @property
    def secret(self) -> str:
        """What updates are signed with."""
        return read_secret((self.folder / "key.conf").read_text())

    def ask(self, *words: str) -> str:
        """Return what the server answers, in the format of zone files."""
        place = [f"@{self.address}", "-p", str(self.port), "-k", str(self.folder / "key.conf")]
        done = subprocess.run(
            [_program("dig"), *place, "+noall", "+answer", "+onesoa", "+norecurse", *words],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"dig {' '.join(words)}: {done.stdout}{done.stderr}"
        return done.stdout

    def records(self) -> frozenset[Record]:
        """Return all that has been put into the zone since the server started."""
        return read_records(self.ask(ZONE, "AXFR")) - read_records(_LAID_DOWN)

    def addresses(self, name: str) -> tuple[str, ...]:
        """Return where a name of the zone leads, as anybody may ask."""
        return tuple(record.data for record in read_records(self.ask(f"{name}.{ZONE}", "A")) if record.type == "A")


_LAID_DOWN: Final = f"""\
ns.{ZONE}. 300 IN A 127.0.0.1
by-hand.{ZONE}. 3600 IN A 192.0.2.1
{ZONE}. 300 IN NS ns.{ZONE}.
"""


def read_secret(configuration: str) -> str:
    """Return the secret of the one key that `tsig-keygen` wrote."""
    (secret,) = re.findall(r'secret "([^"]+)";', configuration)
    return str(secret)


def read_records(text: str) -> frozenset[Record]:
    """Return the records of a text in the format of zone files, without the zone's SOA and without what `dig` says."""
    found = set()
    for line in text.splitlines():
        if not line.strip() or line.startswith(";"):
            continue
        name, ttl, _, kind, data = line.split(maxsplit=4)
        if kind not in {"SOA", "TSIG"}:
            found.add(Record(name.removesuffix(f"{ZONE}.").rstrip("."), int(ttl), kind, data.strip('"')))
    return frozenset(found)


def owner_of(resource: str, owner: str = OWNER) -> str:
    """Return what ExternalDNS writes beside a record that it made for a resource."""
    return f"heritage=external-dns,external-dns/owner={owner},external-dns/resource={resource}"


def cannot_serve_names() -> str:
    """Return why there can be no name server here, or nothing."""
    lacking = [name for name in ("named", "tsig-keygen", "dig") if not shutil.which(name, path=_PATH)]
    return f"the programs {', '.join(lacking)} are missing: install bind9 and bind9-dnsutils" if lacking else ""


def _program(name: str) -> str:
    return shutil.which(name, path=_PATH) or name


@contextmanager
def name_server(address: str = "127.0.0.1") -> Iterator[NameServer]:
    """Serve the zone until the block ends, at a port of this machine that is free.

    Args:
        address: to listen at; of this machine.
    """
    folder = Path(tempfile.mkdtemp(prefix="swish-dns-"))
    port = free_port()
    process = None
    try:
        identity = _prepare(folder, address, port)
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [_program("named"), "-g", "-4", "-n", "1", "-c", str(folder / "named.conf")],
                cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **identity,
                preexec_fn=end_with_parent,  # noqa: PLW1509 - it takes no lock that a thread might hold
            )  # fmt: skip
        wait_until("the name server runs", lambda: _runs(process, folder / "log"), every_seconds=0.1)
        yield NameServer(folder, address, port, process)
    finally:
        _end(process)
        shutil.rmtree(folder)


def _prepare(folder: Path, address: str, port: int) -> dict[str, Any]:
    """Write all that the server reads, and return whom to run it as."""
    key = subprocess.run([_program("tsig-keygen"), "-a", _ALGORITHM, _KEY], capture_output=True, text=True, check=True)
    (folder / "key.conf").touch(mode=0o600)
    (folder / "key.conf").write_text(key.stdout)
    (folder / "zone").write_text(_ZONE_FILE)
    (folder / "named.conf").write_text(configuration(folder, address, port))
    if os.geteuid():
        return {}
    account = pwd.getpwnam("bind")
    for path in (folder, *folder.iterdir()):
        os.chown(path, account.pw_uid, account.pw_gid)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def configuration(folder: Path, address: str, port: int) -> str:
    """Return a configuration for one zone, which only who has the key may change or have as a whole."""
    return f"""\
include "{folder}/key.conf";
controls {{}};
options {{
    directory "{folder}";
    listen-on port {port} {{ {address}; }};
    listen-on-v6 {{ none; }};
    pid-file none;
    session-keyfile none;
    recursion no;
    dnssec-validation no;
    notify no;
    allow-transfer {{ none; }};
}};
zone "{ZONE}" {{
    type primary;
    file "zone";
    allow-update {{ key {_KEY}; }};
    allow-transfer {{ key {_KEY}; }};
}};
"""


def _runs(process: subprocess.Popen[bytes] | None, log: Path) -> bool:
    text = log.read_text()
    assert process is None or process.poll() is None, text
    return bool(re.search(r" running$", text, re.MULTILINE))


def _end(process: subprocess.Popen[bytes] | None) -> None:
    if process is None:
        return
    process.terminate()
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def external_dns(server: NameServer, kubeconfig: str | Path, *more: str) -> Iterator[Path]:
    """Have ExternalDNS keep the zone as the Services of a cluster say, until the block ends; yields its log.

    Args:
        server: whose zone it is.
        kubeconfig: whose current context is the cluster.
        more: flags, e.g. of the annotations' prefix.
    """
    log = server.folder / "external-dns.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [find_tool("external-dns"), *flags(server, kubeconfig), *more],
            # an environment can be read by this user alone, a command line by everybody
            env={**_without_settings(os.environ), "EXTERNAL_DNS_RFC2136_TSIG_SECRET": server.secret},
            stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            preexec_fn=end_with_parent,  # noqa: PLW1509 - it takes no lock that a thread might hold
        )  # fmt: skip
    try:
        yield log
        assert process.poll() is None, f"ExternalDNS ended: {log.read_text()}"
    finally:
        _end(process)


def flags(server: NameServer, kubeconfig: str | Path) -> Sequence[str]:
    """Return how ExternalDNS is told of a cluster and a zone; the how-to page has the same for another provider."""
    return (
        "--source=service",
        "--policy=sync",
        "--registry=txt",
        f"--txt-owner-id={OWNER}",
        f"--domain-filter={ZONE}",
        f"--kubeconfig={kubeconfig}",
        "--interval=1s",
        "--provider=rfc2136",
        f"--rfc2136-host={server.address}",
        f"--rfc2136-port={server.port}",
        f"--rfc2136-zone={ZONE}",
        f"--rfc2136-tsig-keyname={_KEY}",
        f"--rfc2136-tsig-secret-alg={_ALGORITHM}",
        "--rfc2136-axfr",
    )


def _without_settings(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if not name.startswith("EXTERNAL_DNS_")}
