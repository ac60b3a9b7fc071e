"""Writing files so that a reader, or a power cut, finds the old one or the new one and nothing between."""

import os
import tempfile
from pathlib import Path

from device.errors import StorageError


def check_folder(path: Path) -> None:
    """Make sure that ``path`` can be written, before work is spent on what goes there.

    Raises:
        StorageError: its folder is missing or not writable, or ``path`` is a folder itself.
    """
    folder = path.parent
    if not folder.is_dir():
        raise StorageError(
            f"the folder {folder} is not there, and {path.name} is to be written into it", "make it first"
        )
    if not os.access(folder, os.W_OK | os.X_OK):
        raise StorageError(f"the folder {folder} cannot be written", "choose another place or mend its permissions")
    if path.is_dir():
        raise StorageError(f"{path} is a folder where a file is to be written", "name a file in it")


def write_atomically(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Put ``data`` at ``path``: written beside it, flushed to the disk, then renamed over it.

    Raises:
        StorageError: see ``check_folder``.
        OSError: the disk is full or broken; ``path`` is as it was.
    """
    check_folder(path)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            if hasattr(os, "fchmod"):  # a card is also prepared on Windows
                os.fchmod(file.fileno(), mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    """Make a rename last: it lives in the folder, which has a cache of its own."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
