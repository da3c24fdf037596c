"""Host keys that are made of the hub's secret."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_private_key

from swish_spawner.adapters.host_keys import host_key

SECRET = bytes(range(32))


@pytest.mark.claim("cookie-secret-makes")
def test_a_host_key_is_always_the_same() -> None:
    """So whoever has it in known_hosts is never warned; the value itself may not change with a version."""
    key = host_key(SECRET, "ada--lab")
    assert key.public == host_key(SECRET, "ada--lab").public
    assert key.fingerprint == "SHA256:eYgRMZdJTtqWrm4JC5DPV1B/o5foIx2D/e0C/uTtvs0"


@pytest.mark.claim("new-secret-new-keys")
@pytest.mark.parametrize(("secret", "environment"), [(SECRET, "ada--la"), (SECRET[::-1], "ada--lab")])
def test_each_environment_of_each_hub_has_its_own(secret: bytes, environment: str) -> None:
    """Nobody who has one knows another."""
    assert host_key(secret, environment).public != host_key(SECRET, "ada--lab").public


@pytest.mark.claim("host-keys-are-ed25519")
def test_the_private_key_is_openssh_and_of_the_public_one() -> None:
    """OpenSSH before 9.6 reads no other format of an ed25519 key."""
    key = host_key(SECRET, "ada")
    assert key.private.startswith("-----BEGIN OPENSSH PRIVATE KEY-----\n")
    public = load_ssh_private_key(key.private.encode(), None).public_key()
    assert public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode() == key.public


def test_a_key_alone_has_no_password() -> None:
    """One is made only where it is asked for."""
    assert host_key(SECRET, "ada").password is None


@pytest.mark.claim("password-opens", "cookie-secret-makes")
def test_each_start_has_another_password() -> None:
    """And the same start the same one, so that it outlives the hub's restart."""
    one, two = host_key(SECRET, "ada", "1"), host_key(SECRET, "ada", "2")
    assert one.password != two.password
    assert one.password_hash == host_key(SECRET, "ada", "1").password_hash
    assert str(one.password_hash).startswith("$6$")
