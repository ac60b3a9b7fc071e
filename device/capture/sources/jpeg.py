"""Single JPEGs out of a stream of them, whole or not."""

from typing import Any

import cv2
import numpy as np

from device.capture.sources.colours import Colour, jpeg_colours, split_colours
from device.capture.sources.pictures import check_size
from device.contract.picture_header import read_header

_START, _SCAN, _END = b"\xff\xd8", b"\xff\xda", b"\xff\xd9"


class JpegDecoder:
    """Decodes what a camera sends, and refuses what was cut off, which would be filled up with grey.

    Only the luma is decoded, and the colours too where whole ones are wanted; small ones once somebody looks. A camera
    that never writes the end of a picture is put up with: an end is asked for from the first picture on that has one.

    Args:
        name: what errors call the camera.
        max_pixels: a larger picture is refused before it is decoded.
        colour: what is wanted beside grey.
    """

    def __init__(self, name: str, max_pixels: int, *, colour: Colour) -> None:
        self._name = name
        self._max_pixels = max_pixels
        self._colour = colour
        self._has_ends = False

    def decode(self, jpeg: bytes) -> dict[str, Any] | None:
        """The parts of a `Frame` that one JPEG gives; None where it is damaged. Raises SourceError."""
        header = read_header(jpeg) if jpeg.startswith(_START) else None
        if header is None:
            return None
        has_end = jpeg.rfind(_END) > jpeg.find(_SCAN) > 0
        if self._has_ends and not has_end:
            return None
        check_size(self._name, header.width, header.height, self._max_pixels)
        try:
            whole = np.frombuffer(jpeg if has_end else jpeg + _END, np.uint8)
            how = cv2.IMREAD_COLOR if self._colour == "whole" else cv2.IMREAD_GRAYSCALE
            picture = cv2.imdecode(whole, how)
        except cv2.error:
            return None
        if picture is None:
            return None
        self._has_ends = self._has_ends or has_end
        parts = split_colours(picture, colour=self._colour)
        if self._colour == "small":
            parts["small_bgr"] = jpeg_colours(whole, header.width, header.height)
        return parts
