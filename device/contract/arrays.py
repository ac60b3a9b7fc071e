"""Arrays of an ``.npz`` that somebody else may have made: their size is checked before memory is taken."""

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_BYTES = 4 << 30
"""1.8 million faces of 48 x 48."""

_DAMAGE = (
    ValueError,
    TypeError,
    AttributeError,
    EOFError,
    IndexError,
    NotImplementedError,  # a compression that Python does not know
    RuntimeError,  # encrypted
    MemoryError,  # a shape of which the archive holds next to nothing
    zipfile.BadZipFile,
    zlib.error,
)


def read_arrays(path: Path, most_bytes: int = MOST_BYTES) -> dict[str, NDArray[Any]]:
    """All arrays of the archive at ``path``, by name.

    Raises:
        ValueError: it is no such archive, is damaged, or unpacks to more than ``most_bytes``.
        OSError: it is missing or cannot be read.
    """
    with path.open("rb") as file:  # opened here, not by NumPy: it would leave the file open where this is no archive
        try:
            with zipfile.ZipFile(file) as archive:
                size = sum(member.file_size for member in archive.infolist())
            if size > most_bytes:
                raise ValueError(f"it unpacks to {size:,} bytes, and at most {most_bytes:,} are read")
            file.seek(0)
            with np.load(file, allow_pickle=False) as arrays:
                return dict(arrays)
        except _DAMAGE as error:
            raise ValueError(str(error) or type(error).__name__) from error
