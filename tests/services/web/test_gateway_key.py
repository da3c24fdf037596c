"""The gateway's host key, as people are shown it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import CertificateBuilder, Name, random_serial_number

from swish_spawner.services.web.parts import Parts
from swish_spawner.services.web.settings import Settings

SETTINGS = Settings("http://hub/hub/api", "t", "/", "/services/swish/", "", 8082, "swish", Path(), 22, Path(), Path())


def parts(folder: Path) -> Parts:
    """Return the parts of an application whose gateway's files are there."""
    nothing: Any = None
    rest = dict.fromkeys(("policy", "hub", "keys", "pods", "addresses", "accounts", "log", "now", "pages"), nothing)
    return Parts(settings=replace(SETTINGS, gateway=folder), **rest)


def test_it_is_read_from_the_certificate(tmp_path: Path) -> None:
    """Which the chart makes of the private key, and nobody need trust."""
    private = Ed25519PrivateKey.generate()
    now, nobody = datetime.now(UTC), Name([])
    certificate = (
        CertificateBuilder(nobody, nobody, private.public_key(), random_serial_number(), now, now + timedelta(days=1))
        .sign(private, None)
        .public_bytes(Encoding.PEM)
    )
    (tmp_path / "host_key.crt").write_bytes(certificate)
    line = private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    assert parts(tmp_path).gateway_key() == line
    assert line.startswith("ssh-ed25519 AAAA")


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_without_one_nothing_is_shown(tmp_path: Path, content: bytes | None) -> None:
    """The page stands."""
    if content is not None:
        (tmp_path / "host_key.crt").write_bytes(content)
    assert parts(tmp_path).gateway_key() == ""
