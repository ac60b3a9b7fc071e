"""Detached signatures as minisign writes them: who made a file, where a digest says only that it is whole.

The format (https://jedisct1.github.io/minisign/): Ed25519 over the file's BLAKE2b-512 digest (``ED``), or over the file
itself (``Ed``, by older versions); a second signature covers the first and the trusted comment.
"""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from device.errors import ModelError, UnavailableError

SUFFIX = ".minisig"
MOST_SIGNATURE_BYTES = 16_384

_COMMENT = "untrusted comment: "
_TRUSTED = "trusted comment: "


@dataclass(frozen=True, slots=True)
class PublicKey:
    """One key; ``id`` has 8 bytes, ``key`` 32."""

    id: bytes
    key: bytes

    @classmethod
    def parse(cls, text: str) -> Self:
        """From the second line of minisign's ``.pub`` file. Raises ValueError."""
        raw = _decoded(text.strip(), 42)
        if raw[:2] != b"Ed":
            raise ValueError("it is no Ed25519 key")
        return cls(raw[2:10], raw[10:])


def verify_signature(data: bytes, signature: bytes, keys: Sequence[PublicKey], name: str) -> str:
    """Make sure that one of ``keys`` has signed ``data``; returns the trusted comment.

    Args:
        data: the file's bytes.
        signature: the bytes of its ``.minisig``.
        keys: those that are trusted.
        name: what errors call the file.

    Raises:
        ModelError: the signature is none, by another key, or of another file.
        UnavailableError: the package that checks it is not installed.
    """
    try:
        algorithm, key_id, signed, comment, over_all = _parse(signature)
    except ValueError as error:
        raise ModelError(f"the signature of {name} is none of minisign's ({error})", "sign it again") from error
    key = next((one for one in keys if one.id == key_id), None)
    if key is None:
        raise ModelError(
            f"{name} is signed by the key {key_id[::-1].hex().upper()}, which is not among models.trusted_keys",
            "get it from somebody you trust, or trust that key",
        )
    message = hashlib.blake2b(data).digest() if algorithm == b"ED" else data
    if not (_is_signed(key, signed, message) and _is_signed(key, over_all, signed + comment)):
        raise ModelError(
            f"the signature of {name} is forged, or of another file", "get file and signature again, from their maker"
        )
    return comment.decode("utf-8", "replace")


def ed25519() -> Any:
    """The module that signs and verifies. Raises UnavailableError where it is not installed."""
    try:
        from cryptography.hazmat.primitives.asymmetric import ed25519 as module
    except ImportError as error:
        raise UnavailableError(
            f"signatures need the package cryptography ({error})",
            "pip install 'affectd[sign]', or on Debian: sudo apt install python3-cryptography",
        ) from error
    return module


def _parse(signature: bytes) -> tuple[bytes, bytes, bytes, bytes, bytes]:
    """Algorithm, key's id, signature of the file, trusted comment, signature of both."""
    lines = signature.decode("utf-8").splitlines()
    if len(lines) != 4 or not lines[0].startswith(_COMMENT) or not lines[2].startswith(_TRUSTED):
        raise ValueError("four lines are expected, two of them comments")
    raw = _decoded(lines[1], 74)
    if raw[:2] not in {b"ED", b"Ed"}:
        raise ValueError("it is no Ed25519 signature")
    return raw[:2], raw[2:10], raw[10:], lines[2].removeprefix(_TRUSTED).encode("utf-8"), _decoded(lines[3], 64)


def _decoded(text: str, length: int) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(f"it is not base64: {error}") from error
    if len(raw) != length:
        raise ValueError(f"it has {len(raw)} bytes, not {length}")
    return raw


def _is_signed(key: PublicKey, signature: bytes, message: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature

    try:
        ed25519().Ed25519PublicKey.from_public_bytes(key.key).verify(signature, message)
    except InvalidSignature:
        return False
    return True
