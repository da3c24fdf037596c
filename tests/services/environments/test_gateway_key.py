"""The gateway's host key, as people are shown it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import CertificateBuilder, Name, random_serial_number

from swish_spawner.services.environments.page import gateway_host_key


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
    assert gateway_host_key(tmp_path) == line
    assert line.startswith("ssh-ed25519 AAAA")


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_without_one_nothing_is_shown(tmp_path: Path, content: bytes | None) -> None:
    """The page stands."""
    if content is not None:
        (tmp_path / "host_key.crt").write_bytes(content)
    assert gateway_host_key(tmp_path) == ""
