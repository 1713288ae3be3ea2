"""Ed25519 over the manifest's bytes; keys as PEM, so that openssl can check them too."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from nvr_app.errors import UserError

SEED_BYTES = 32
_GROUP = 4


class KeyUnusableError(UserError):
    """What was given is no Ed25519 key, or not readable."""


class Signer:
    """The engine's signing key. `repr` shows nothing of it."""

    def __init__(self, seed: bytes) -> None:
        if len(seed) != SEED_BYTES:
            raise KeyUnusableError(f"a signing key has {SEED_BYTES} bytes, not {len(seed)}")
        self._key = Ed25519PrivateKey.from_private_bytes(seed)

    def sign(self, data: bytes) -> bytes:
        """64 bytes."""
        return self._key.sign(data)

    @property
    def public_key(self) -> bytes:
        """32 bytes."""
        return self._key.public_key().public_bytes_raw()

    @property
    def key_id(self) -> str:
        return key_id_of(self.public_key)


def key_id_of(public_key: bytes) -> str:
    """The fingerprint that people compare: SHA-256 of the raw key in groups, 80 bits of it.

    80 bits are out of reach for somebody who looks for a second key with the same fingerprint.
    """
    text = base64.b32encode(hashlib.sha256(public_key).digest()[:10]).decode()
    return "-".join(text[n : n + _GROUP] for n in range(0, len(text), _GROUP))


def public_pem(public_key: bytes) -> bytes:
    """SubjectPublicKeyInfo as PEM, as `openssl pkeyutl -pubin` wants it."""
    return Ed25519PublicKey.from_public_bytes(public_key).public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def read_public_pem(data: bytes) -> bytes:
    """The raw key of a PEM. KeyUnusableError."""
    try:
        key = serialization.load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyUnusableError(f"this is no public key in PEM ({error})") from None
    if not isinstance(key, Ed25519PublicKey):
        raise KeyUnusableError("this is no Ed25519 key")
    return key.public_bytes_raw()


def is_signed_by(public_key: bytes, signature: bytes, data: bytes) -> bool:
    """Whether the signature over these bytes was made with that key's secret."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


def given_key_id(text: str) -> str:
    """The fingerprint that a person names: itself, or that of a PEM file. KeyUnusableError."""
    plain = text.strip().upper()
    if len(plain.replace("-", "")) == 16 and plain.replace("-", "").isalnum():
        letters = plain.replace("-", "")
        return "-".join(letters[n : n + _GROUP] for n in range(0, len(letters), _GROUP))
    try:
        return key_id_of(read_public_pem(Path(text).expanduser().read_bytes()))
    except OSError as error:
        raise KeyUnusableError(
            f"{text} is neither a fingerprint nor a readable key file ({error.strerror or error})"
        ) from None
