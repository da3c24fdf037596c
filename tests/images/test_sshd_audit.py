"""What ssh-audit, which knows the weaknesses of SSH's algorithms, says of a listener that is reached as anybody can."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.images import ssh_lab
from tests.images.ssh_lab import lab

pytestmark = pytest.mark.skipif(bool(ssh_lab.missing()), reason=ssh_lab.missing() or "all is here")

MODES: Final[dict[str, dict[str, Any]]] = {
    "environment": {},
    "gateway": {"mode": "gateway", "environment": "", "team": "", "user": ""},
}
#: ssh-audit's exit statuses for nothing but information, and for warnings as the worst.
GOOD: Final = {0, 2}
#: Exchanges of keys from before OpenSSH 9.0, for editors and clients that are older than that. All that can do better
#: do, since the hybrid ones come first.
ONLY_WARNING: Final = "does not provide protection against post-quantum attacks"


@pytest.fixture(scope="module", params=MODES)
def audit(request: pytest.FixtureRequest) -> Iterator[subprocess.CompletedProcess[str]]:
    """ssh-audit's report on a listener, as JSON, its tests of floods included."""
    with lab(**MODES[request.param]) as box:
        box.start()
        command = [sys.executable, "-m", "ssh_audit", "--json", "--port", str(box.port), "127.0.0.1"]
        yield box.run(command)


def notes(report: dict[str, Any], level: str) -> set[tuple[str, str]]:
    """Return what is said at a level, each with the kind of algorithm that it is said of."""
    return {
        (kind, note)
        for kind in ("kex", "key", "enc", "mac")
        for algorithm in report[kind]
        for note in algorithm["notes"].get(level, ())
    }


@pytest.mark.claim("ssh-audit")
def test_no_algorithm_fails(audit: subprocess.CompletedProcess[str]) -> None:
    """The exit status is not that of a failure, and no host key, cipher, MAC or exchange of keys is called one."""
    assert audit.returncode in GOOD, audit.stdout + audit.stderr
    assert notes(json.loads(audit.stdout), "fail") == set()


@pytest.mark.claim("ssh-audit")
def test_the_only_warning_is_about_quantum_computers(audit: subprocess.CompletedProcess[str]) -> None:
    """Exchanges of keys that older clients need are warned of, and nothing else: no cipher, no MAC, no host key."""
    assert notes(json.loads(audit.stdout), "warn") <= {("kex", ONLY_WARNING)}


@pytest.mark.claim("ssh-audit")
def test_all_that_is_offered_was_looked_at(audit: subprocess.CompletedProcess[str]) -> None:
    """A report without algorithms has no failure either: it has to have those that people's clients use."""
    report = json.loads(audit.stdout)
    assert {"ssh-ed25519"} == {key["algorithm"] for key in report["key"]}
    assert {"chacha20-poly1305@openssh.com", "aes256-gcm@openssh.com"} <= {
        cipher["algorithm"] for cipher in report["enc"]
    }
    assert report["kex"][0]["algorithm"] in {"mlkem768x25519-sha256", "sntrup761x25519-sha512@openssh.com"}
