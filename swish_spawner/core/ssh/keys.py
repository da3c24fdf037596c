"""Public keys that people send: read by a real parser, refused with the reason, and where each person's are kept.

A key is kept as its type and its data alone. What else OpenSSH would take in a line (options, a certificate) would let
its sender decide what only the policy decides.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from hashlib import sha256
from types import MappingProxyType
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_public_key

from swish_spawner.errors import RequestError

#: Each type of key that is taken, and what a person calls it.
KEY_TYPES: Final = MappingProxyType(
    {
        "ssh-ed25519": "Ed25519",
        "ecdsa-sha2-nistp256": "ECDSA P-256",
        "ecdsa-sha2-nistp384": "ECDSA P-384",
        "ecdsa-sha2-nistp521": "ECDSA P-521",
        "ssh-rsa": "RSA",
        "sk-ssh-ed25519@openssh.com": "Ed25519 on a security key",
        "sk-ecdsa-sha2-nistp256@openssh.com": "ECDSA P-256 on a security key",
    }
)
#: The least and the most that an RSA key may have (bits); a larger one is slow, and no safer than an Ed25519 key.
RSA_BITS: Final = (3072, 8192)
#: The most characters that a key may be sent in: the largest RSA key takes a third of it.
KEY_MOST: Final = 8192
#: The most characters of a key's comment that are read; it names the key where the person does not.
COMMENT_MOST: Final = 100
_MAKE_ONE: Final = "Make a new one with: ssh-keygen -t ed25519"
_SHARDS: Final = "0123456789abcdef"

#: What an Ed25519 point of small order has for y: anybody could sign for such a key. RFC 8032, section 5.1.
_ED25519_P: Final = 2**255 - 19
_ORDER_8: Final = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
_SMALL_ORDER: Final = frozenset({0, 1, _ED25519_P - 1, _ORDER_8, _ED25519_P - _ORDER_8})


@dataclass(frozen=True, slots=True)
class PublicKey:
    """One public key that is fit for use.

    Attributes:
        type: as OpenSSH spells it, one of `KEY_TYPES`.
        data: base64, as OpenSSH writes it.
        comment: what stood after the data: printable, maybe empty, at most `COMMENT_MOST` characters.
        bits: how large it is.
    """

    type: str
    data: str
    comment: str
    bits: int

    @property
    def line(self) -> str:
        """The key as a line of ``authorized_keys``, without comment."""
        return f"{self.type} {self.data}"

    @property
    def fingerprint(self) -> str:
        """As ``ssh-keygen -l`` prints it: ``SHA256:`` and 43 characters."""
        return fingerprint(self.data)


def fingerprint(data: str) -> str:
    """Return the SHA-256 fingerprint of a key's data (base64), as OpenSSH prints it."""
    return "SHA256:" + base64.b64encode(sha256(base64.b64decode(data)).digest()).decode().rstrip("=")


def key_id(user: str) -> str:
    """Return what a person's keys are kept under: 32 hexadecimal digits, the same for the same exact name only."""
    return sha256(user.encode()).hexdigest()[:32]


def shard(user: str) -> str:
    """Return which of a namespace's 16 Secrets keeps a person's keys, as its one hexadecimal digit."""
    return key_id(user)[0]


def secret_name(digit: str) -> str:
    """Return the name of the Secret of a shard."""
    return f"ssh-keys-{digit}"


def secret_names() -> tuple[str, ...]:
    """Return the names of a namespace's 16 Secrets."""
    return tuple(map(secret_name, _SHARDS))


def parse_public_key(text: str) -> PublicKey:
    """Read one public key, as the content of an OpenSSH ``.pub`` file.

    Args:
        text: as a person sent it; space around it does not matter.

    Returns:
        The key, without anything but its type, data and comment.

    Raises:
        RequestError: it is no single OpenSSH public key, or one that is too weak or not of a type that is taken; the
            text says what would do and holds nothing of the key.
    """
    text = text.strip()
    _refuse_other_files(text)
    kind, data, comment = [*text.split(maxsplit=2), "", ""][:3]
    _refuse_other_types(kind, text)
    loaded = _load(kind, data)
    return PublicKey(kind, data, _printable(comment), _bits(loaded))


def _refuse(problem: str) -> RequestError:
    return RequestError("key", problem)


def _refuse_other_files(text: str) -> None:
    """Refuse what is no one line of an OpenSSH public key, each by its own words."""
    if not text:
        raise _refuse("is empty; paste the content of a .pub file, for example ~/.ssh/id_ed25519.pub")
    if re.search(r"PRIVATE KEY|PuTTY-User-Key-File", text):
        raise _refuse(
            "is a private key, which must stay with you and was not kept here. Paste the content of the .pub file "
            "instead, and make a new pair if anybody may have seen this one"
        )
    if "SSH2 PUBLIC KEY" in text:
        raise _refuse(
            "is in the SSH2 format. In PuTTYgen, load the key and copy the text below "
            '"Public key for pasting into OpenSSH authorized_keys file"; or take what `ssh-keygen -i -f FILE` prints'
        )
    if len(text.splitlines()) > 1:
        raise _refuse(
            "has several lines; send one key at a time, as the one line that its .pub file has, and take out a line "
            "break that came in by copying"
        )
    if len(text) > KEY_MOST:
        raise _refuse(f"is longer than {KEY_MOST} characters; no key that is taken is")


def _refuse_other_types(kind: str, text: str) -> None:
    known = ", ".join(KEY_TYPES)
    if kind in KEY_TYPES:
        return
    if "-cert-v0" in kind:
        raise _refuse(
            "is a certificate. Certificates are not added here: they are taken where the administrator has named the "
            "authority that signed them. Add the key itself, from the .pub file without -cert in its name"
        )
    if kind == "ssh-dss":
        raise _refuse(f"is a DSA key, which is too weak. {_MAKE_ONE}")
    if any(f"{name} AAAA" in text for name in KEY_TYPES):
        raise _refuse("begins with options, which are not taken. Remove all that stands before its type")
    if kind.startswith(("SHA256:", "MD5:")):
        raise _refuse("is a fingerprint, which only says which key it is; paste the content of the .pub file")
    if re.match(r"[~/.][^ ]*/|[^ ]+\.pub$", text):
        raise _refuse("is the name of a file; paste what is in it, which `cat` prints")
    raise _refuse(f"is no OpenSSH public key: it does not begin with one of {known}")


def _load(kind: str, data: str) -> Any:
    """Return the key as the parser reads it; what OpenSSH would write otherwise is refused, as it names one key twice.

    A line is decided by what is in its data, and that says its type too.
    """
    damaged = _refuse("is damaged: a part of it is missing or changed. Copy the whole line of the .pub file again")
    try:
        blob = base64.b64decode(data, validate=True)
        loaded: Any = load_ssh_public_key(f"{kind} {data}".encode())
    except (binascii.Error, ValueError, UnsupportedAlgorithm, NotImplementedError) as error:
        raise damaged from error
    if base64.b64encode(blob).decode() != data:
        raise damaged
    if isinstance(loaded, RSAPublicKey) and not RSA_BITS[0] <= loaded.key_size <= RSA_BITS[1]:
        least, most = RSA_BITS
        raise _refuse(f"is an RSA key of {loaded.key_size} bits; {least} to {most} are taken. {_MAKE_ONE}")
    openssh = (Encoding.OpenSSH, PublicFormat.OpenSSH)
    if not kind.startswith("sk-") and loaded.public_bytes(*openssh).decode() != f"{kind} {data}":
        raise damaged
    if _is_trivial(loaded):
        raise _refuse(f"is no key that only one person can use. {_MAKE_ONE}")
    return loaded


def _is_trivial(loaded: Any) -> bool:
    """Say whether anybody could sign for a key, whoever made it."""
    if isinstance(loaded, Ed25519PublicKey):
        raw = loaded.public_bytes(Encoding.Raw, PublicFormat.Raw)
        return (int.from_bytes(raw, "little") & (2**255 - 1)) % _ED25519_P in _SMALL_ORDER
    if isinstance(loaded, RSAPublicKey):
        return any(loaded.public_numbers().n % prime == 0 for prime in (2, 3, 5, 7))
    return False


def _bits(loaded: Any) -> int:
    return 256 if isinstance(loaded, Ed25519PublicKey) else int(loaded.key_size)


def _printable(comment: str) -> str:
    return "".join(letter for letter in comment.strip() if letter.isprintable())[:COMMENT_MOST]
