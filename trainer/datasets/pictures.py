"""Picture files into grey pixels of one size; what cannot be read is reported by name."""

import contextlib
import hashlib
import io
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from device.classify.interpreter.native_stderr import captured_stderr
from device.contract.files import read_limited
from device.contract.picture_header import read_header
from device.contract.preprocess import InputSpec, resize
from device.errors import StorageError
from trainer.datasets.rows import Progress

DIGEST_BYTES = 16
SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"})
"""What a picture's name ends with."""
MOST_BYTES = 400_000_000
"""A larger file is not read. 100 megapixels of colour take 300 MB without any compression."""
MOST_PIXELS = 100_000_000
"""A picture that claims more is not decoded: a small file may claim gigabytes, and eight are read at a time."""
_BATCH = 256
_JPEG_START, _JPEG_SCAN, _JPEG_END = b"\xff\xd8", b"\xff\xda", b"\xff\xd9"
_JPEG_DAMAGE = ("premature end of data segment", "bad Huffman code")
"""What libjpeg prints of data that it makes some picture of all the same."""
_NO_PICTURE = "is no picture or a damaged one"
_TIFF_STARTS = (b"II*\0", b"MM\0*")
_PHOTOMETRIC, _WHITE_IS_ZERO = 262, 0
_BITS = (8, 10, 12, 14, 16)

Crop = Callable[[NDArray[np.uint8], int], NDArray[np.uint8] | str]
"""From a grey picture uint8 (h, w) and its position to its face, uint8 (height, width, 1), or why there is none."""


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """What came of reading pictures.

    Attributes:
        failed: position to reason, of those that could not be read.
        digests: of the pixels of each as they were before they were resized, uint8 (n, 16).
        sizes: height and width of each as it was, int64 (n, 2); 0 where it could not be read.
    """

    failed: dict[int, str]
    digests: NDArray[np.uint8]
    sizes: NDArray[np.int64]


def digest(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Of a picture's grey pixels, uint8 (16,): equal size and pixels, equal digest, whatever the file is called."""
    found = hashlib.blake2b(str(pixels.shape[:2]).encode(), digest_size=DIGEST_BYTES)
    found.update(np.ascontiguousarray(pixels).tobytes())
    return np.frombuffer(found.digest(), np.uint8)


def read_pictures(
    paths: Sequence[Path], into: NDArray[np.uint8], progress: Progress | None = None, crop: Crop | None = None
) -> Read:
    """Read each picture as grey into its place of ``into``, uint8 (n, height, width, 1).

    16-bit pictures are reduced to 8 bits, transparency is left out, CMYK and palettes are converted, EXIF's
    orientation is followed. With ``crop`` the face in each is taken, else the whole of it.
    """
    spec = InputSpec(height=into.shape[1], width=into.shape[2])
    failed: dict[int, str] = {}
    digests = np.zeros((len(paths), DIGEST_BYTES), np.uint8)
    sizes = np.zeros((len(paths), 2), np.int64)

    def read(position: int) -> _Face | str:
        grey = _read_grey(paths[position])
        return grey if isinstance(grey, str) else _face(grey, position, spec, crop)

    with ThreadPoolExecutor(max_workers=min(os.cpu_count() or 1, 8)) as workers:
        for start in range(0, len(paths), _BATCH):
            positions = range(start, min(start + _BATCH, len(paths)))
            # The decoders print on stderr what is reported here by name.
            with _captured() as printed:
                results = list(workers.map(read, positions))
            suspect = any(damage in printed() for damage in _JPEG_DAMAGE)
            for position, result in zip(positions, results, strict=True):
                damage = _damage(paths[position]) if suspect and not isinstance(result, str) else ""
                if isinstance(result, str) or damage:
                    failed[position] = damage or str(result)
                else:
                    into[position], digests[position], sizes[position] = result
            if progress is not None:
                progress(positions.stop, len(paths))
    return Read(failed, digests, sizes)


def read_picture(path: Path, spec: InputSpec) -> NDArray[np.uint8] | str:
    """One picture, uint8 (height, width, 1), or why it cannot be read."""
    face = np.empty((1, spec.height, spec.width, 1), np.uint8)
    return read_pictures([path], face).failed.get(0) or face[0]


def read_grey(path: Path) -> NDArray[np.uint8] | None:
    """A picture in grey as it is, uint8 (height, width); None where it cannot be read."""
    with _captured():
        grey = _read_grey(path)
    return None if isinstance(grey, str) else grey


def read_bgr(path: Path) -> NDArray[np.uint8] | str:
    """A picture in colour, upright, uint8 (height, width, 3) BGR, or why it cannot be read."""
    content = _content(path)
    if isinstance(content, str):
        return content
    bgr = _decode(content, cv2.IMREAD_COLOR)
    return _NO_PICTURE if bgr is None else bgr


_Face = tuple[NDArray[np.uint8], NDArray[np.uint8], tuple[int, ...]]
"""Pixels (height, width, 1), their digest, and the size of the picture."""


def _face(grey: NDArray[np.uint8], position: int, spec: InputSpec, crop: Crop | None) -> _Face | str:
    if crop is None:
        return resize(grey, spec), digest(grey), grey.shape
    face = crop(grey, position)
    return face if isinstance(face, str) else (face, digest(face), grey.shape)


def _damage(path: Path) -> str:
    """What to say of a JPEG that decodes with complaints; empty where it does without."""
    with _captured() as printed:
        _read_grey(path)
    found = any(damage in printed() for damage in _JPEG_DAMAGE)
    return "is damaged: a part of its data is not what was saved" if found else ""


def _read_grey(path: Path) -> NDArray[np.uint8] | str:
    content = _content(path)
    if isinstance(content, str):
        return content
    grey = _decode(content, cv2.IMREAD_GRAYSCALE)
    if grey is None:
        return _NO_PICTURE
    deep = _decode(content, cv2.IMREAD_GRAYSCALE | cv2.IMREAD_ANYDEPTH) if _may_be_deep(content) else None
    return grey if deep is None or deep.dtype != np.uint16 else _to_8_bits(deep, content)


def _content(path: Path) -> bytes | str:
    """All of a picture's file that may be decoded, or why it may not."""
    try:
        content = read_limited(path, MOST_BYTES)
    except FileNotFoundError:
        return "is not there"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    except StorageError as error:
        return f"cannot be read: {error.reason}"
    return _refusal(content) or content


def _refusal(content: bytes) -> str:
    """Why a file is not decoded, by its size, its end and what its first bytes claim; empty where it is."""
    if not content:
        return "is empty (0 bytes)"
    if _is_cut_off(content):
        return "is cut off"
    header = read_header(content)
    if header is None:
        return _NO_PICTURE
    if header.width * header.height > MOST_PIXELS:
        return f"claims {header.width} x {header.height} pixels, and at most {MOST_PIXELS:,} are read"
    return f"is {header.trouble}" if header.trouble else ""


def _decode(content: bytes, how: int) -> NDArray[np.uint8] | None:
    try:
        return cv2.imdecode(np.frombuffer(content, np.uint8), how)  # type: ignore[return-value]
    except cv2.error:
        return None


def _may_be_deep(content: bytes) -> bool:
    return content.startswith((*_TIFF_STARTS, b"\x89PNG", b"P5"))


def _to_8_bits(deep: NDArray[np.uint8], content: bytes) -> NDArray[np.uint8]:
    """From uint16 that may use 10, 12 or 14 of its bits, as cameras and scanners save them."""
    highest = int(deep.max())
    bits = next(one for one in _BITS if highest < 1 << one)
    grey: NDArray[np.uint8] = (deep >> (bits - 8)).astype(np.uint8)
    if content.startswith(_TIFF_STARTS) and _white_is_zero(content):
        grey = 255 - grey
    return grey


def _white_is_zero(content: bytes) -> bool:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content)) as picture:
            return bool(picture.tag_v2.get(_PHOTOMETRIC) == _WHITE_IS_ZERO)  # type: ignore[attr-defined]
    except (OSError, AttributeError):
        return False


def _is_cut_off(content: bytes) -> bool:
    """Whether a JPEG ends in mid-scan, of which some decoders make a picture with a grey rest."""
    return content.startswith(_JPEG_START) and content.rfind(_JPEG_END) < content.rfind(_JPEG_SCAN)


@contextlib.contextmanager
def _captured():  # type: ignore[no-untyped-def] # noqa: ANN202
    """What is printed on file descriptor 2 meanwhile, by a function that is asked afterwards."""
    if not hasattr(os, "memfd_create"):
        yield lambda: ""
        return
    with captured_stderr() as captured:
        yield lambda: captured.text
