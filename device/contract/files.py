"""Writing files so that a reader, or a power cut, finds the old one or the new one and nothing between."""

import os
import secrets
import stat
from contextlib import suppress
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


def read_limited(path: Path, most_bytes: int) -> bytes:
    """All that is in the file at ``path``, which somebody else may have put there.

    Raises:
        StorageError: it is no file (a FIFO would be waited for, a device has no end), or larger than ``most_bytes``.
        OSError: it is missing or cannot be read.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            kind = "a folder" if stat.S_ISDIR(found.st_mode) else "a pipe or device"
            raise StorageError(f"a file is expected at {path}, and there is {kind}")
        if found.st_size > most_bytes:
            raise StorageError(f"{path} has {found.st_size:,} bytes, and {most_bytes:,} bytes are expected at most")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(most_bytes)
    finally:
        os.close(descriptor)


def write_atomically(path: Path, data: bytes, mode: int = 0o644, *, as_folder_s_owner: bool = False) -> None:
    """Put ``data`` at ``path``: written beside it, flushed to the disk, then renamed over it.

    The folder is opened once, and all is done in that one by descriptor: whoever else may write there can swap names
    meanwhile, and gets no other file written, opened or given away by it.

    Args:
        path: where to.
        data: all of it.
        mode: its permissions.
        as_folder_s_owner: give it to whom the folder belongs to, where root writes it.

    Raises:
        StorageError: see ``check_folder``.
        OSError: the disk is full or broken; ``path`` is as it was.
    """
    check_folder(path)
    try:
        if hasattr(os, "O_DIRECTORY"):
            _write_in_folder(path, data, mode, as_folder_s_owner=as_folder_s_owner)
        else:  # a card is also prepared on Windows
            _write_by_name(path, data)
    except OSError as error:
        # By the name that was asked for: a full disk is told of by none, and a temporary file's says nothing.
        raise OSError(error.errno, error.strerror, str(path)) from error


def _write_in_folder(path: Path, data: bytes, mode: int, *, as_folder_s_owner: bool) -> None:
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        temporary = f".{path.name}.{secrets.token_hex(8)}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        new = os.open(temporary, flags, 0o600, dir_fd=folder)
        try:
            with os.fdopen(new, "wb") as file:
                if as_folder_s_owner and os.geteuid() == 0:
                    owner = os.fstat(folder)
                    os.fchown(new, owner.st_uid, owner.st_gid)
                os.fchmod(new, mode)
                file.write(data)
                file.flush()
                os.fsync(new)
            os.rename(temporary, path.name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(temporary, dir_fd=folder)
            raise
        os.fsync(folder)  # a rename lives in the folder, which has a cache of its own
    finally:
        os.close(folder)


def _write_by_name(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
