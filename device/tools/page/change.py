"""Changes the configuration as the page asks for it: checked first, comments kept, and by root where root owns it.

A service's sandbox may not write ``/etc``. There the change is left in the state directory, and a service that is root
and does nothing else, ``affectd-page-change``, takes it over: the page needs no right to the file.
"""

import json
import os
import stat
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from device.config import Config, parse_config
from device.contract.files import write_atomically
from device.errors import StorageError, UsageError
from device.tools.page.keys import with_changes
from device.yaml_text import MOST_BYTES

WANTED_NAME = "page-wanted"
"""The file in the state directory that is root's to take over."""
_MOST_BYTES = 16_384
_TAKEN_WITHIN_S = 20.0


def read_wanted() -> dict[str, str]:
    """Keys and values as JSON from stdin. Raises UsageError."""
    return _understood(sys.stdin.buffer.read(_MOST_BYTES + 1))


def change_configuration(path: Path, values: Mapping[str, str]) -> tuple[str, ...]:
    """Change the file at ``path``; returns the keys.

    Raises:
        AffectdError: the daemon would not start with it, or it cannot be written; the file is as it was.
        OSError: the disk is full or broken; the file is as it was.
    """
    text = _read(path)
    changed = with_changes(text, values, str(path))
    config = parse_config(changed, str(path))
    from device.preflight import try_out  # root, who takes over, loads no model

    for _ in try_out(config):
        pass
    if os.access(path.parent, os.W_OK | os.X_OK):
        _write(path, changed)
    else:
        _hand_over(path, values, config)
    return tuple(values)


def take_over(wanted: Path, path: Path) -> tuple[str, ...]:
    """Change the file at ``path`` as the one at ``wanted`` says, which somebody else has written, and remove that.

    Raises:
        AffectdError: it says something else than the page may.
        OSError: a file cannot be read or written.
    """
    folder = os.open(wanted.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        values = _understood(_read_stranger_s(wanted.name, folder))
        text = _read(path)
        _write(path, with_changes(text, values, str(path)))
    finally:
        try:
            os.unlink(wanted.name, dir_fd=folder)
        finally:
            os.close(folder)
    return tuple(values)


def _hand_over(path: Path, values: Mapping[str, str], config: Config) -> None:
    """Leave the change to root, and wait until it is in the file. Raises StorageError."""
    wanted = config.device.resolved_state_dir / WANTED_NAME
    try:
        write_atomically(wanted, json.dumps(dict(values)).encode(), 0o600)
        until_s = time.monotonic() + _TAKEN_WITHIN_S
        while wanted.exists():
            if time.monotonic() > until_s:
                raise StorageError(
                    f"{path} is root's, and nothing has changed it for the page within {_TAKEN_WITHIN_S:.0f} s",
                    "let it: sudo systemctl enable --now affectd-page-change.path",
                )
            time.sleep(0.1)
    finally:
        wanted.unlink(missing_ok=True)
    if parse_config(_read(path), str(path)) != config:
        raise StorageError(f"{path} was not changed", "journalctl -u affectd-page-change says why")


def _understood(data: bytes) -> dict[str, str]:
    if len(data) > _MOST_BYTES:
        raise UsageError(f"more than {_MOST_BYTES} bytes are asked for")
    try:
        values: Any = json.loads(data)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict) or not values or not all(isinstance(one, str) for one in values.values()):
        raise UsageError("an object of JSON with a text for each key is expected", 'such as {"source.fps": "10"}')
    return values


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StorageError(f"{path} cannot be read: {getattr(error, 'strerror', error)}") from error


def _read_stranger_s(name: str, folder: int) -> bytes:
    """What is in a file that is none of ours; no link is followed, and nothing but a file is waited for."""
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise UsageError(f"{name} is no file")
        return file.read(_MOST_BYTES + 1)


def _write(path: Path, text: str) -> None:
    found = path.stat()
    write_atomically(path, text.encode(), found.st_mode & 0o777)
    if os.geteuid() == 0:
        os.chown(path, found.st_uid, found.st_gid, follow_symlinks=False)
