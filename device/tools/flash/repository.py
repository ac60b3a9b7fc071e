"""The apt repository that a card takes its next versions from, and the key by which it knows them (`make repo`)."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from device.contract.files import read_limited
from device.errors import StorageError, UsageError

SOURCE_NAME = "affectd.sources"
"""apt's file of it, in which the first boot fills in the name of its Debian."""
UPGRADES_NAME = "52affectd"
"""For unattended-upgrades."""
KEY_NAME = "affectd-archive-keyring.gpg"
NEEDED = "unattended-upgrades"
"""The Debian package that installs what comes there."""

_MOST_KEY_BYTES = 256 * 1024
_URL = re.compile(r"https?://[^\s\[\]@\\\"'<>]+")
_PUBLIC, _PRIVATE = 6, 5
"""Tags of a packet that begins a key (RFC 9580, 5)."""


@dataclass(frozen=True, slots=True)
class Repository:
    """One that `make repo` has made.

    Attributes:
        url: where it is served; the key makes what comes by plain http as safe as by https.
        key: its public key, as gpg --export gives it.
    """

    url: str
    key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not _URL.fullmatch(self.url) or not self.url.isascii():
            raise UsageError(
                f"--repository {self.url!r} is no https:// or http:// address without a user and a password",
                "name the folder that `make repo` has made, as the web server serves it",
            )

    def source(self) -> str:
        """The file for apt, in which CODENAME stands for that of the release."""
        text = Path(__file__).with_name(SOURCE_NAME).read_text(encoding="utf-8")
        return text.replace("URL", self.url.rstrip("/"))


def upgrades() -> str:
    """The file for unattended-upgrades."""
    return Path(__file__).with_name(UPGRADES_NAME).read_text(encoding="utf-8")


def read_key(path: Path) -> bytes:
    """The public key in the file at ``path``. Raises UsageError."""
    try:
        key = read_limited(path, _MOST_KEY_BYTES)
    except (OSError, StorageError) as error:
        told = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"--repository-key {path} cannot be read: {told}") from error
    tag = _first_tag(key)
    if tag == _PRIVATE or b"PRIVATE KEY" in key[:200]:
        raise UsageError(f"--repository-key {path} is a secret key, which no card is to hold", "gpg --export makes it")
    if tag != _PUBLIC:
        raise UsageError(
            f"--repository-key {path} is no key as gpg --export gives it",
            "name affectd-archive-keyring.gpg, which `make repo` puts beside the packages",
        )
    return key


def _first_tag(data: bytes) -> int | None:
    """Which kind of packet it begins with (RFC 9580, 4.2); None where that is none."""
    if not data or not data[0] & 0x80:
        return None
    return data[0] & 0x3F if data[0] & 0x40 else (data[0] & 0x3F) >> 2
