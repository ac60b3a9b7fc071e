"""One process at a time in a folder."""

import os
from contextlib import suppress
from pathlib import Path

from device.errors import StorageError

LOCK_NAME = "lock"


class FolderLock:
    """Holds ``folder`` for this process until ``release`` or the process's end, however that comes.

    The file stays; the kernel's lock on it (flock) goes with the process, so none is ever left behind.

    Raises:
        StorageError: another process holds the folder.
        OSError: the folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self._descriptor = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            self._take(folder)
        except BaseException:
            # Left open, it would keep out this very process when it tries again.
            self.release()
            raise

    def _take(self, folder: Path) -> None:
        import fcntl  # not on Windows, where `affectd flash` runs

        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._descriptor, 32).decode(errors="replace").strip()
            raise StorageError(
                f"another affectd (process {holder or 'unknown'}) keeps its events in {folder}",
                "stop that one, or give this one a device.state_dir of its own",
            ) from None
        os.ftruncate(self._descriptor, 0)
        with suppress(OSError):  # a full disk: the number is for people, the lock is the kernel's
            os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let others in; harmless when it was done."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
