"""Pictures whose pixels are not square, as analogue recorders store them, made so: a face must be as wide as it is."""

import math
from typing import Any

import cv2
from numpy.typing import NDArray

_LONGEST = 4.0
"""A pixel that claims to be wider, or higher, than so many is not believed."""
_NEARLY = 0.02  # some encoders round; nobody sees it, and every picture would be stretched for it


_NARROWEST, _WIDEST = 0.45, 2.2
"""Beyond these, wider than 19.5:9 and narrower than 9:19.5, lies what analogue recorders store: 704 x 288, say."""


def looks_squeezed(width: int, height: int) -> bool:
    """Whether a picture has a shape that only pixels that are not square give it."""
    return not _NARROWEST <= width / height <= _WIDEST


class SquarePixels:
    """Stretches pictures until their pixels are square; never shrinks one, which would cost small faces.

    Args:
        aspect: width to height of the whole picture as it is to be seen; None to believe what the stream tells.
        max_pixels: a picture that would become larger is left as it is.
    """

    def __init__(self, aspect: float | None, max_pixels: int) -> None:
        self._aspect = aspect
        self._max_pixels = max_pixels
        self._declared = 1.0

    def declare(self, numerator: float, denominator: float) -> None:
        """The stream says that a pixel is ``numerator`` by ``denominator`` wide and high; 0 for nothing said."""
        ratio = numerator / denominator if numerator > 0 and denominator > 0 else 1.0
        self._declared = ratio if 1 / _LONGEST <= ratio <= _LONGEST else 1.0

    def size(self, width: int, height: int) -> tuple[int, int]:
        """(width, height), pixels, of a picture of that size once its pixels are square."""
        pixel = self._declared if self._aspect is None else self._aspect * height / width
        if not 1 / _LONGEST <= pixel <= _LONGEST or abs(math.log(pixel)) < _NEARLY:
            return width, height
        wide, high = (round(width * pixel), height) if pixel > 1 else (width, round(height / pixel))
        return (wide, high) if wide * high <= self._max_pixels else (width, height)

    def stretch(self, parts: dict[str, Any]) -> dict[str, Any]:
        """A `Frame`'s ``grey`` and ``bgr`` with square pixels; small colours may have any."""
        return {part: self._stretched(one) if part in {"grey", "bgr"} else one for part, one in parts.items()}

    def _stretched(self, picture: NDArray[Any]) -> NDArray[Any]:
        height, width = picture.shape[:2]
        size = self.size(width, height)
        return picture if size == (width, height) else cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)
