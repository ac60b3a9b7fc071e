"""Single JPEGs out of a stream of them, whole or not."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from device.capture.sources.frames import split_colours

_START, _SCAN, _END = b"\xff\xd8", b"\xff\xda", b"\xff\xd9"


class JpegDecoder:
    """Decodes what a camera sends, and refuses what was cut off, which would be filled up with grey.

    Without colour only the luma is decoded. A camera that never writes the end of a picture is put up with: an end is
    asked for from the first picture on that has one.

    Args:
        colour: whether ``bgr`` is wanted.
    """

    def __init__(self, *, colour: bool) -> None:
        self._colour = colour
        self._has_ends = False

    def decode(self, data: NDArray[Any]) -> dict[str, NDArray[Any]] | None:
        """``grey`` and, where wanted, ``bgr`` of one JPEG, uint8 of any shape; None where it is damaged."""
        jpeg = data.tobytes()
        if not jpeg.startswith(_START):
            return None
        has_end = jpeg.rfind(_END) > jpeg.find(_SCAN) > 0
        if self._has_ends and not has_end:
            return None
        try:
            how = cv2.IMREAD_COLOR if self._colour else cv2.IMREAD_GRAYSCALE
            picture = cv2.imdecode(np.frombuffer(jpeg if has_end else jpeg + _END, np.uint8), how)
        except cv2.error:
            return None
        if picture is None:
            return None
        self._has_ends = self._has_ends or has_end
        return split_colours(picture, colour=self._colour)
