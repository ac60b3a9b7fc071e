"""Room for pictures: in memory where they fit, else in a file that the system pages in."""

import os
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from device.errors import StorageError

FITTING_SHARE = 0.5
"""Share of the available memory that pictures may take before they go into a file."""


def room_for(count: int, size: tuple[int, int]) -> tuple[NDArray[np.uint8], str]:
    """An array for pictures, uint8 (count, height, width, 1), and a note when it is not in memory.

    Raises:
        StorageError: when neither the memory nor the folder for temporary files has room.
    """
    shape = (count, *size, 1)
    needed = count * size[0] * size[1]
    if needed <= FITTING_SHARE * available_bytes():
        return np.empty(shape, np.uint8), ""
    folder = tempfile.gettempdir()
    # Without a name, the file is gone when the process is, however it ends.
    with tempfile.TemporaryFile(dir=folder) as file:
        try:
            os.posix_fallocate(file.fileno(), 0, needed)
        except OSError as error:
            raise StorageError(
                f"{count} pictures need {needed / 1e9:.1f} GB; neither the memory nor {folder} has that much room",
                "set TMPDIR to a folder on a larger disk, or choose a smaller input",
            ) from error
        mapped = np.memmap(file, np.uint8, "r+", shape=shape)
    return mapped, f"the pictures take {needed / 1e9:.1f} GB, more than half of the memory: kept in a file in {folder}"


def available_bytes() -> int:
    """Memory that can be had without swapping, bytes."""
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    # Elsewhere half of what is built in is taken for available.
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2


def keep(images: NDArray[np.uint8], kept: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """The pictures where ``kept``, moved together in place: no second copy is made of pictures in a file."""
    target = 0
    for position in np.flatnonzero(kept):
        if position != target:
            images[target] = images[position]
        target += 1
    return images[:target]
