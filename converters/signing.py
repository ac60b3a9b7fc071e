"""Signs files with a secret key that minisign has made (``minisign -G``)."""

import base64
import binascii
import hashlib
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from device.contract.minisign import ed25519
from device.errors import DataError

_LAYOUT = struct.Struct("<2s2s2s32sQQ104s")
_MOST_MEMORY_BYTES = 2**30  # as minisign's own keys ask for


@dataclass(frozen=True, slots=True)
class SecretKey:
    """One key; ``id`` has 8 bytes, ``seed`` 32."""

    id: bytes
    seed: bytes = field(repr=False)

    @classmethod
    def parse(cls, text: str, ask_password: Callable[[], str]) -> Self:
        """From minisign's key file; ``ask_password`` is called where it is encrypted.

        Raises:
            DataError: it is no such file, or the password is wrong.
        """
        try:
            raw = base64.b64decode(text.splitlines()[1], validate=True)
            algorithm, derivation, checksum_kind, salt, work, memory, secret = _LAYOUT.unpack(raw)
        except (IndexError, binascii.Error, struct.error) as error:
            raise DataError(f"the key is no secret key of minisign ({error})", "make one: minisign -G") from error
        if algorithm != b"Ed" or checksum_kind != b"B2" or derivation not in {b"Sc", b"\0\0"}:
            raise DataError("the key is of a kind that is not known here", "make one: minisign -G")
        if derivation == b"Sc":
            stream = _derived(ask_password(), salt, work, memory)
            secret = bytes(one ^ other for one, other in zip(secret, stream, strict=True))
        # The checksum behind them is left out where there is no password: the pair itself shows whether it is whole.
        key_id, seed, public = secret[:8], secret[8:40], secret[40:72]
        if ed25519().Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw() != public:
            raise DataError("the password does not open the key, or the key is damaged", "type it again")
        return cls(key_id, seed)

    def sign(self, data: bytes, comment: str) -> str:
        """The text of the ``.minisig`` of ``data``; ``comment`` is signed too, and has one line."""
        key = ed25519().Ed25519PrivateKey.from_private_bytes(self.seed)
        signed = key.sign(hashlib.blake2b(data).digest())
        over_all = key.sign(signed + comment.encode("utf-8"))
        return (
            "untrusted comment: signature by affectd-convert sign\n"
            f"{base64.b64encode(b'ED' + self.id + signed).decode('ascii')}\n"
            f"trusted comment: {comment}\n"
            f"{base64.b64encode(over_all).decode('ascii')}\n"
        )


def _derived(password: str, salt: bytes, work: int, memory: int) -> bytes:
    """What the secret is masked with: scrypt, its costs chosen from ``work`` and ``memory`` as libsodium does."""
    if memory > _MOST_MEMORY_BYTES:
        raise DataError(f"opening the key would take {memory:,} bytes of memory", "make one: minisign -G")
    work, block = max(work, 32_768), 8
    by_work = work < memory // 32
    most = work // (block * 4) if by_work else memory // (block * 128)
    exponent = next(number for number in range(1, 63) if 2**number > most // 2)
    rounds = 1 if by_work else min(work // 4 // 2**exponent, 0x3FFFFFFF) // block
    cost = {"n": 2**exponent, "r": block, "p": rounds, "maxmem": 2**31 - 1, "dklen": 104}
    return hashlib.scrypt(password.encode("utf-8"), salt=salt, **cost)
