"""One process at a time in a folder."""

import os
from contextlib import suppress
from pathlib import Path

from device.errors import StorageError

LOCK_NAME = "lock"
SERVICE_STATE_DIR = Path("/var/lib/affectd")
"""The folder that the service's unit asks systemd for, and its daemon holds."""


def is_held(folder: Path) -> bool | None:
    """Whether a process holds ``folder``, by the kernel's list, so that nobody is kept out; None where unknown."""
    try:
        inode = (folder / LOCK_NAME).stat().st_ino
        held = Path("/proc/locks").read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        return False
    except OSError:
        return None
    # "1: FLOCK  ADVISORY  WRITE 4711 fe:00:131 0 EOF", the file by its disk and inode: proc_locks(5)
    return any(fields[1] == "FLOCK" and fields[5].endswith(f":{inode}") for fields in map(str.split, held))


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
