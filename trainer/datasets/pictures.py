"""Picture files into grey pixels of one size; what cannot be read is told by name."""

import contextlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from device.classify.interpreter.native_stderr import captured_stderr
from device.contract.preprocess import InputSpec, resize
from trainer.datasets.fer2013 import Progress

_BATCH = 256
_JPEG_START, _JPEG_SCAN, _JPEG_END = b"\xff\xd8", b"\xff\xda", b"\xff\xd9"


def read_pictures(paths: Sequence[Path], into: NDArray[np.uint8], progress: Progress | None = None) -> dict[int, str]:
    """Read each picture as grey into its place of ``into``, uint8 (n, height, width, 1).

    16-bit pictures are reduced to 8 bits, transparency is left out, CMYK and palettes are converted, EXIF's
    orientation is followed.

    Returns:
        Position to reason, of the pictures that could not be read.
    """
    spec = InputSpec(height=into.shape[1], width=into.shape[2])
    failed: dict[int, str] = {}
    with ThreadPoolExecutor(max_workers=min(os.cpu_count() or 1, 8)) as workers:
        for start in range(0, len(paths), _BATCH):
            batch = paths[start : start + _BATCH]
            # The decoders print on stderr what is told here by name.
            with _silenced():
                results = list(workers.map(partial(read_picture, spec=spec), batch))
            for position, result in enumerate(results, start):
                if isinstance(result, str):
                    failed[position] = result
                else:
                    into[position] = result
            if progress is not None:
                progress(start + len(batch), len(paths))
    return failed


def read_picture(path: Path, spec: InputSpec) -> NDArray[np.uint8] | str:
    """One picture, uint8 (height, width, 1), or why it cannot be read."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return "is not there"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    if not content:
        return "is empty (0 bytes)"
    if _is_cut_off(content):
        return "is cut off"
    try:
        grey = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE)
    except cv2.error:
        grey = None
    if grey is None:
        return "is no picture or a damaged one"
    return resize(grey.astype(np.uint8, copy=False), spec)


def _is_cut_off(content: bytes) -> bool:
    """Whether a JPEG ends in mid-scan, of which some decoders make a picture with a grey rest."""
    return content.startswith(_JPEG_START) and content.rfind(_JPEG_END) < content.rfind(_JPEG_SCAN)


def _silenced() -> contextlib.AbstractContextManager[object]:
    return captured_stderr() if hasattr(os, "memfd_create") else contextlib.nullcontext()
