"""What native libraries print on stderr by themselves, past Python's logging."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


class Captured:
    """Filled when the ``with`` block of ``captured_stderr`` ends."""

    text: str = ""


@contextmanager
def captured_stderr() -> Iterator[Captured]:
    """Keep file descriptor 2 in memory for the duration of the block; the caller decides what of it is passed on.

    The descriptor belongs to the whole process: what other threads print meanwhile is in the text too.
    """
    captured = Captured()
    sys.stderr.flush()
    memory = os.memfd_create("stderr")
    kept = os.dup(2)
    os.dup2(memory, 2)
    try:
        yield captured
    finally:
        sys.stderr.flush()
        os.dup2(kept, 2)
        os.close(kept)
        with os.fdopen(memory, "rb") as file:
            file.seek(0)
            captured.text = file.read().decode("utf-8", "replace")
