"""Who may log in to a flashed device."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from device.errors import UsageError

_USER = re.compile(r"[a-z][a-z0-9_-]{0,30}")
_TAKEN_USERS = {"root", "daemon", "bin", "sys", "games", "man", "mail", "nobody", "sshd", "affectd"}


@dataclass(frozen=True, slots=True)
class Login:
    """Who may log in over SSH.

    Attributes:
        user: small letters, digits, - and _.
        ssh_key: the public key, in one line; None where a password is used.
        password: taken to the device by a file of its own, and hashed there; None where a key is used.
    """

    user: str
    ssh_key: str | None = None
    password: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not _USER.fullmatch(self.user):
            raise UsageError(f"--user {self.user!r}: small letters, digits, - and _ are expected")
        if self.user in _TAKEN_USERS:
            raise UsageError(f"--user {self.user}: the system has a user of that name itself", "choose another name")
        if not (self.ssh_key or self.password):
            raise UsageError(f"--user {self.user} has no way to log in", "give a key with --ssh-key, or a password")
        if self.password and not self.password.isprintable():
            raise UsageError("the login password has characters that no keyboard types", "choose another one")

    def as_user_data(self) -> dict[str, Any]:
        """The user in cloud-init's words."""
        # Who has the key may become root without a password, since there is none.
        how = {"ssh_authorized_keys": [self.ssh_key], "lock_passwd": True, "sudo": "ALL=(ALL) NOPASSWD:ALL"}
        typed = {"lock_passwd": False, "sudo": "ALL=(ALL) ALL"}
        groups = ["sudo", "video", "render", "input"]
        return {"name": self.user, "groups": groups, "shell": "/bin/bash", **(how if self.ssh_key else typed)}


def read_public_key(path: Path) -> str:
    """The one line of an SSH key's public half. Raises UsageError."""
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--ssh-key {path} cannot be read: {error}") from error
    if "PRIVATE KEY" in text or not text.startswith(("ssh-", "ecdsa-", "sk-")) or "\n" in text:
        raise UsageError(f"--ssh-key {path} is no public key", "name the file that ends in .pub")
    return text
