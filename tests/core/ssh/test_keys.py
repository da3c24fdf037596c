"""Public keys: what is taken, what is refused and in which words, and where a person's are kept."""

from __future__ import annotations

import base64
import struct

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from swish_spawner.core.ssh.keys import KEY_TYPES, fingerprint, key_id, parse_public_key, secret_names, shard
from swish_spawner.errors import RequestError

#: Made by ssh-keygen, which printed this fingerprint.
ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKi/kEupzFIyaqIp4HQ3p5mjMw0O1wa7MzhGHt/Vg/lZ"
DATA = ED25519.split()[1]


def openssh(public: ec.EllipticCurvePublicKey | rsa.RSAPublicKey) -> str:
    """Return a key as its .pub file has it."""
    return public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def packed(*parts: bytes) -> str:
    """Return the data of a key as base64."""
    return base64.b64encode(b"".join(struct.pack(">I", len(part)) + part for part in parts)).decode()


def on_security_key(kind: str, *key: bytes, application: bytes = b"ssh:") -> str:
    """Return a key that a security key keeps, in the format of OpenSSH's PROTOCOL.u2f."""
    return f"{kind} {packed(kind.encode(), *key, application)}"


def rsa_line(modulus: int, exponent: int = 65537) -> str:
    """Return an RSA key of any numbers."""
    numbers = [number.to_bytes(number.bit_length() // 8 + 1, "big") for number in (exponent, modulus)]
    return f"ssh-rsa {packed(b'ssh-rsa', *numbers)}"


RAW = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32))).public_key().public_bytes_raw()
P256 = ec.derive_private_key(7, ec.SECP256R1()).public_key()
POINT = P256.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
SK_ED25519 = on_security_key("sk-ssh-ed25519@openssh.com", RAW)
SK_ECDSA = on_security_key("sk-ecdsa-sha2-nistp256@openssh.com", b"nistp256", POINT)
#: No product of two primes, but nothing that reads a public key can know that.
MODULUS = (1 << 3071) + 11
WEAK = rsa_line((1 << 2047) + 11)


TAKEN = [
    (ED25519, 256),
    (openssh(P256), 256),
    (openssh(ec.derive_private_key(7, ec.SECP384R1()).public_key()), 384),
    (openssh(ec.derive_private_key(7, ec.SECP521R1()).public_key()), 521),
    (rsa_line(MODULUS), 3072),
    (SK_ED25519, 256),
    (SK_ECDSA, 256),
]


@pytest.mark.parametrize(("line", "bits"), TAKEN, ids=KEY_TYPES.values())
def test_taken(line: str, bits: int) -> None:
    """Every type that is named is taken, and kept as it was sent."""
    key = parse_public_key(f"  {line} ada@laptop \n")
    assert (key.line, key.comment, key.bits) == (line, "ada@laptop", bits)


def test_every_type_has_a_test() -> None:
    """The table above leaves out no type."""
    assert {line.partition(" ")[0] for line, _ in TAKEN} == set(KEY_TYPES)


@pytest.mark.claim("algorithms")
@pytest.mark.parametrize(
    ("text", "words", "reason"),
    [
        ("", "is empty", "nothing"),
        ("hello", "is no OpenSSH public key", "some text"),
        (DATA, "is no OpenSSH public key", "the data alone"),
        ("ssh-ed25519", "is damaged", "the type alone"),
        (ED25519[:-4], "is damaged", "cut off"),
        (f"{ED25519}AAAA", "is damaged", "something behind it"),
        (f"ssh-rsa {DATA}", "is damaged", "another type than its data's"),
        ("ssh-ed25519 AAAA*", "is damaged", "no base64"),
        (f"{ED25519}=", "is damaged", "padding where there is none"),
        (f"ssh-ed25519 {packed(b'ssh-ed25519', RAW[:31])}", "is damaged", "31 bytes"),
        (f"ecdsa-sha2-nistp256 {packed(b'ecdsa-sha2-nistp256', b'nistp256', b'')}", "is damaged", "no point"),
        (
            f"ecdsa-sha2-nistp256 {packed(b'ecdsa-sha2-nistp256', b'nistp256', POINT[:-1] + b'!')}",
            "is damaged",
            "a point that is not on the curve",
        ),
        (f"ssh-rsa {packed(b'ssh-rsa', b'', b'')}", "is damaged", "zeros"),
        (
            f"ssh-rsa {packed(b'ssh-rsa', bytes([1, 0, 1]), bytes(9) + MODULUS.to_bytes(384, 'big'))}",
            "is damaged",
            "written with more zeros than OpenSSH writes, which has another fingerprint",
        ),
        (on_security_key("sk-ssh-ed25519@openssh.com", RAW, application=b"web"), "is damaged", "a web site's key"),
        (WEAK, "is an RSA key of 2048 bits; 3072 to 8192 are taken", "weak"),
        (rsa_line((1 << 16999) + 11), "is an RSA key of 17000 bits", "larger than OpenSSH takes"),
        (rsa_line(MODULUS + 1), "is no key that only one person can use", "even"),
        (f"ssh-ed25519 {packed(b'ssh-ed25519', bytes(32))}", "is no key that only one", "of small order"),
        (f"ssh-dss {DATA}", "is a DSA key", "a weak type"),
        (f"ssh-ed25519-cert-v01@openssh.com {DATA}", "is a certificate", "a certificate"),
        (f'command="/bin/true",no-pty {ED25519}', "begins with options", "options"),
        (f"restrict {ED25519}", "begins with options", "one option"),
        (f"{ED25519}\n{ED25519}", "has several lines", "two keys"),
        (f"{ED25519}\u2028{ED25519}", "has several lines", "a line by an odd separator"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nx", "is a private key, which must stay with you", "a private key"),
        ("PuTTY-User-Key-File-3: ssh-ed25519", "is a private key", "PuTTY's own file"),
        ("---- BEGIN SSH2 PUBLIC KEY ----\nx", "In PuTTYgen, load the key", "PuTTYgen's export"),
        ("SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU", "is a fingerprint", "a fingerprint"),
        ("~/.ssh/id_ed25519.pub", "is the name of a file", "a path"),
        ("id_ed25519.pub", "is the name of a file", "a file's name"),
        ("ssh-rsa " + "A" * 8192, "is longer than 8192 characters", "a long text"),
    ],
)
def test_refused(text: str, words: str, reason: str) -> None:
    """What cannot be taken is refused with what is wrong with it."""
    with pytest.raises(RequestError, match=words) as refused:
        parse_public_key(text)
    assert refused.value.field == "key"


def test_a_refusal_holds_nothing_of_the_key() -> None:
    """A private key that was sent by mistake gets into no page, log or answer."""
    with pytest.raises(RequestError) as refused:
        parse_public_key("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjE\n-----END OPENSSH PRIVATE KEY-----")
    assert "b3BlbnNz" not in str(refused.value)


@given(st.text())
def test_any_text_is_taken_or_refused(text: str) -> None:
    """Nothing that can be sent is an error of ours."""
    with pytest.raises(RequestError):
        parse_public_key(text)


@given(st.binary(max_size=100))
def test_any_data_is_taken_or_refused(data: bytes) -> None:
    """The same for data behind a type that is taken; what is taken is one line."""
    for kind in KEY_TYPES:
        blob = struct.pack(">I", len(kind)) + kind.encode() + data
        try:
            key = parse_public_key(f"{kind} {base64.b64encode(blob).decode()}")
        except RequestError:
            continue
        assert len(key.line.splitlines()) == 1


def test_comment_is_printable_and_short() -> None:
    """A comment is shown to people: nothing in it moves their cursor."""
    assert parse_public_key(f"{ED25519} a\x1b[2J\x07b" + "c" * 500).comment == "a[2Jb" + "c" * 95


def test_fingerprint() -> None:
    """A fingerprint is what ssh-keygen prints."""
    assert (
        parse_public_key(ED25519).fingerprint
        == fingerprint(DATA)
        == "SHA256:IeD0SRsLo9U9Lzg7KJIughAUMYoT3BBYBZ/CafWhHFc"
    )


def test_key_id() -> None:
    """A name's id never changes: Secrets that were written before are found by it."""
    assert key_id("ada") == "fdee430d40bd57deeac186cd9790033d"
    assert key_id("Ada") != key_id("ada")


def test_shard_is_one_of_sixteen() -> None:
    """Each person's keys are in one of the 16 Secrets of a namespace."""
    assert len(secret_names()) == 16
    assert {f"ssh-keys-{shard(f'user-{number}')}" for number in range(500)} == set(secret_names())
