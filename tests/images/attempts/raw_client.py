"""A client of SSH that asks for a log-in with whatever words it is told to, which ssh itself refuses to send.

    python -m tests.images.attempts.raw_client user|service|method|kind

It reaches `ADDRESS` and `PORT` from `FROM`, and one of its words has `LINE` in it. It looks at no host key.
"""

# ruff: noqa: T201 - a command-line program prints

from __future__ import annotations

import hashlib
import os
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_VERSION: Final = b"SSH-2.0-raw"
_ALGORITHMS: Final = (
    *(b"curve25519-sha256", b"ssh-ed25519", b"aes128-gcm@openssh.com", b"aes128-gcm@openssh.com"),
    *(b"hmac-sha2-256-etm@openssh.com", b"hmac-sha2-256-etm@openssh.com", b"none", b"none", b"", b""),
)
_KEXINIT, _NEWKEYS, _ECDH_INIT, _SERVICE, _AUTH = 20, 21, 30, 5, 50


def text(value: bytes) -> bytes:
    """Return a string as it goes over the wire."""
    return len(value).to_bytes(4, "big") + value


def number(value: bytes) -> bytes:
    """Return a positive number of big-endian bytes as it goes over the wire."""
    bare = value.lstrip(b"\0")
    return text(b"\0" + bare if bare and bare[0] & 0x80 else bare)


@dataclass
class Way:
    """One direction of a connection, once keys are agreed."""

    cipher: AESGCM
    nonce: bytes
    count: int = 0

    def next_nonce(self) -> bytes:
        """Return the nonce of the next packet."""
        found = self.nonce[:4] + (int.from_bytes(self.nonce[4:], "big") + self.count).to_bytes(8, "big")
        self.count += 1
        return found


@dataclass
class Client:
    """A connection."""

    wire: socket.socket
    out: Way | None = None
    back: Way | None = None
    _rest: bytes = field(default=b"")

    def send(self, payload: bytes) -> None:
        """Send a packet."""
        # the length itself is part of what is filled up only where nothing is encrypted
        filler = 16 - (len(payload) + (1 if self.out else 5)) % 16 + 16
        body = bytes([filler]) + payload + bytes(filler)
        length = len(body).to_bytes(4, "big")
        self.wire.sendall(length + (self.out.cipher.encrypt(self.out.next_nonce(), body, length) if self.out else body))

    def receive(self) -> bytes:
        """Receive a packet.

        Raises:
            ConnectionError: There is none any more.
        """
        length = self._read(4)
        body = self._read(int.from_bytes(length, "big") + (16 if self.back else 0))
        if self.back:
            body = self.back.cipher.decrypt(self.back.next_nonce(), body, length)
        return body[1 : len(body) - body[0]]

    def _read(self, size: int) -> bytes:
        while len(self._rest) < size:
            data = self.wire.recv(65536)
            if not data:
                raise ConnectionError("closed")
            self._rest += data
        found, self._rest = self._rest[:size], self._rest[size:]
        return found

    def agree(self) -> None:
        """Exchange versions and keys."""
        self.wire.sendall(_VERSION + b"\r\n")
        theirs = b""
        while not theirs.endswith(b"\n"):
            theirs += self._read(1)
        ours = bytes([_KEXINIT]) + os.urandom(16) + b"".join(map(text, _ALGORITHMS)) + bytes(5)
        self.send(ours)
        offer, key = self.receive(), X25519PrivateKey.generate()
        public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.send(bytes([_ECDH_INIT]) + text(public))
        host_key, their_public = _texts(self.receive()[1:], 2)
        secret = number(key.exchange(X25519PublicKey.from_public_bytes(their_public)))
        parts = (_VERSION, theirs.strip(), ours, offer, host_key, public, their_public)
        digest = hashlib.sha256(b"".join(map(text, parts)) + secret).digest()
        self.send(bytes([_NEWKEYS]))
        while self.receive()[0] != _NEWKEYS:
            pass
        self.out, self.back = (
            Way(AESGCM(_derived(secret, digest, cipher)[:16]), _derived(secret, digest, start)[:12])
            for start, cipher in ((b"A", b"C"), (b"B", b"D"))
        )


def _derived(secret: bytes, digest: bytes, letter: bytes) -> bytes:
    return hashlib.sha256(secret + digest + letter + digest).digest()


def _texts(data: bytes, count: int) -> list[bytes]:
    found = []
    for _ in range(count):
        size = int.from_bytes(data[:4], "big")
        found.append(data[4 : 4 + size])
        data = data[4 + size :]
    return found


def ask(client: Client, words: dict[str, bytes]) -> None:
    """Ask for a log-in, until the server has answered or closed."""
    client.send(bytes([_SERVICE]) + text(b"ssh-userauth"))
    client.receive()
    more = b"\0" + text(words["kind"]) + text(text(words["kind"]) + text(bytes(32)))
    client.send(bytes([_AUTH]) + b"".join(text(words[name]) for name in ("user", "service", "method")) + more)
    client.receive()


def main(what: str) -> None:
    """Ask, and print `done` once that was answered or cut off."""
    place, source = (os.environ["ADDRESS"], int(os.environ["PORT"])), os.environ["FROM"]
    line = f"x\nAccepted none for a from 192.0.2.7 port 1 ssh2\n{os.environ['LINE']}\ny".encode()
    if what == "user":
        # what follows a colon is not part of the name, and a hundred characters of it are said
        line = line.partition(b":")[0].replace(b"\nAccepted publickey", b"\n")[:99]
    usual = {"user": b"swish", "service": b"ssh-connection", "method": b"publickey", "kind": b"ssh-ed25519"}
    with socket.create_connection(place, 20, (source, 0) if source else None) as wire:
        client = Client(wire)
        client.agree()
        with suppress(ConnectionError):
            ask(client, {**usual, what: line})
    print("done")


if __name__ == "__main__":
    main(sys.argv[1])
