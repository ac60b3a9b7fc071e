"""One picture out of bytes that anybody may have made."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from device.contract.picture_header import read_header
from device.errors import SourceError

MOST_BYTES = 200_000_000
"""A larger file is not read: so many hold a photograph of 50 megapixels without any compression."""


def decode_picture(data: bytes, name: str, max_pixels: int, *, colour: bool = True) -> NDArray[Any]:
    """The picture in ``data``: uint8 (height, width, 3) in BGR order, or (height, width) without ``colour``.

    Args:
        data: a JPEG, PNG, GIF, WebP, BMP, TIFF or PNM file.
        name: what errors call it.
        max_pixels: a larger one is refused before it is decoded.
        colour: whether the colours are wanted.

    Raises:
        SourceError: it is damaged, of another kind or too large.
    """
    header = read_header(data)
    if header is None:
        raise SourceError(f"{name} is not a whole picture of a known kind", "give a JPEG, PNG, GIF, WebP, BMP or TIFF")
    check_size(name, header.width, header.height, max_pixels)
    if header.trouble:
        raise SourceError(f"{name} cannot be used: it is {header.trouble}")
    try:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR if colour else cv2.IMREAD_GRAYSCALE)
    except cv2.error:
        picture = None
    if picture is None:
        raise SourceError(f"{name} is a damaged {header.kind}", "give a whole one")
    return picture


def check_size(name: str, width: int, height: int, max_pixels: int) -> None:
    """Raise SourceError where a picture of ``name`` has more than ``max_pixels``."""
    if width * height > max_pixels:
        raise SourceError(
            f"{name} gives pictures of {width} x {height} pixels, more than source.max_megapixels, "
            f"{max_pixels / 1e6:g}, allows",
            "raise it if they are really so large",
        )
