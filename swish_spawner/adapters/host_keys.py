"""An environment's host key: always the same, since it is made of the hub's secret and the environment's name.

So a host key is kept nowhere but in the Secret of each start, outlives every restart, and nobody who has one
environment's knows another's.
"""

from __future__ import annotations

import base64
import ctypes
import ctypes.util
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from swish_spawner.core.ssh.sshd import HostKey

_SALT_BYTES: Final = 10
_PASSWORD_BYTES: Final = 15


def host_key(secret: bytes, environment: str, spawn_id: str | None = None) -> HostKey:
    """Return the host key of an environment.

    Args:
        secret: the hub's own, which nobody else knows.
        environment: its name, unique in the hub.
        spawn_id: of a start that is to have a password too; each start has its own.
    """
    seed = _derived(secret, f"swish ssh host key/1/{environment}", 32)
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public = private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    text = private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
    if spawn_id is None:
        return HostKey(text, public)
    word = _text(_derived(secret, f"swish ssh password/1/{environment}/{spawn_id}", _PASSWORD_BYTES))
    salt = _text(_derived(secret, f"swish ssh salt/1/{environment}/{spawn_id}", _SALT_BYTES))
    return HostKey(text, public, word, _hashed(word, salt))


def _derived(secret: bytes, info: str, length: int) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=None, info=info.encode()).derive(secret)


def _text(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=").lower()


def _hashed(password: str, salt: str) -> str:
    """Return a password's SHA-512 hash as the accounts file has it, by the C library that sshd itself asks.

    Python's own module for it is gone since 3.13.
    """
    library = ctypes.CDLL(ctypes.util.find_library("crypt") or "libcrypt.so.1")
    library.crypt.restype = ctypes.c_char_p
    found: bytes | None = library.crypt(password.encode(), f"$6${salt}$".encode())
    if not found or not found.startswith(b"$6$"):
        raise OSError("this machine's libcrypt has no SHA-512")
    return found.decode()
