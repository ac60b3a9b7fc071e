"""The page's password: kept as a verifier, from which nobody gets it back but by guessing."""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from device.contract.files import read_limited, write_atomically
from device.errors import StorageError, UsageError

PASSWORD_NAME = "page-password"  # noqa: S105 the name of a file, not what is in it
"""The file in the state directory that holds the verifier."""

LEAST_LENGTH, MOST_LENGTH = 8, 256
"""Characters. NIST SP 800-63B asks for at least 8 and for no other rule."""

# OWASP's Password Storage Cheat Sheet takes this for as hard as 128 MiB once over: 16 MiB, five times over.
_LOG_COST, _BLOCK, _PASSES = 14, 8, 5
_SALT_BYTES, _HASH_BYTES = 16, 32
_MOST_BYTES = 1024
_METHOD = "scrypt"


@dataclass(frozen=True, slots=True)
class Verifier:
    """What a password is checked with: scrypt (RFC 7914) of it, and how that was made.

    Attributes:
        log_cost, block, passes: scrypt's N (as a power of 2), r and p.
        salt: random.
        digest: what the password must give.
    """

    log_cost: int
    block: int
    passes: int
    salt: bytes = field(repr=False)
    digest: bytes = field(repr=False)

    def __post_init__(self) -> None:
        # A file that asks for more would take the memory of the whole device.
        if not (10 <= self.log_cost <= 17 and 1 <= self.block <= 16 and 1 <= self.passes <= 16):
            raise StorageError(f"scrypt with N=2^{self.log_cost}, r={self.block}, p={self.passes} is none of ours")
        if not (8 <= len(self.salt) <= 64 and 16 <= len(self.digest) <= 64):
            raise StorageError("the salt or the digest of the password has an odd length")

    @classmethod
    def of(cls, password: str) -> "Verifier":
        """For ``password``. Raises UsageError where that is too short or too long."""
        require_fit(password)
        salt = secrets.token_bytes(_SALT_BYTES)
        digest = _scrypt(password, salt, log_cost=_LOG_COST, block=_BLOCK, passes=_PASSES, length=_HASH_BYTES)
        return cls(_LOG_COST, _BLOCK, _PASSES, salt, digest)

    @classmethod
    def parse(cls, text: str) -> "Verifier":
        """What ``str`` has written. Raises StorageError for anything else."""
        try:
            log_cost, block, passes, salt, digest = text.strip().removeprefix(f"{_METHOD}$").split("$")
            return cls(int(log_cost), int(block), int(passes), _decoded(salt), _decoded(digest))
        except (ValueError, StorageError) as error:
            raise StorageError(
                f"the page's password is damaged ({error})", "set it anew: sudo affectd page password"
            ) from None

    def __str__(self) -> str:
        salt, digest = (base64.b64encode(part).decode() for part in (self.salt, self.digest))
        return f"{_METHOD}${self.log_cost}${self.block}${self.passes}${salt}${digest}"

    def accepts(self, password: str) -> bool:
        """Whether it is the password; takes a good part of a second, and 16 MiB meanwhile."""
        if len(password) > MOST_LENGTH:
            return False
        given = _scrypt(
            password,
            self.salt,
            log_cost=self.log_cost,
            block=self.block,
            passes=self.passes,
            length=len(self.digest),
        )
        return hmac.compare_digest(given, self.digest)


def require_fit(password: str) -> None:
    """Raises UsageError where ``password`` is too short, too long, or none that a keyboard types."""
    if not LEAST_LENGTH <= len(password) <= MOST_LENGTH or not password.isprintable():
        raise UsageError(
            f"{LEAST_LENGTH} to {MOST_LENGTH} characters that can be typed make a password, not {len(password)}",
            "several words are easy to remember and hard to guess",
        )


def read_verifier(state_dir: Path) -> Verifier | None:
    """The one that is set; None where none is.

    Raises:
        StorageError: there is one, and it cannot be read or is damaged: it must not count as none.
    """
    path = state_dir / PASSWORD_NAME
    try:
        return Verifier.parse(read_limited(path, _MOST_BYTES).decode("ascii", errors="replace"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}", "set it anew: affectd page password") from error


def has_password(state_dir: Path) -> bool:
    """Whether one is set; a damaged one counts as none, for the page is not served with it."""
    try:
        return read_verifier(state_dir) is not None
    except StorageError:
        return False


def write_verifier(state_dir: Path, verifier: Verifier) -> Path:
    """Keep it, for the daemon alone to read; returns where. Raises StorageError, OSError."""
    path = state_dir / PASSWORD_NAME
    write_atomically(path, f"{verifier}\n".encode(), 0o600, as_folder_s_owner=True)
    return path


def _scrypt(password: str, salt: bytes, *, log_cost: int, block: int, passes: int, length: int) -> bytes:
    # OpenSSL's own limit is 32 MiB; this is what the parameters take, and a little room.
    most = 128 * block * (2**log_cost + passes + 4)
    return hashlib.scrypt(password.encode(), salt=salt, n=2**log_cost, r=block, p=passes, maxmem=2 * most, dklen=length)


def _decoded(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
